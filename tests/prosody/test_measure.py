"""Laws of the whole stage, sound in and measures out."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from speechlike import RATE, channel

from callvoice import prosody
from callvoice.types import Audio, ChannelMeasures, Conversation

AGENT = [(0.8, 3.3), (5.0, 8.2), (12.0, 15.5)]
CALLER = [(3.7, 4.6), (8.0, 11.4), (16.0, 17.2)]
SECONDS = 18.0


def voices(seconds: float = SECONDS, seed: int = 1) -> np.ndarray:
    """Two parties, ``[2, n]``, with an overlap at 8.0-8.2 s."""
    parties = channel(AGENT, seconds, seed=seed), channel(CALLER, seconds, seed=seed + 1)
    return np.array(parties)


def stage(
    samples: np.ndarray, rate_hz: int = RATE
) -> tuple[tuple[ChannelMeasures, ...], Conversation]:
    tracks = prosody.make_tracks(Audio(np.asarray(samples, np.float32), rate_hz))
    return prosody.measure(tracks, roles={"agent": 0, "caller": len(samples) - 1})


def same(a: ChannelMeasures, b: ChannelMeasures, *, share: float, st_: float = 0.05) -> None:
    """The measures that a line must not move, within a share of their size."""
    for name in ("speech_s", "voiced_s", "n_syllables", "f0_median_hz", "articulation_rate_syll_s"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), rel=share), name
    assert a.f0_spread_st == pytest.approx(b.f0_spread_st, abs=st_)


@pytest.mark.parametrize("gain_db", [-20, -6, 12])
def test_gain_moves_levels_alone(gain_db: float) -> None:
    plain, loud = (stage(voices() * 10 ** (db / 20))[0] for db in (0, gain_db))
    for a, b in zip(plain, loud, strict=True):
        same(a, b, share=0.01)
        assert b.speech_level_db - a.speech_level_db == pytest.approx(gain_db, abs=0.15)
        assert b.snr_db == pytest.approx(a.snr_db, abs=0.5)
        assert b.clarity.modulation_db == pytest.approx(a.clarity.modulation_db, abs=0.05)
        assert b.effort.level_depth_db == pytest.approx(a.effort.level_depth_db, abs=0.1)


@settings(max_examples=3, deadline=None)
@given(st.floats(-0.3, 0.3))
def test_a_constant_offset_moves_nothing(offset: float) -> None:
    for a, b in zip(stage(voices())[0], stage(voices() + np.float32(offset))[0], strict=True):
        same(a, b, share=0.01)
        assert a.speech_level_db == pytest.approx(b.speech_level_db, abs=0.1)


@settings(max_examples=4, deadline=None)
@given(st.integers(1, 700))
def test_a_shift_in_time_shifts(frames: int) -> None:
    x = voices()
    lead = np.array([c[: frames * 80] for c in voices(SECONDS, seed=1)[:, : int(0.5 * RATE)]])
    lead = np.tile(lead, (1, 1 + frames * 80 // lead.shape[1]))[:, : frames * 80]
    (plain, talk), (later, shifted) = stage(x), stage(np.concatenate([lead, x], axis=1))
    for a, b in zip(plain, later, strict=True):
        same(a, b, share=0.02)
        starts = [[t.start_s for t in c.turns] for c in (a, b)]
        assert np.subtract(starts[1], starts[0]) == pytest.approx(frames * 0.01, abs=0.031)
    assert len(talk.gaps) == len(shifted.gaps)
    assert len(talk.overlaps) == len(shifted.overlaps)


def test_swapping_channels_swaps_their_measures() -> None:
    (one, talk), (other, swapped) = stage(voices()), stage(voices()[::-1])
    for a, b in zip(one, other[::-1], strict=True):
        same(a, b, share=1e-6, st_=1e-6)
        assert (a.turns, a.windows, a.clarity, a.effort) == (
            b.turns,
            b.windows,
            b.clarity,
            b.effort,
        )
    assert [(g.start_s, g.from_channel) for g in talk.gaps] == [
        (g.start_s, 1 - g.from_channel) for g in swapped.gaps
    ]
    assert [o.start_s for o in talk.overlaps] == [o.start_s for o in swapped.overlaps]


def test_twice_the_sampling_rate_says_the_same() -> None:
    wide = np.array([soxr.resample(c, RATE, 2 * RATE) for c in voices()])
    for a, b in zip(stage(voices())[0], stage(wide, 2 * RATE)[0], strict=True):
        same(a, b, share=0.04, st_=0.1)
        assert a.speech_level_db == pytest.approx(b.speech_level_db, abs=0.3)
        assert a.clarity.modulation_db == pytest.approx(b.clarity.modulation_db, abs=0.2)
        assert a.clarity.spectral_change_db == pytest.approx(b.clarity.spectral_change_db, abs=0.2)


def test_joining_recordings_adds_their_counts() -> None:
    parts = [voices(seed=1), voices(seed=5)]
    joined, talk = stage(np.concatenate(parts, axis=1))
    apart = [stage(p) for p in parts]
    for n, channel_ in enumerate(joined):
        for name in ("speech_s", "voiced_s", "n_syllables"):
            total = sum(getattr(a[0][n], name) for a in apart)
            assert getattr(channel_, name) == pytest.approx(total, rel=0.03), name
        assert len(channel_.pauses) == sum(len(a[0][n].pauses) for a in apart)
    assert len(talk.overlaps) == sum(len(a[1].overlaps) for a in apart)


def test_known_turns_and_gaps_are_found() -> None:
    channels, talk = stage(voices())
    for found, truth in zip(channels, (AGENT, CALLER), strict=True):
        assert [(t.start_s, t.end_s) for t in found.turns] == [
            pytest.approx(span, abs=0.06) for span in truth
        ]
    assert [g.end_s - g.start_s for g in talk.gaps] == pytest.approx([0.4, 0.4, 0.6, 0.5], abs=0.08)
    assert [(o.start_s, o.end_s) for o in talk.overlaps] == [pytest.approx((8.0, 8.2), abs=0.06)]
    assert [c.role for c in channels] == ["agent", "caller"]


@pytest.mark.parametrize("n", [0, 1, 2, 79, 80, 81, 2400])
@pytest.mark.parametrize("value", [0.0, 1.0, -1e30])
def test_next_to_nothing_has_no_speech(n: int, value: float) -> None:
    channels, talk = stage(np.full((2, n), value, np.float32))
    assert [c.speech_s for c in channels] == [0, 0]
    assert (talk.gaps, talk.overlaps) == ((), ())


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 2), st.integers(0, 4000)),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    ),
    st.sampled_from([4000, 8000, 11025, 16000, 48000]),
)
def test_no_finite_sound_breaks_it(samples: np.ndarray, rate_hz: int) -> None:
    channels, _ = stage(samples, rate_hz)
    for found in channels:
        assert 0 <= found.speech_s <= samples.shape[1] / rate_hz + 0.02
        assert 0 <= found.clipped_share <= 1
        assert found.voiced_s <= found.speech_s + 1e-6


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-60, 60))
def test_noise_of_any_strength_breaks_nothing(seed: int, db: float) -> None:
    rng = np.random.default_rng(seed)
    samples = rng.standard_normal((2, rng.integers(1, 3 * RATE))) * 10 ** (db / 20)
    channels, _ = stage(samples * rng.choice([0, 1, 1], size=samples.shape))
    assert all(np.isfinite(c.hum_db) for c in channels)
