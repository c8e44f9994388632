"""Fundamental frequency and strength of periodicity, from the sound's autocorrelation.

Definition: F0 is the inverse of the period at which a stretch of sound best repeats itself. It
comes from periodicity, never from a spectral peak at F0 itself, because the telephone band
(300-3400 Hz) has no fundamental for most voices.

Method, every step on many frames at once:

1. resample to 8 kHz; Hann windows, one per 10 ms; power spectrum; compress it, so that strong
   formants do not hide the other harmonics;
2. autocorrelation at just the lags wanted, as one matrix product with cosines (Wiener-Khinchin),
   corrected for the window's own autocorrelation (Boersma 1993, IFA Proceedings 17, 97-110);
3. the best lag of each third of an octave is a candidate, refined by a parabola;
4. a Viterbi search chooses among candidates and "unvoiced" (after Talkin 1995, RAPT), then once
   more with a soft preference for the neighbourhood of what the first search found within about
   a second: octave errors go, changes of style within a recording stay.

Conventions: frame ``i`` is centred at ``i * hop_s``; NaN is unvoiced; gain and constant offset
do not change the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.signal
import soxr
from numpy.typing import NDArray

from callvoice.prosody.frames import HOP_S, centred_frames, n_frames
from callvoice.prosody.viterbi import best_path
from callvoice.types import FloatArray

RATE_HZ = 8000
CHUNK_FRAMES = 512


@dataclass(frozen=True)
class PitchOptions:
    """How pitch is measured. No judging limit is among these.

    ``floor_hz`` and ``ceiling_hz`` bound the search. ``window_s`` is the length of a window,
    ``compression`` the power to which the power spectrum is raised, ``top_hz`` where its weight
    ends. ``voicing_threshold`` is the strength at which a frame counts as voiced, ``silence`` the
    share of the speech level (compressed) below which frames lose strength. The costs are those
    of the search, in units of strength: ``octave_cost`` per octave below the ceiling,
    ``jump_cost`` per octave between frames, ``voicing_cost`` per change of voicing,
    ``prior_cost`` per octave off the local centre (over ``prior_s`` on each side).
    """

    floor_hz: float = 60.0
    ceiling_hz: float = 500.0
    hop_s: float = HOP_S
    window_s: float = 0.045
    compression: float = 0.7
    top_hz: float = 2000.0
    voicing_threshold: float = 0.27
    silence: float = 0.02
    octave_cost: float = 0.023
    jump_cost: float = 0.58
    voicing_cost: float = 0.25
    prior_cost: float = 0.2
    prior_s: float = 1.5


@dataclass(frozen=True)
class Pitch:
    """What was tracked; both arrays have the signal's leading shape and then ``n_frames``.

    ``f0_hz`` is NaN where unvoiced. ``strength`` is the normalised autocorrelation 0…1 at the
    chosen period (unvoiced: at the best one); the harmonics-to-noise ratio follows from it as
    ``10 log10(r / (1 - r))`` dB.
    """

    f0_hz: FloatArray
    strength: FloatArray


def track_pitch(
    signal: FloatArray, *, rate_hz: float, options: PitchOptions | None = None
) -> Pitch:
    """Track the pitch of one or several channels.

    Args:
        signal: finite samples, ``[n_samples]`` or ``[n_channels, n_samples]``, any length and gain.
        rate_hz: sampling rate in hertz, > 0.
        options: how to measure; the defaults suit adult speech on a telephone line.

    Returns:
        ``Pitch`` of ``[n_frames]`` or ``[n_channels, n_frames]``, with ``n_frames`` as in
        :func:`callvoice.prosody.frames.n_frames`.

    Raises:
        ValueError: the signal has neither one nor two dimensions.
    """
    options = options or PitchOptions()
    signal = np.asarray(signal)
    if signal.ndim not in {1, 2}:
        raise ValueError(f"signal must have 1 or 2 dimensions, not {signal.ndim}")
    if signal.ndim == 1:
        return _track(signal, rate_hz, options)
    tracks = [_track(channel, rate_hz, options) for channel in signal]
    return Pitch(np.array([t.f0_hz for t in tracks]), np.array([t.strength for t in tracks]))


def _track(channel: FloatArray, rate_hz: float, options: PitchOptions) -> Pitch:
    count = n_frames(channel.size, rate_hz=rate_hz, hop_s=options.hop_s)
    log_f0, strength, power = _candidates(_prepare(channel, rate_hz), count, options)
    strength *= _presence(power, options.silence)[:, None]
    state = _search(log_f0, strength, options)
    voiced = state < log_f0.shape[1]
    chosen = np.where(voiced, state, strength.argmax(axis=1))[:, None]
    f0 = np.exp2(np.take_along_axis(log_f0, chosen, axis=1)[:, 0])
    best = np.take_along_axis(strength, chosen, axis=1)[:, 0]
    return Pitch(np.where(voiced, f0, np.nan), np.clip(best, 0, 1))


def _prepare(channel: FloatArray, rate_hz: float) -> NDArray[np.float32]:
    """Bring a channel to 8 kHz, zero mean and a peak of about 1, whatever its gain."""
    peak = float(np.abs(channel).max(initial=0.0))
    if peak == 0.0:
        return np.zeros(channel.size, dtype=np.float32)
    centred = (channel / peak).astype(np.float32)
    centred -= centred.mean(dtype=np.float64)
    if rate_hz != RATE_HZ:
        centred = soxr.resample(centred, rate_hz, RATE_HZ, quality="LQ")
    return centred / max(float(np.abs(centred).max(initial=0.0)), 1e-6)


@lru_cache(maxsize=8)
def _tables(options: PitchOptions) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Window ``[length]``, cosine matrix ``[n_bins, 1 + n_lags]`` (lag 0 first), lags ``[n_lags]``."""
    length = 2 * round(options.window_s * RATE_HZ / 2)
    n_fft = scipy.fft.next_fast_len(length + RATE_HZ // 80, real=True)
    window = np.hanning(length + 2)[1:-1]
    lags = np.arange(int(RATE_HZ / options.ceiling_hz), int(RATE_HZ / options.floor_hz) + 3)
    bin_hz = scipy.fft.rfftfreq(n_fft, 1 / RATE_HZ)
    cosines = np.cos(2 * np.pi * np.outer(bin_hz / RATE_HZ, np.r_[0, lags]))
    cosines[1:-1] *= 2
    own = np.abs(scipy.fft.rfft(window, n_fft)) ** (2 * options.compression) @ cosines
    weight = 1 / (1 + np.exp((options.floor_hz - bin_hz) / 15))
    weight /= 1 + np.exp((bin_hz - options.top_hz) / 100)
    matrix = weight[:, None] * cosines * (own[0] / own)
    return window.astype(np.float32), matrix.astype(np.float32), lags


def _candidates(
    samples: NDArray[np.float32], count: int, options: PitchOptions
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Candidates of all frames: log2 F0 and strength ``[count, k]``, compressed power ``[count]``."""
    window, _, _ = _tables(options)
    hop = round(options.hop_s * RATE_HZ)
    frames = centred_frames(samples, length=window.size, hop=hop, count=count)
    parts = [
        _chunk(frames[start : start + CHUNK_FRAMES], options)
        for start in range(0, count, CHUNK_FRAMES)
    ]
    log_f0, strength, power = (np.concatenate(part) for part in zip(*parts, strict=True))
    return log_f0, strength, power


def _chunk(frames: FloatArray, options: PitchOptions) -> tuple[FloatArray, FloatArray, FloatArray]:
    window, matrix, lags = _tables(options)
    spectrum = scipy.fft.rfft(frames * window, 2 * (len(matrix) - 1))
    power = (spectrum.real**2 + spectrum.imag**2) ** options.compression
    correlation = power @ matrix
    zero_lag = correlation[:, 0]
    correlation = correlation[:, 1:] / np.maximum(zero_lag, 1e-20)[:, None]
    return *_peaks(correlation, lags, options), zero_lag


def _peaks(
    correlation: FloatArray, lags: NDArray[np.intp], options: PitchOptions
) -> tuple[FloatArray, FloatArray]:
    """The highest point of each third of an octave, refined by a parabola: log2 F0, height."""
    n_bands = round(3 * np.log2(options.ceiling_hz / options.floor_hz))
    edges = np.geomspace(lags[1], lags[-2] + 1, n_bands + 1).round().astype(int) - lags[0]
    best = np.stack(
        [low + correlation[:, low:high].argmax(axis=1) for low, high in zip(edges, edges[1:])], 1
    )
    before, at, after = (np.take_along_axis(correlation, best + i, axis=1) for i in (-1, 0, 1))
    bend = np.minimum(before - 2 * at + after, -1e-6)
    shift = np.clip(0.5 * (before - after) / bend, -1, 1)
    height = np.clip(at - 0.25 * (before - after) * shift, -1, 1)
    return np.log2(RATE_HZ / (lags[0] + best + shift)).astype(np.float32), height


def _presence(power: FloatArray, silence: float) -> FloatArray:
    """0…1: how far a frame stands above silence, which is relative to the level of speech.

    The level of speech is that above which half of all energy lies; silence has none, so it does
    not matter how much of the recording is speech.
    """
    ranked = np.sort(power)
    total = np.cumsum(ranked, dtype=np.float64)
    level = ranked[np.searchsorted(total, total[-1] / 2)]
    return power / np.maximum(power + silence * level, 1e-20)


def _search(log_f0: FloatArray, strength: FloatArray, options: PitchOptions) -> NDArray[np.intp]:
    """Viterbi twice: freely, then near what the first pass found close by."""
    score = strength + options.octave_cost * (log_f0 - np.float32(np.log2(options.ceiling_hz)))
    unvoiced = np.full(len(score), options.voicing_threshold, dtype=np.float32)
    costs = {"jump_cost": options.jump_cost, "voicing_cost": options.voicing_cost}
    state = best_path(log_f0, score, unvoiced, **costs)
    centre = _local_centre(log_f0, strength, state, options)
    score -= options.prior_cost * np.minimum(np.abs(log_f0 - centre[:, None]), 1.5)
    return best_path(log_f0, score, unvoiced, **costs)


def _local_centre(
    log_f0: FloatArray, strength: FloatArray, state: NDArray[np.intp], options: PitchOptions
) -> FloatArray:
    """Mean log2 F0 of the voiced frames around each frame, weighted by strength and nearness."""
    chosen = np.minimum(state, log_f0.shape[1] - 1)[:, None]
    weight = np.take_along_axis(strength, chosen, axis=1)[:, 0] * (state < log_f0.shape[1])
    value = np.take_along_axis(log_f0, chosen, axis=1)[:, 0]
    half = round(options.prior_s / options.hop_s)
    near = np.hanning(2 * half + 1).astype(np.float32)
    sums = [
        scipy.signal.oaconvolve(part, near, mode="full")[half : half + weight.size]
        for part in (weight * value, weight)
    ]
    return np.where(sums[1] > 1e-2, sums[0] / np.maximum(sums[1], 1e-2), value)
