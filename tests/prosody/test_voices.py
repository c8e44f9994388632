"""One voice's frames are its own: together they are the channel's, and nothing is in two."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callvoice.prosody.voices import of_voice
from callvoice.types import Interval, Track

HOP_S = 0.01
N = 600


@pytest.fixture(scope="module")
def track() -> Track:
    """Runs of speech, voiced for two thirds, with a nucleus every fifth of a second."""
    rng = np.random.default_rng(3)
    speech = np.repeat(rng.random(N // 30) < 0.7, 30)
    voiced = speech & (rng.random(N) < 0.66)
    nuclei = np.flatnonzero(speech)[::20]
    return Track(
        hop_s=HOP_S,
        f0_hz=np.where(voiced, rng.uniform(80, 300, N), np.nan).astype(np.float32),
        strength=rng.random(N).astype(np.float32),
        level_db=rng.uniform(-60, -10, N).astype(np.float32),
        speech=speech,
        density=np.where(speech, rng.random(N), 0).astype(np.float32),
        energies=rng.random((N, 3)),
        nuclei_s=nuclei * HOP_S,
        noise_floor_db=-55.0,
        speech_level_db=-20.0,
    )


def spans(borders: list[int]) -> tuple[list[Interval], list[Interval]]:
    """The whole track, cut between frames, dealt out to two voices in turn."""
    edges = [0, *sorted(set(borders)), N]
    # Speech starts and ends half a hop before and after its frames' centres.
    cut = [Interval(max((a - 0.5) * HOP_S, 0.0), (b - 0.5) * HOP_S) for a, b in pairwise(edges)]
    return cut[::2], cut[1::2]


BORDERS = st.lists(st.integers(1, N - 1), max_size=12)


@settings(deadline=None)
@given(borders=BORDERS)
def test_two_voices_share_out_the_channel(track: Track, borders: list[int]) -> None:
    one, other = (of_voice(track, voice) for voice in spans(borders))
    assert not (one.speech & other.speech).any()
    assert np.array_equal(one.speech | other.speech, track.speech)
    assert np.array_equal(np.sort([*one.nuclei_s, *other.nuclei_s]), track.nuclei_s)
    assert np.allclose(one.density + other.density, track.density)


@settings(deadline=None)
@given(borders=BORDERS)
def test_outside_its_speech_a_voice_has_no_pitch_and_no_syllables(
    track: Track, borders: list[int]
) -> None:
    for voice in spans(borders):
        own = of_voice(track, voice)
        assert np.isnan(own.f0_hz[~own.speech]).all()
        assert np.array_equal(own.f0_hz[own.speech], track.f0_hz[own.speech], equal_nan=True)
        assert not own.density[~own.speech].any()
        assert own.speech[np.rint(own.nuclei_s / HOP_S).astype(int)].all()


@settings(deadline=None)
@given(borders=BORDERS, doubtful=st.tuples(st.integers(0, N), st.integers(0, N)))
def test_what_is_left_out_belongs_to_nobody(
    track: Track, borders: list[int], doubtful: tuple[int, int]
) -> None:
    first, last = sorted(doubtful)
    without = [Interval(max((first - 0.5) * HOP_S, 0.0), max((last - 0.5) * HOP_S, 0.0))]
    left = np.zeros(N, dtype=bool)
    left[first:last] = True
    one, other = (of_voice(track, voice, without=without) for voice in spans(borders))
    assert np.array_equal(one.speech | other.speech, track.speech & ~left)


def test_the_line_is_the_channels(track: Track) -> None:
    own = of_voice(track, [Interval(1.0, 2.0)])
    assert (own.hop_s, own.noise_floor_db, own.speech_level_db) == (HOP_S, -55.0, -20.0)
    assert own.level_db is track.level_db
    assert own.energies is track.energies


def test_a_voice_that_never_speaks(track: Track) -> None:
    own = of_voice(track, [])
    assert not own.speech.any()
    assert np.isnan(own.f0_hz).all()
    assert own.nuclei_s.size == 0


def test_the_channel_itself_stays_as_it_was(track: Track) -> None:
    before = track.speech.copy(), track.f0_hz.copy(), track.nuclei_s.copy()
    of_voice(track, [Interval(0.0, 1.0)])
    assert np.array_equal(track.speech, before[0])
    assert np.array_equal(track.f0_hz, before[1], equal_nan=True)
    assert np.array_equal(track.nuclei_s, before[2])


def test_speech_that_ends_after_the_last_frame(track: Track) -> None:
    own = of_voice(track, [Interval(0.0, N * HOP_S + 0.3)])
    assert np.array_equal(own.speech, track.speech)
