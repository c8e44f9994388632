"""Vocal effort: slopes and swings that were put in come out, and the line's gain does not."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import signal as dsp

from callvoice.prosody.effort import Effort, vocal_effort
from callvoice.prosody.pitch import track_pitch
from callvoice.prosody.syllables import band_energies

RATE_HZ = 8000


def voice(slope_db_oct: float, *, seconds: float = 4, swing_db: float = 0) -> np.ndarray:
    """Noise whose density falls by ``slope_db_oct``; its level swings five times a second."""
    n = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(n))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(n, 1 / RATE_HZ), 50) / 1000)
    swing = swing_db / 2 * np.cos(2 * np.pi * 5 * np.arange(n) / RATE_HZ)
    return (
        0.1 * 10 ** (swing / 20) * np.fft.irfft(spectrum * 10 ** (slope_db_oct * octaves / 20), n)
    )


def effort(signal: np.ndarray) -> Effort:
    energies = band_energies(signal, rate_hz=RATE_HZ)
    found = vocal_effort(energies, voiced=np.ones(len(energies), dtype=bool))
    assert found is not None
    return found


@pytest.mark.parametrize("change", [-6, -3, 3])
def test_a_change_of_slope_is_measured_in_db_per_octave(change: float) -> None:
    before, after = effort(voice(-6)), effort(voice(-6 + change))
    moved = after.spectral_slope_db_oct - before.spectral_slope_db_oct
    assert moved == pytest.approx(change, abs=0.3)
    assert np.sign(after.spectral_balance_db - before.spectral_balance_db) == np.sign(change)


@pytest.mark.parametrize("swing_db", [6, 12, 18])
def test_depth_and_rise_follow_the_swing_of_level(swing_db: float) -> None:
    found = effort(voice(-6, swing_db=swing_db))
    steady = effort(voice(-6))
    # A sine spends a tenth of its time beyond 95 % of its swing, at either end.
    assert found.level_depth_db == pytest.approx(0.95 * swing_db * 0.9, rel=0.25)
    assert found.level_rise_db_s > steady.level_rise_db_s
    assert found.level_rise_db_s == pytest.approx(np.pi * 5 * swing_db, rel=0.4)


@pytest.mark.parametrize("gain", [1e-3, 0.1, 5.0])
def test_gain_and_offset_cancel(gain: float) -> None:
    signal = voice(-6, swing_db=12)
    before, after = effort(signal), effort(gain * signal + 0.01)
    for name in ("spectral_slope_db_oct", "spectral_balance_db", "level_depth_db"):
        assert getattr(after, name) == pytest.approx(getattr(before, name), abs=0.05)


def test_slow_gain_control_changes_little() -> None:
    signal = voice(-6, seconds=20, swing_db=12)
    fade_db = 10 * np.sin(2 * np.pi * np.arange(len(signal)) / RATE_HZ / 10)
    before, after = effort(signal), effort(signal * 10 ** (fade_db / 20))
    assert after.spectral_slope_db_oct == pytest.approx(before.spectral_slope_db_oct, abs=0.1)
    assert after.level_rise_db_s == pytest.approx(before.level_rise_db_s, rel=0.1)


def test_only_voiced_frames_count() -> None:
    signal = np.concatenate([voice(-9), voice(0)])
    energies = band_energies(signal, rate_hz=RATE_HZ)
    voiced = np.arange(len(energies)) < 395
    found = vocal_effort(energies, voiced=voiced)
    assert found is not None
    alone = effort(voice(-9)).spectral_slope_db_oct
    assert found.spectral_slope_db_oct == pytest.approx(alone, abs=0.2)
    assert found.voiced_s == pytest.approx(3.95)


def test_too_little_voice_gives_no_measure() -> None:
    energies = band_energies(voice(-6), rate_hz=RATE_HZ)
    assert vocal_effort(energies, voiced=np.zeros(len(energies), dtype=bool)) is None
    assert vocal_effort(np.zeros_like(energies), voiced=np.ones(len(energies), dtype=bool)) is None


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.integers(0, 4000),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
def test_any_finite_signal_gives_finite_measures_or_none(signal: np.ndarray) -> None:
    energies = band_energies(signal, rate_hz=RATE_HZ)
    found = vocal_effort(energies, voiced=np.ones(len(energies), dtype=bool))
    if found is not None:
        assert np.isfinite([found.spectral_slope_db_oct, found.spectral_balance_db]).all()
        assert np.isfinite(found.level_rise_db_s)
        assert found.level_depth_db >= 0


@pytest.mark.shared
def test_angry_and_happy_sentences_take_more_effort_than_bored_and_sad_ones() -> None:
    from conftest import SHARED

    files = sorted((SHARED / "emodb").glob("08*.flac"))
    lively, toneless = ([_slope(p) for p in files if p.stem[5] in e] for e in ("FW", "LT"))
    greater = np.greater.outer(lively, toneless).mean()
    assert greater >= 0.95


def _slope(path) -> float:
    """Spectral slope through a telephone's band."""
    signal, rate_hz = soundfile.read(path, dtype="float32")
    band = dsp.butter(6, [300, 3400], "bandpass", fs=8000, output="sos")
    signal = dsp.sosfilt(band, dsp.resample_poly(signal, 8000, rate_hz))
    voiced = np.isfinite(track_pitch(signal, rate_hz=8000).f0_hz)
    found = vocal_effort(band_energies(signal, rate_hz=8000), voiced=voiced)
    assert found is not None
    return found.spectral_slope_db_oct
