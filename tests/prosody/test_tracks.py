"""Frame arrays of whole recordings: pieces against the whole, kinds of samples, what is kept."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from speechlike import RATE, channel

from callvoice import prosody
from callvoice.prosody.activity import find_speech
from callvoice.prosody.frames import n_frames
from callvoice.prosody.pitch import track_pitch
from callvoice.prosody.sound import as_sound
from callvoice.prosody.tracks import TrackOptions, make_tracks
from callvoice.types import Audio, Track


@cache
def call(minutes: float = 3.0) -> Audio:
    """Two parties in turn, each with its own noise."""
    rng = np.random.default_rng(7)
    spans: tuple[list[tuple[float, float]], ...] = ([], [])
    time, who = 1.0, 0
    while time < 60 * minutes - 6:
        length = rng.uniform(1, 5)
        spans[who].append((time, time + length))
        time, who = time + length + rng.uniform(0.2, 1.5), 1 - who
    parties = [
        channel(part, 60 * minutes, noise_db=db, seed=k)
        for k, (part, db) in enumerate(zip(spans, (-65, -50), strict=True))
    ]
    return Audio(np.array(parties), RATE)


@cache
def whole() -> tuple[Track, ...]:
    return make_tracks(call())


@pytest.mark.parametrize("piece_s", [15.0, 40.0])
def test_pieces_make_the_whole(piece_s: float) -> None:
    parts = make_tracks(call(), TrackOptions(piece_s=piece_s))
    for part, one in zip(parts, whole(), strict=True):
        np.testing.assert_array_equal(part.level_db, one.level_db)
        assert (part.speech != one.speech).mean() < 0.005
        a, b = part.f0_hz, one.f0_hz
        assert (np.isfinite(a) != np.isfinite(b)).mean() < 0.005
        both = np.isfinite(a) & np.isfinite(b)
        assert (np.abs(np.log2(a[both] / b[both])) < 0.01).mean() > 0.995
        np.testing.assert_allclose(part.energies, one.energies, rtol=1e-3, atol=1e-3)
        assert len(part.nuclei_s) == pytest.approx(len(one.nuclei_s), rel=0.01)
        assert part.density.sum() == pytest.approx(one.density.sum(), rel=0.01)
        assert part.speech_level_db == pytest.approx(one.speech_level_db, abs=0.05)
        assert part.noise_floor_db == pytest.approx(one.noise_floor_db, abs=0.05)


def test_integers_say_the_same_as_floats() -> None:
    audio = call()
    short = np.rint(audio.samples * 32768).astype(np.int16)
    for a, b in zip(make_tracks(Audio(short, RATE)), whole(), strict=True):
        assert (a.speech != b.speech).mean() < 0.002
        assert a.speech_level_db == pytest.approx(b.speech_level_db, abs=0.02)
        assert len(a.nuclei_s) == pytest.approx(len(b.nuclei_s), rel=0.01)


def test_frames_that_are_passed_over_would_not_have_been_speech() -> None:
    for samples, track in zip(call().samples, whole(), strict=True):
        pitch = track_pitch(samples, rate_hz=RATE)
        found = find_speech(samples, rate_hz=RATE, f0_hz=pitch.f0_hz, strength=pitch.strength)
        assert (found.speech != track.speech).mean() < 0.005
        both = np.isfinite(pitch.f0_hz) & np.isfinite(track.f0_hz)
        assert both.sum() > 0.98 * np.isfinite(pitch.f0_hz[track.speech]).sum()
        assert (np.abs(np.log2(pitch.f0_hz[both] / track.f0_hz[both])) < 0.01).mean() > 0.98


@pytest.mark.parametrize("rate_hz", [4000, 8000, 11025, 16000, 22050, 44100])
def test_every_rate_has_the_same_clock(rate_hz: int) -> None:
    x = channel([(1.0, 2.5), (3.2, 4.0)], 5)
    resampled = np.interp(np.arange(5 * rate_hz) * RATE / rate_hz, np.arange(x.size), x)
    (track,) = make_tracks(Audio(resampled.astype(np.float32)[None], rate_hz))
    count = n_frames(5 * rate_hz, rate_hz=rate_hz)
    frame_arrays = (track.f0_hz, track.strength, track.level_db, track.speech, track.density)
    assert {len(a) for a in (*frame_arrays, track.energies)} == {count}
    found = [(i.start_s, i.end_s) for i in prosody.speech_intervals(track)]
    assert found == [pytest.approx(s, abs=0.06) for s in [(1.0, 2.5), (3.2, 4.0)]]
    assert ((track.nuclei_s > 0.95) & (track.nuclei_s < 4.05)).all()
    assert 110 < np.nanmedian(track.f0_hz) < 160


def test_frame_arrays_are_single_precision() -> None:
    track = whole()[0]
    arrays = (track.f0_hz, track.strength, track.level_db, track.density, track.energies)
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_f0_is_given_in_speech_alone() -> None:
    for track in whole():
        assert not np.isfinite(track.f0_hz[~track.speech]).any()
        assert np.isfinite(track.f0_hz[track.speech]).mean() > 0.5


def test_a_piece_of_sound_is_the_same_wherever_it_is_cut() -> None:
    x = call(1.0).samples[0] + np.float32(0.2)
    sound = as_sound(x, RATE)
    assert sound.piece(-5, 3)[:5].tolist() == [0] * 5
    np.testing.assert_allclose(sound.piece(100, 200), x[100:200] - x.mean(), atol=1e-6)
    assert sound.piece(x.size - 2, x.size + 4)[2:].tolist() == [0] * 4
    assert sound.piece(x.size + 10, x.size + 12).tolist() == [0, 0]
    joined = np.concatenate([p[7:-7] for p in sound.pieces(margin=7)])
    np.testing.assert_allclose(joined, x - x.mean(), atol=1e-6)
