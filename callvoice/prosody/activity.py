"""Where one channel carries speech, from its own noise floor and speech level.

The power of short windows in a few bands is compared with the noise in the same band: for Gaussian
noise of power N and a window of power P, ``P/N - 1 - ln(P/N)`` is the likelihood ratio of "speech
of unknown level" against "noise only" (Sohn, Kim and Sung 1999). The noise is followed through
time, because telephone channels switch between comfort noise and digital silence; what lies far
below the speech level of the channel counts as noise too. Speech must contain periodic frames, so
knocks and bursts of noise are left out.

Frame ``i`` is centred at ``i * HOP_S``. Levels are dBFS, times seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from callvoice.prosody.level import level_db, noise_floor_db, speech_level_db
from callvoice.types import BoolArray, FloatArray, Interval

HOP_S = 0.010
_CHUNK = 4096
_BANDS_HZ = ((250.0, 500.0), (500.0, 1000.0), (1000.0, 2000.0), (2000.0, 3500.0))


@dataclass(frozen=True)
class ActivityOptions:
    """How speech is found.

    ``window_s`` length of the analysis window; ``noise_window_s`` stretch in which the least power
    is taken for noise; ``depth_db`` how far below the speech level speech may lie; ``seed`` and
    ``edge`` likelihood ratios that start and bound speech; ``voiced_s`` least periodic time in a
    stretch of speech; ``closure_s`` silences shorter than this belong to speech (stop closures).
    """

    window_s: float = 0.020
    noise_window_s: float = 8.0
    depth_db: float = 36.0
    seed: float = 3.0
    edge: float = 1.0
    min_strength: float = 0.5
    voiced_s: float = 0.05
    closure_s: float = 0.15


@dataclass(frozen=True)
class Activity:
    """Speech of one channel. ``speech`` is ``[n_frames]``; levels are dBFS, None if undefined."""

    speech: BoolArray
    noise_floor_db: float | None
    speech_level_db: float | None
    music_or_tone: tuple[Interval, ...] = ()


def find_speech(
    signal: ArrayLike,
    *,
    rate_hz: float,
    f0_hz: FloatArray | None = None,
    strength: FloatArray | None = None,
    options: ActivityOptions = ActivityOptions(),
) -> Activity:
    """Find the speech of one channel.

    Args:
        signal: samples in −1…1, ``[n_samples]``.
        rate_hz: sampling rate.
        f0_hz: fundamental frequency, NaN where unvoiced, ``[n_frames]``.
        strength: periodicity 0…1, ``[n_frames]``.
        options: how.
    """
    x = np.asarray(signal, dtype=np.float32)
    level = level_db(x, rate_hz=rate_hz, hop_s=HOP_S)
    power = band_power(x, rate_hz=rate_hz, window_s=options.window_s)
    ratio = _likelihood_ratio(power, options)
    speech = _hysteresis(ratio > options.edge, ratio > options.seed)
    speech = fill_gaps(speech, round(options.closure_s / HOP_S))
    if f0_hz is not None and strength is not None:
        voiced = np.isfinite(f0_hz) & (strength > options.min_strength)
        speech = _containing(speech, voiced, round(options.voiced_s / HOP_S))
    else:
        speech = _containing(speech, ratio > options.seed, round(options.voiced_s / HOP_S))
    return Activity(speech, noise_floor_db(level, speech), speech_level_db(level, speech))


def band_power(signal: FloatArray, *, rate_hz: float, window_s: float) -> NDArray[np.float64]:
    """Power in four bands of the telephone channel, ``[4, n_frames]``.

    The Fourier transform is a matrix product with just the frequencies needed; chunks of frames
    keep it in the cache.
    """
    hop, size = rate_hz * HOP_S, 2 * round(rate_hz * window_s / 2)
    n_frames = 1 + int(signal.shape[-1] / hop + 1e-9)
    padded = np.pad(signal, size // 2)
    starts = np.rint(np.arange(n_frames) * hop).astype(np.intp)
    transform, bands = _transform(size, rate_hz)
    windows = sliding_window_view(padded, size)
    out = np.empty((n_frames, len(_BANDS_HZ)))
    for i in range(0, n_frames, _CHUNK):
        spectrum = windows[starts[i : i + _CHUNK]] @ transform
        out[i : i + _CHUNK] = np.square(spectrum, out=spectrum) @ bands
    return out.T


def _transform(size: int, rate_hz: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Windowed cosines and sines ``[size, 2 n_bins]`` and their bands ``[2 n_bins, n_bands]``."""
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    member = np.array([(low <= hz) & (hz < high) for low, high in _BANDS_HZ]).T
    used = member.any(axis=1)
    window = np.hanning(size + 1)[:-1]
    angle = 2 * np.pi * np.outer(np.arange(size), hz[used]) / rate_hz
    basis = np.hstack([np.cos(angle), np.sin(angle)]) * window[:, None]
    scale = 2 / (size * np.square(window).sum())
    bands = np.vstack([member[used], member[used]]) * scale
    return basis.astype(np.float32), bands.astype(np.float32)


