"""Clarity falls when speech is smeared and stays when the line changes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from callvoice.prosody.clarity import Clarity, clarity, syllable_reduction
from callvoice.prosody.syllables import band_energies

RATE_HZ = 8000


def babble(smear_s: float = 0.0, centre: float = 0.0, *, seconds: float = 8) -> np.ndarray:
    """Noise in nine bands that swing on their own, about five times a second.

    ``smear_s`` smooths the swings, ``centre`` (0…1) draws the bands towards their common level.
    """
    rng = np.random.default_rng(1)
    n = round(seconds * RATE_HZ)
    control = ndimage.gaussian_filter1d(rng.standard_normal((9, round(seconds * 100))), 3, axis=1)
    swing = 12 * control / control.std()
    swing = (1 - centre) * swing + centre * swing.mean(axis=0)
    if smear_s:
        swing = ndimage.gaussian_filter1d(swing, smear_s * 100, axis=1)
    edges = np.geomspace(300, 3400, 10)
    noise, hz = np.fft.rfft(rng.standard_normal(n)), np.fft.rfftfreq(n, 1 / RATE_HZ)
    bands = [np.fft.irfft(noise * ((hz >= a) & (hz < b)), n) for a, b in pairwise(edges)]
    at = np.arange(n) / RATE_HZ * 100
    gains = [10 ** (np.interp(at, np.arange(len(s)), s) / 20) for s in swing]
    return 0.05 * np.sum([g * b for g, b in zip(gains, bands, strict=True)], axis=0)


def measured(signal: np.ndarray) -> Clarity:
    energies = band_energies(signal, rate_hz=RATE_HZ)
    found = clarity(energies, speech=np.ones(len(energies), dtype=bool))
    assert found is not None
    return found


def test_modulation_falls_with_every_dose_of_smearing() -> None:
    dose = [measured(babble(s)).modulation_db for s in (0, 0.03, 0.06, 0.12)]
    assert np.all(np.diff(dose) < 0)
    assert dose[-1] < 0.7 * dose[0]


def test_spectral_change_falls_with_every_dose_of_centralising() -> None:
    dose = [measured(babble(centre=c)).spectral_change_db for c in (0, 0.25, 0.5, 0.75)]
    assert np.all(np.diff(dose) < 0)
    assert dose[-1] < 0.75 * dose[0]


@pytest.mark.parametrize("gain", [1e-3, 0.2, 10.0])
def test_gain_cancels(gain: float) -> None:
    before, after = measured(babble()), measured(gain * babble())
    assert after.modulation_db == pytest.approx(before.modulation_db, rel=1e-3)
    assert after.spectral_change_db == pytest.approx(before.spectral_change_db, rel=1e-3)


def test_a_tilted_line_changes_less_than_a_small_smear() -> None:
    plain, tilted = measured(babble()), measured(np.diff(babble(), prepend=0.0))
    smeared = measured(babble(0.03))
    moved, lost = (abs(m.modulation_db - plain.modulation_db) for m in (tilted, smeared))
    assert moved < lost


def test_time_order_does_not_matter() -> None:
    forth, back = measured(babble()), measured(babble()[::-1])
    assert back.modulation_db == pytest.approx(forth.modulation_db, rel=0.02)
    assert back.spectral_change_db == pytest.approx(forth.spectral_change_db, rel=0.02)


def test_too_little_speech_gives_no_measure() -> None:
    energies = band_energies(babble(), rate_hz=RATE_HZ)
    assert clarity(energies, speech=np.zeros(len(energies), dtype=bool)) is None
    assert clarity(np.zeros_like(energies), speech=np.ones(len(energies), dtype=bool)) is None


def test_reduction_is_a_share_of_the_words_syllables() -> None:
    assert syllable_reduction(6, 8) == 0.75
    assert syllable_reduction(6, 0) is None


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.integers(0, 6000),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
def test_any_finite_signal_is_measured(signal: np.ndarray) -> None:
    energies = band_energies(signal, rate_hz=RATE_HZ)
    found = clarity(energies, speech=np.ones(len(energies), dtype=bool))
    if found is not None:
        assert 0 <= found.modulation_db < 100
        assert 0 <= found.spectral_change_db < 100


@pytest.mark.shared
@pytest.mark.parametrize("style", ["drunk", "sleepy"])
def test_slurred_reading_is_less_clear_than_neutral_reading(style: str) -> None:
    from conftest import SHARED

    neutral, slurred = (_read(SHARED / "thorsten" / f"{s}.flac") for s in ("neutral", style))
    assert slurred.modulation_db < neutral.modulation_db
    assert slurred.spectral_change_db < neutral.spectral_change_db


def _read(path) -> Clarity:
    signal, rate_hz = soundfile.read(path, dtype="float32")
    energies = band_energies(signal, rate_hz=rate_hz)
    speech = energies.sum(axis=1) > 3e-3 * np.quantile(energies.sum(axis=1), 0.95)
    found = clarity(energies, speech=ndimage.binary_closing(speech, np.ones(25)))
    assert found is not None
    return found
