"""Nuclei and rates: known syllable trains, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import signal as dsp

from callvoice.prosody.pitch import track_pitch
from callvoice.prosody.syllables import (
    EDGES_HZ,
    articulation_rate_syll_s,
    band_energies,
    corrected_rate_syll_s,
    find_syllables,
    rate_slope_syll_s_min,
    run_lengths,
    syllable_nuclei,
)
from callvoice.types import Interval

RATE_HZ = 8000


def train(rate_syll_s: float, n: int, *, rate_hz: int = RATE_HZ, f0_hz: float = 120) -> np.ndarray:
    """``n`` syllables of a harmonic sound whose level swings by 20 dB, silence around them."""
    time_s = np.arange(round(n / rate_syll_s * rate_hz)) / rate_hz
    voice = sum(np.sin(2 * np.pi * f0_hz * k * time_s + k * k) for k in range(1, int(3400 / f0_hz)))
    swing = 10 ** ((np.cos(2 * np.pi * (rate_syll_s * time_s - 0.5)) - 1) / 2)
    quiet = np.zeros(rate_hz // 2)
    return np.concatenate([quiet, 0.02 * swing * voice, quiet]).astype(np.float32)


def nuclei(signal: np.ndarray, rate_hz: int = RATE_HZ) -> np.ndarray:
    strength = track_pitch(signal, rate_hz=rate_hz).strength
    return syllable_nuclei(signal, rate_hz=rate_hz, strength=strength)


@pytest.mark.parametrize("rate_syll_s", [2, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("f0_hz", [90, 120, 220])
def test_a_known_train_is_counted_and_placed(rate_syll_s: int, f0_hz: float) -> None:
    found = nuclei(train(rate_syll_s, 18, f0_hz=f0_hz))
    truth = 0.5 + (np.arange(18) + 0.5) / rate_syll_s
    assert len(found) == 18
    assert np.abs(found - truth).max() < 0.025


def test_all_detectors_agree_on_a_clear_train() -> None:
    signal = train(5, 20)
    density = find_syllables(band_energies(signal, rate_hz=RATE_HZ)).density
    assert density.sum() == pytest.approx(20, abs=0.5)
    assert 0 <= density.min() <= density.max() <= 1


@pytest.mark.parametrize("gain", [1e-3, 0.1, 8.0])
def test_gain_changes_nothing(gain: float) -> None:
    signal = train(5, 15)
    assert np.array_equal(nuclei(signal), nuclei(np.float32(gain) * signal))


@pytest.mark.parametrize("offset", [-0.4, 0.05])
def test_a_constant_offset_moves_nothing_by_more_than_a_frame(offset: float) -> None:
    signal = train(5, 15)
    shifted = nuclei(signal + np.float32(offset))
    assert np.abs(shifted - nuclei(signal)).max() <= 0.011


@pytest.mark.parametrize("frames", [1, 37, 250])
def test_a_shift_in_time_shifts_the_nuclei(frames: int) -> None:
    signal = train(5, 15)
    later = nuclei(np.concatenate([np.zeros(frames * 80, np.float32), signal]))
    assert np.abs(later - nuclei(signal) - frames * 0.010).max() <= 0.011


def test_joining_recordings_adds_counts() -> None:
    slow, fast = train(3, 9), train(7, 21)
    joined = nuclei(np.concatenate([slow, fast]))
    assert len(joined) == len(nuclei(slow)) + len(nuclei(fast))


@pytest.mark.parametrize("rate_hz", [11025, 16000, 22050, 44100, 48000])
def test_the_sampling_rate_hardly_matters(rate_hz: int) -> None:
    found = nuclei(train(6, 18, rate_hz=rate_hz), rate_hz)
    assert np.abs(found - nuclei(train(6, 18))).max() <= 0.011


def test_nothing_is_found_outside_speech() -> None:
    signal = train(5, 20)
    speech = np.zeros(1 + len(signal) // 80, dtype=bool)
    speech[50:250] = True
    found = syllable_nuclei(signal, rate_hz=RATE_HZ, speech=speech)
    assert len(found) == 10
    assert found.min() >= 0.5
    assert found.max() < 2.5
    assert len(syllable_nuclei(signal, rate_hz=RATE_HZ, speech=np.zeros_like(speech))) == 0


def test_periodicity_parts_two_vowels_that_one_level_joins() -> None:
    signal = train(5, 20)
    level = np.full(len(signal), 0.1) * np.sin(np.arange(len(signal)))
    strength = 0.6 + 0.4 * np.cos(2 * np.pi * 5 * np.arange(1 + len(signal) // 80) * 0.010)
    flat = syllable_nuclei(level, rate_hz=RATE_HZ)
    parted = syllable_nuclei(level, rate_hz=RATE_HZ, strength=strength)
    assert len(flat) < 3
    assert len(parted) == pytest.approx(5 * len(signal) / RATE_HZ, abs=2)


def test_f0_stands_in_for_periodicity() -> None:
    signal = train(5, 20)
    f0_hz = track_pitch(signal, rate_hz=RATE_HZ).f0_hz
    by_f0 = syllable_nuclei(signal, rate_hz=RATE_HZ, f0_hz=f0_hz)
    by_strength = syllable_nuclei(
        signal, rate_hz=RATE_HZ, strength=np.isfinite(f0_hz).astype(float)
    )
    assert np.array_equal(by_f0, by_strength)


@pytest.mark.parametrize("hz", [350, 700, 1000, 1700, 3000])
def test_energy_lands_in_the_band_of_its_frequency(hz: float) -> None:
    tone = np.sin(2 * np.pi * hz * np.arange(RATE_HZ) / RATE_HZ)
    energies = band_energies(tone, rate_hz=RATE_HZ)
    band = np.searchsorted(EDGES_HZ, hz, side="right") - 1
    assert energies.shape == (101, len(EDGES_HZ) - 1)
    assert (energies[10:90].argmax(axis=1) == band).all()


def test_band_energies_refuses_what_it_cannot_measure() -> None:
    with pytest.raises(ValueError, match="1 dimension"):
        band_energies(np.zeros((2, 100)), rate_hz=RATE_HZ)
    with pytest.raises(ValueError, match="cannot hold"):
        band_energies(np.zeros(100), rate_hz=6000)


def test_rates() -> None:
    assert articulation_rate_syll_s(12, 2.0) == 6
    assert articulation_rate_syll_s(0, 2.0) == 0
    assert articulation_rate_syll_s(0, 0.0) is None


@given(st.floats(0, 30))
def test_the_correction_raises_a_rate_and_stays_bounded(observed: float) -> None:
    corrected = corrected_rate_syll_s(observed)
    assert min(observed, 16) <= corrected < 25
    assert corrected <= corrected_rate_syll_s(observed + 1)


def test_the_slope_of_a_rate_is_per_minute_and_weighted() -> None:
    times = np.array([5.0, 15, 25, 35])
    rates = np.array([5.0, 5.1, np.nan, 5.3])
    speech = np.array([8.0, 8, 0, 8])
    assert rate_slope_syll_s_min(times, rates, speech) == pytest.approx(0.6)
    assert rate_slope_syll_s_min(times, rates, np.array([8.0, 8, 8, 0])) is None
    assert rate_slope_syll_s_min(np.full(4, 5.0), np.full(4, 5.0), np.ones(4)) is None


def test_runs_count_the_nuclei_between_pauses() -> None:
    runs = [Interval(0.0, 1.0), Interval(1.5, 2.0), Interval(3.0, 4.0)]
    assert run_lengths(np.array([0.2, 0.6, 1.7, 2.4]), runs).tolist() == [2, 1, 0]
    assert run_lengths(np.array([]), runs).tolist() == [0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.integers(0, 3000),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    ),
    st.sampled_from([8000, 11025, 16000]),
)
def test_any_finite_signal_has_nuclei_inside_it(signal: np.ndarray, rate_hz: int) -> None:
    found = syllable_nuclei(signal, rate_hz=rate_hz)
    assert np.all(np.diff(found) > 0)
    assert np.all((found >= 0) & (found <= len(signal) / rate_hz))


@pytest.mark.shared
@pytest.mark.parametrize("telephone", [False, True])
def test_rates_follow_labelled_syllables(telephone: bool) -> None:
    from conftest import SHARED

    rates = np.array(
        [_rates(p, telephone) for p in sorted((SHARED / "emodb").glob("0[38]a*.flac"))]
    )
    assert np.corrcoef(rates.T)[0, 1] > 0.70
    assert np.abs(rates[:, 0] - rates[:, 1]).mean() < 0.65


def _rates(path, telephone: bool) -> tuple[float, float]:
    """Labelled and measured articulation rate over one sentence, pauses as labelled."""
    label = [line.split() for line in path.with_suffix(".silb").read_text("latin1").splitlines()]
    times, names = np.array([float(x[0]) for x in label]), [x[1] for x in label]
    spoken = np.array([name not in {".", "("} for name in names[:-1]])
    speech_s = float(np.diff(times)[spoken].sum())
    signal, rate_hz = soundfile.read(path, dtype="float32")
    if telephone:
        signal, rate_hz = dsp.resample_poly(signal, 1, 2), 8000
        band = dsp.butter(6, [300, 3400], "bandpass", fs=rate_hz, output="sos")
        signal = dsp.sosfilt(band, signal)
    strength = track_pitch(signal, rate_hz=rate_hz).strength
    density = find_syllables(band_energies(signal, rate_hz=rate_hz), strength=strength).density
    inside = slice(round(times[0] * 100), round(times[-1] * 100))
    return spoken.sum() / speech_s, corrected_rate_syll_s(density[inside].sum() / speech_s)