def _likelihood_ratio(power: NDArray[np.float64], options: ActivityOptions) -> NDArray[np.float64]:
    """Mean over bands of the likelihood ratio of speech against noise, ``[n_frames]``."""
    loud = np.percentile(power, 95, axis=1, keepdims=True).max()
    noise = np.maximum(_noise(power, options), loud * 10 ** (-options.depth_db / 10))
    noise = np.maximum(noise, 1e-9)
    gain = np.maximum(ndimage.uniform_filter1d(power, 3, axis=1) / noise, 1)
    return np.asarray((gain - 1 - np.log(gain)).mean(axis=0))


def _noise(power: NDArray[np.float64], options: ActivityOptions) -> NDArray[np.float64]:
    """Noise power per band: the least 100 ms mean around each frame, ``[n_bands, n_frames]``."""
    smooth = ndimage.uniform_filter1d(power, 10, axis=1)
    silent = smooth.sum(axis=0) < 1e-9
    smooth = np.where(silent, np.inf, smooth)
    least = ndimage.minimum_filter1d(smooth, round(options.noise_window_s / HOP_S), axis=1)
    return np.where(np.isfinite(least), 1.5 * least, 1e-9)


def intervals(mask: BoolArray, *, hop_s: float = HOP_S) -> tuple[Interval, ...]:
    """Stretches where ``mask`` ``[n_frames]`` is true; frame ``i`` begins at ``i * hop_s``."""
    starts, ends = _runs(mask)
    return tuple(
        Interval(float(a), float(b)) for a, b in zip(starts * hop_s, ends * hop_s, strict=True)
    )


def pauses(
    speech: tuple[Interval, ...], other: tuple[Interval, ...] = (), *, min_s: float = 0.25
) -> tuple[Interval, ...]:
    """Silences of at least ``min_s`` between stretches of one party's speech within a turn:
    the other party does not start speaking in them."""
    starts = np.array([i.start_s for i in other])
    return tuple(
        Interval(a.end_s, b.start_s)
        for a, b in zip(speech, speech[1:], strict=False)
        if b.start_s - a.end_s >= min_s - 1e-9
        and not np.any((starts >= a.end_s) & (starts < b.start_s))
    )


def fill_gaps(mask: BoolArray, n: int) -> BoolArray:
    """Make true what is false for fewer than ``n`` frames between true ones."""
    starts, ends = _runs(~mask)
    short = (ends - starts < n) & (starts > 0) & (ends < len(mask))
    return mask | _from_runs(starts[short], ends[short], len(mask))


def _runs(mask: BoolArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First frames and frames after the last of the stretches where ``mask`` is true."""
    change = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return change[::2], change[1::2]


def _from_runs(starts: NDArray[np.intp], ends: NDArray[np.intp], n: int) -> BoolArray:
    """The mask ``[n]`` that is true in the given stretches, which do not overlap."""
    step = np.zeros(n + 1, dtype=np.int8)
    step[starts] += 1
    np.subtract.at(step, ends, 1)
    return np.cumsum(step[:-1]) > 0


def _containing(mask: BoolArray, wanted: BoolArray, n: int) -> BoolArray:
    """The stretches of ``mask`` that hold at least ``n`` frames of ``wanted``."""
    starts, ends = _runs(mask)
    before = np.concatenate([[0], np.cumsum(wanted)])
    keep = before[ends] - before[starts] >= n
    return _from_runs(starts[keep], ends[keep], len(mask))


def _hysteresis(low: BoolArray, high: BoolArray) -> BoolArray:
    """The stretches of ``low`` that hold a frame of ``high``."""
    return _containing(low, high, 1)
