"""librosa, written by others, as a second opinion on the same sound."""

from __future__ import annotations

import librosa
import numpy as np
from conftest import SAMPLES

from callvoice.ingest.decode import load
from callvoice.prosody.level import level_db
from callvoice.prosody.pitch import track_pitch

RATE_HZ = 8000
HOP = 80


def glide() -> np.ndarray:
    """Four harmonics that glide from 110 to 220 Hz in three seconds."""
    f0_hz = np.geomspace(110, 220, 3 * RATE_HZ)
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    return sum(np.sin(k * phase) / k for k in range(1, 5)).astype(np.float32) * 0.1


def test_level_is_rms_on_the_same_frames() -> None:
    sound = load(SAMPLES / "musterhaft.flac")[0].channel(0)
    ours = level_db(sound, rate_hz=RATE_HZ)
    rms = librosa.feature.rms(y=sound, frame_length=2 * HOP, hop_length=HOP, center=True)[0]
    theirs = librosa.amplitude_to_db(rms, ref=1.0, amin=1e-6, top_db=None)
    loud = theirs > -50
    assert len(ours) == len(theirs)
    assert np.median(np.abs(ours - theirs)[loud]) < 1.0


def test_pitch_of_a_glide_agrees_within_a_tenth_of_a_semitone() -> None:
    sound = glide()
    ours = track_pitch(sound, rate_hz=RATE_HZ).f0_hz
    theirs = librosa.yin(
        sound, fmin=60, fmax=500, sr=RATE_HZ, frame_length=1024, hop_length=HOP, center=True
    )
    inner = slice(20, -20)
    semitones = 12 * np.log2(ours[inner] / theirs[inner])
    assert np.isfinite(semitones).all()
    assert np.median(np.abs(semitones)) < 0.1
