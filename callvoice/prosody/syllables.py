"""Syllable nuclei and the rates made from them.

A nucleus is a local maximum of the energy between 300 and 1200 Hz, where vowels keep their first
formant on any telephone line and fricatives have next to nothing. Frame ``i`` is centred at
``i * 0.010`` s. Rates are in syllables per second of speech, pauses removed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy import signal as dsp

from callvoice.types import BoolArray, FloatArray

HOP_S = 0.010


@dataclass(frozen=True)
class SyllableOptions:
    """How nuclei are found: band in Hz, smoothing in s, least dip in dB, floor under the speech
    level in dB, least periodicity (0…1) where periodicity is given.
    """

    low_hz: float = 300.0
    high_hz: float = 1200.0
    window_s: float = 0.030
    smoothing_s: float = 0.020
    dip_db: float = 0.5
    floor_db: float = 25.0
    min_strength: float = 0.3


def syllable_nuclei(  # noqa: PLR0913
    signal: FloatArray,
    *,
    rate_hz: float,
    speech: BoolArray | None = None,
    f0_hz: FloatArray | None = None,
    strength: FloatArray | None = None,
    options: SyllableOptions = SyllableOptions(),
) -> NDArray[np.float64]:
    """Times of the syllable nuclei of one channel.

    ``signal`` is ``[n_samples]``; ``speech``, ``f0_hz`` and ``strength`` are ``[n_frames]``, all
    optional. Returns times in seconds, ascending, ``[n_nuclei]``.
    """
    envelope = _envelope_db(signal, rate_hz, options)
    times = dsp.find_peaks(
        envelope, prominence=options.dip_db, height=_speech_level(envelope) - options.floor_db
    )[0]
    keep = _within(times, speech) & _periodic(times, f0_hz, strength, options)
    return np.asarray(times[keep] * HOP_S, dtype=np.float64)


def articulation_rate_syll_s(n_syllables: int, speech_s: float) -> float | None:
    """Syllables per second of speech without pauses; None where there was no speech."""
    return n_syllables / speech_s if speech_s > 0 else None


def _within(frames: NDArray[np.intp], mask: BoolArray | None) -> BoolArray:
    if mask is None:
        return np.ones(len(frames), dtype=bool)
    return np.asarray(np.append(mask, False)[np.minimum(frames, len(mask))], dtype=bool)


def _periodic(
    frames: NDArray[np.intp],
    f0_hz: FloatArray | None,
    strength: FloatArray | None,
    options: SyllableOptions,
) -> BoolArray:
    """Whether a frame is voiced within 20 ms; all are where nothing is known of periodicity."""
    if strength is not None:
        return _within(frames, ndimage.maximum_filter1d(strength, 5) >= options.min_strength)
    if f0_hz is not None:
        return _within(frames, ndimage.maximum_filter1d(np.isfinite(f0_hz), 5))
    return _within(frames, None)


def _envelope_db(signal: FloatArray, rate_hz: float, options: SyllableOptions) -> FloatArray:
    """Smoothed band level per frame, dB."""
    width = round(options.window_s * rate_hz)
    hop = rate_hz * HOP_S
    starts = np.round(np.arange(1 + int(len(signal) / hop)) * hop).astype(np.intp)
    padded = np.pad(np.asarray(signal, dtype=np.float32), (width // 2, width))
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)[starts]
    n_fft = fft.next_fast_len(width, real=True)
    spectrum = fft.rfft(frames * np.hanning(width).astype(np.float32), n_fft, axis=1)
    bins = np.fft.rfftfreq(n_fft, 1 / rate_hz)
    inside = spectrum[:, (bins >= options.low_hz) & (bins < options.high_hz)]
    energy = np.sum(np.abs(inside).astype(np.float64) ** 2, axis=1)
    level = 10 * np.log10(energy + max(1e-6 * float(energy.max()), 1e-30))
    return np.asarray(ndimage.gaussian_filter1d(level, options.smoothing_s / HOP_S))


def _speech_level(envelope: FloatArray) -> float:
    """Level of the loud frames, dB."""
    return float(np.quantile(envelope, 0.95))
