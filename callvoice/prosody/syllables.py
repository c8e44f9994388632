"""Syllable nuclei and the rates made from them.

Definition: a nucleus is where a syllable is loudest and most periodic. The contour searched is the
level in dB plus a bonus for periodicity, so that nasals and voiced plosives between two vowels
still dip. Its peaks are the nuclei. The level is that of the first formant's band, and once the
sum of the amplitudes of all bands, in which the weak upper formants count as well.

One contour misses or invents some syllables, and which ones depends on how it was smoothed. So
the density averages twelve of them (four levels, three smoothings): its sum is the expected number
of peaks, a steadier count than any single list. Syllables that are reduced or follow each other
closely fall together, the more of them the faster the speech; :func:`corrected_rate_syll_s` undoes
that as one does for any counter with a dead time τ: n / (1 - n τ). In clear syllables with full
dips nothing falls together, and the uncorrected rate is the right one.

Conventions: frame ``i`` is centred at ``i * 0.010`` s; gain and constant offset do not matter;
nothing outside 300-3400 Hz is used, so line and sampling rate hardly do. Rates are in syllables per
second of speech, pauses removed; counts are kept and divided last; an undefined rate is None.

Tried and rejected, figures in ``benchmarks/prosody_rate.py``: fitted models, which learn their
sentences by heart; dips weighed by depth; smoothing that follows the rate; less spectral change.

Source: intensity peaks as nuclei after Mermelstein 1975, JASA 58, 880-883, and de Jong and Wempe
2009, Behavior Research Methods 41, 385-390.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from callvoice.prosody.frames import HOP_S, centred_frames, n_frames
from callvoice.prosody.peaks import prominent_peaks
from callvoice.prosody.smoothing import filtered, gaussians
from callvoice.types import BoolArray, FloatArray, Interval

EDGES_HZ = (300, 450, 600, 900, 1200, 1500, 1900, 2350, 2850, 3400)
RATE_HZ = 8000
_WINDOW = 240
_CHUNK_FRAMES = 256  # keeps the transform in the cache
_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)
_BAND_OF_BIN = np.digitize(np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ), EDGES_HZ)
_BANDS = np.equal.outer(_BAND_OF_BIN.repeat(2), np.arange(1, len(EDGES_HZ))).astype(np.float32)


@dataclass(frozen=True)
class SyllableOptions:
    """How nuclei are found.

    ``high_hz``, some of ``EDGES_HZ``, end the bands that begin at 300 Hz; a level over all bands
    follows them; ``smoothing_s`` are standard deviations of Gaussians; ``nuclei_detector`` says
    which level and which of the ``smoothing_s`` give the list of nuclei. ``periodicity_db`` times
    the square root of periodicity is added; ``dip_db`` is the least dip beside a peak,
    ``floor_db`` how far below loud speech a peak may lie; ``dead_time_s`` corrects rates.
    """

    high_hz: tuple[float, ...] = (450.0, 600.0, 1200.0)
    smoothing_s: tuple[float, ...] = (0.015, 0.020, 0.025)
    nuclei_detector: tuple[int, int] = (2, 1)
    periodicity_db: float = 20.0
    dip_db: float = 0.5
    floor_db: float = 25.0
    dead_time_s: float = 0.018


@dataclass(frozen=True)
class Syllables:
    """``nuclei_s``: times of the nuclei, ``[n_nuclei]``. ``density``: share of the twelve detectors
    that see one at a frame, ``[n_frames]``; its sum over a stretch is the expected number of peaks
    there. Divide that by the speech, then :func:`corrected_rate_syll_s`.
    """

    nuclei_s: NDArray[np.float64]
    density: NDArray[np.float32]


def syllable_nuclei(
    signal: FloatArray,
    *,
    rate_hz: float,
    speech: BoolArray | None = None,
    f0_hz: FloatArray | None = None,
    strength: FloatArray | None = None,
    options: SyllableOptions | None = None,
) -> NDArray[np.float64]:
    """Find the syllable nuclei of one channel.

    Args:
        signal: ``[n_samples]``, finite.
        rate_hz: sampling rate in hertz, at least 6800.
        speech: ``[n_frames]``, where there is speech; all frames if None.
        f0_hz: ``[n_frames]``, NaN where unvoiced; stands in for ``strength`` if that is None.
        strength: ``[n_frames]``, periodicity 0…1. Without either, level alone decides.
        options: how.

    Returns:
        Times in seconds, ascending, float64 ``[n_nuclei]``.

    Raises:
        ValueError: the signal is not one channel, or ``rate_hz`` cannot hold the bands.
    """
    if strength is None and f0_hz is not None:
        strength = np.isfinite(f0_hz).astype(np.float64)
    energies = band_energies(signal, rate_hz=rate_hz)
    return find_syllables(energies, speech=speech, strength=strength, options=options).nuclei_s


def find_syllables(
    energies: FloatArray,
    *,
    speech: BoolArray | None = None,
    strength: FloatArray | None = None,
    options: SyllableOptions | None = None,
) -> Syllables:
    """Nuclei and their density from what :func:`band_energies` returns.

    Args:
        energies: ``[n_frames, n_bands]``.
        speech: ``[n_frames]``, where there is speech; all frames if None.
        strength: ``[n_frames]``, periodicity 0…1; without it, level alone decides.
        options: how.
    """
    options = options or SyllableOptions()
    count = len(energies)
    inside = (
        np.ones(count, dtype=bool) if speech is None else fit_frames(speech, count).astype(bool)
    )
    periodicity = (
        np.zeros(count, dtype=np.float32)
        if strength is None
        else np.nan_to_num(fit_frames(strength, count).astype(np.float32))
    )
    if not inside.any():
        return Syllables(nuclei_s=np.zeros(0), density=np.zeros(count, dtype=np.float32))
    contours = _levels_db(energies, inside, options)
    contours += np.float32(options.periodicity_db) * np.sqrt(periodicity)
    smooth = filtered(contours, gaussians(*(s / HOP_S for s in options.smoothing_s)))
    found = [_peaks(row, inside, options) for band in smooth.swapaxes(0, 1) for row in band]
    votes = np.bincount(np.concatenate(found), minlength=count)
    band, smoothing = options.nuclei_detector
    chosen = found[band * len(options.smoothing_s) + smoothing]
    nuclei_s = np.multiply(chosen, HOP_S, dtype=np.float64)
    return Syllables(nuclei_s=nuclei_s, density=(votes / len(found)).astype(np.float32))


def articulation_rate_syll_s(n_syllables: float, speech_s: float) -> float | None:
    """Syllables per second of speech without pauses; None where there was no speech.

    >>> articulation_rate_syll_s(11, 2.0)
    5.5
    """
    return n_syllables / speech_s if speech_s > 0 else None


def corrected_rate_syll_s(
    observed_syll_s: float, *, options: SyllableOptions | None = None
) -> float:
    """The rate that makes detectors with a dead time see ``observed_syll_s``.

    Args:
        observed_syll_s: peaks per second of speech, ≥ 0; above 16 it counts as 16.
        options: its ``dead_time_s``.

    >>> round(corrected_rate_syll_s(5.0), 2)
    5.49
    """
    dead_time_s = (options or SyllableOptions()).dead_time_s
    bounded = min(observed_syll_s, 16.0)
    return bounded / (1 - bounded * dead_time_s)


def rate_slope_syll_s_min(
    times_s: FloatArray, rates_syll_s: FloatArray, speech_s: FloatArray
) -> float | None:
    """How a rate changes over a call: slope of a line, weighted by the speech behind each rate.

    Args:
        times_s: centres of the windows in seconds, ``[n_windows]``.
        rates_syll_s: their rates, NaN where undefined, ``[n_windows]``.
        speech_s: speech in each, the weight, ``[n_windows]``.

    Returns:
        Syllables per second, per minute; None for fewer than three rates at different times.
    """
    known = np.isfinite(rates_syll_s) & (np.asarray(speech_s) > 0)
    time, rate, weight = (np.asarray(a, float)[known] for a in (times_s, rates_syll_s, speech_s))
    if len(time) < 3 or np.ptp(time) == 0:
        return None
    centred = time - np.average(time, weights=weight)
    return float(60 * np.sum(weight * centred * rate) / np.sum(weight * centred**2))


def run_lengths(nuclei_s: FloatArray, runs: Sequence[Interval]) -> NDArray[np.int64]:
    """Nuclei in each run of speech between pauses, ``[n_runs]``; ``nuclei_s`` ascending, s."""
    starts = np.searchsorted(nuclei_s, [r.start_s for r in runs])
    ends = np.searchsorted(nuclei_s, [r.end_s for r in runs])
    return np.asarray(ends - starts, dtype=np.int64)


def band_energies(signal: FloatArray, *, rate_hz: float) -> NDArray[np.float32]:
    """Energy of the bands between ``EDGES_HZ``, frame by frame, from Hann windows of 30 ms.

    Args:
        signal: ``[n_samples]``, finite; brought to 8 kHz, its mean removed.
        rate_hz: sampling rate in hertz, at least 6800.

    Returns:
        float32 ``[n_frames, 9]``, relative to the signal's own peak: only ratios within one
        recording mean anything.

    Raises:
        ValueError: the signal is not one channel, or ``rate_hz`` cannot hold the bands.
    """
    if np.ndim(signal) != 1:
        raise ValueError(f"signal must have 1 dimension, not {np.ndim(signal)}")
    if rate_hz < 2 * EDGES_HZ[-1]:
        raise ValueError(f"{rate_hz} Hz cannot hold a band up to {EDGES_HZ[-1]} Hz")
    return energies_at_8_khz(
        _prepared(signal, rate_hz), count=n_frames(len(signal), rate_hz=rate_hz)
    )


def energies_at_8_khz(samples: NDArray[np.float32], *, count: int) -> NDArray[np.float32]:
    """Energies of the bands as of :func:`band_energies`, ``[count, 9]``, from samples at 8 kHz
    without a constant offset, on whatever scale they have.
    """
    hop = round(RATE_HZ * HOP_S)
    out = np.empty((count, len(EDGES_HZ) - 1), dtype=np.float32)
    frames = centred_frames(samples, length=_WINDOW, hop=hop, count=max(count, 1))
    for at in range(0, count, _CHUNK_FRAMES):
        part = slice(at, at + _CHUNK_FRAMES)
        spectrum = scipy.fft.rfft(frames[part] * _HANN, axis=1).view(np.float32)
        np.matmul(np.square(spectrum, out=spectrum), _BANDS, out=out[part])
    return out


def fit_frames(values: FloatArray | BoolArray, count: int) -> NDArray[np.float64]:
    """Frame values cut or filled up with zeros to ``count`` frames, float64 ``[count]``."""
    kept = np.asarray(values, dtype=np.float64)[:count]
    return np.pad(kept, (0, count - len(kept)))


def _prepared(signal: FloatArray, rate_hz: float) -> NDArray[np.float32]:
    """The signal at 8 kHz without its mean, its peak about 1 whatever its gain."""
    signal = np.asarray(signal)
    peak = np.max(np.abs(signal), initial=0)
    if peak == 0:
        return np.zeros(len(signal), dtype=np.float32)
    centred = (signal / peak).astype(np.float32, copy=False)
    centred -= centred.mean(dtype=np.float64)
    if rate_hz != RATE_HZ:
        centred = soxr.resample(centred, rate_hz, RATE_HZ, quality="LQ")
    return np.asarray(centred, dtype=np.float32)


def _levels_db(
    energies: FloatArray, inside: BoolArray, options: SyllableOptions
) -> NDArray[np.float32]:
    """Levels in dB relative to loud speech, ``[len(high_hz) + 1, n_frames]``: from the lowest edge
    to each of ``high_hz``, and that of the summed amplitudes of all bands.
    """
    upper = np.searchsorted(EDGES_HZ, options.high_hz) - 1
    values = np.empty((len(upper) + 1, len(energies)), dtype=np.float32)
    values[:-1] = np.cumsum(energies[:, : upper.max() + 1].T, axis=0)[upper]
    values[-1] = np.square(np.sqrt(energies) @ np.ones(energies.shape[1], dtype=np.float32))
    loud = np.maximum(np.quantile(values[:, inside], 0.95, axis=1), 1e-20).astype(np.float32)
    # 40 dB below loud speech the contour runs level, so that hum and hiss make no peaks.
    return np.asarray(10 * np.log10(values / loud[:, None] + np.float32(1e-4)))


def _peaks(smooth: FloatArray, inside: BoolArray, options: SyllableOptions) -> NDArray[np.intp]:
    """Frames of the peaks of one smoothed contour that lie in speech."""
    floor = float(np.quantile(smooth[inside], 0.95)) - options.floor_db
    peaks = prominent_peaks(smooth, floor=floor, dip=options.dip_db)
    return peaks[inside[peaks]]
