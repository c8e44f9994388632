"""What a voice and its line sound like, frame by frame and window by window.

Cepstra of mel bands from 100 to 3800 Hz carry the vocal tract and the colour of the line; level
(the zeroth cepstrum) is left out, so gain changes nothing. A window's vector joins the mean of the
cepstra of its louder frames and their spread. Pitch was tried and tells nothing beyond these.

``whiten`` needs no trained model: what differs between windows of one uninterrupted stretch of
speech is what was said, not who said it, so these differences show which directions to mistrust.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import dct

from callvoice.types import FloatArray, Interval

HOP_S = 0.010
RATE_HZ = 8000
_HOP, _LENGTH = 80, 256
_CHUNK_FRAMES = 8192
_IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class FeatureOptions:
    """``n_cepstra`` of ``n_mels`` bands; windows of ``window_s`` every ``step_s``; the share
    ``quiet`` of a window's frames with the least energy is not looked at. ``n_spreads`` cepstra
    add their standard deviation. ``shrinkage`` 0…1 pulls covariances to their diagonal.
    """

    n_mels: int = 24
    n_cepstra: int = 19
    window_s: float = 0.5
    step_s: float = 0.25
    quiet: float = 0.3
    n_means: int = 12
    n_spreads: int = 6
    shrinkage: float = 0.3


@dataclass(frozen=True)
class Windows:
    """Stretches of speech frames: ``[start, stop)`` in frames of speech, and the number of the
    uninterrupted stretch that each lies in, all ``[n_windows]``.
    """

    start: _IntArray
    stop: _IntArray
    stretch: _IntArray


def speech_frames(
    speech: Sequence[Interval], duration_s: float, *, join_s: float, max_s: float
) -> tuple[_IntArray, _IntArray]:
    """Frames inside speech and the number of the stretch of each, both ``[n_speech_frames]``.

    Silences of up to ``join_s`` do not end a stretch; one longer than ``max_s`` is divided evenly.
    """
    first = [int(np.ceil(i.start_s / HOP_S - 1e-6)) for i in speech]
    last = [int(min(i.end_s, duration_s) / HOP_S + 1e-6) for i in speech]
    frames = [np.arange(a, b + 1) for a, b in zip(first, last, strict=True) if b >= a]
    if not frames:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    found = np.unique(np.concatenate(frames))
    return found, _stretches(found, join_s / HOP_S + 1, max_s / HOP_S)


def _stretches(frames: _IntArray, max_gap: float, max_length: float) -> _IntArray:
    starts = np.r_[0, np.flatnonzero(np.diff(frames) > max_gap) + 1]
    lengths = np.diff(np.r_[starts, len(frames)])
    parts = np.ceil(lengths / max_length).astype(np.intp)
    run = np.repeat(np.arange(len(starts)), lengths)
    within = (np.arange(len(frames)) - starts[run]) * parts[run] // lengths[run]
    return np.asarray((np.cumsum(parts) - parts)[run] + within)


def cepstra(samples: NDArray[np.float32], frames: _IntArray, options: FeatureOptions) -> FloatArray:
    """Energy and cepstra of some frames, ``[n_frames, 1 + n_cepstra]``.

    Args:
        samples: ``[n]`` at 8 kHz.
        frames: frame ``i`` is centred at ``i * HOP_S``.
        options: how many.
    """
    padded = np.pad(samples, (_LENGTH // 2, _LENGTH + _HOP))
    padded /= max(float(padded.max()), -float(padded.min())) or 1.0
    view = sliding_window_view(padded, _LENGTH)[::_HOP]
    at = np.minimum(frames, len(view) - 1)
    window = np.hanning(_LENGTH).astype(np.float32)
    bank = _mel_bank(options.n_mels)
    out = np.empty((len(frames), 1 + options.n_cepstra), np.float32)
    for first in range(0, len(at), _CHUNK_FRAMES):
        chunk = slice(first, first + _CHUNK_FRAMES)
        power = np.abs(np.fft.rfft(view[at[chunk]] * window)) ** 2
        out[chunk] = dct(np.log(power @ bank + 1e-9), norm="ortho")[:, : out.shape[1]]
    return out


@cache
def _mel_bank(n_mels: int, low_hz: float = 100.0, high_hz: float = 3800.0) -> FloatArray:
    """Triangular bands, equally wide in mel (O'Shaughnessy 1987), ``[n_bins, n_mels]``."""
    mel = np.linspace(np.log1p(low_hz / 700), np.log1p(high_hz / 700), n_mels + 2)
    left, centre, right = (700 * np.expm1(mel[k : n_mels + k]) for k in range(3))
    hz = np.fft.rfftfreq(_LENGTH, 1 / RATE_HZ)[:, None]
    rise, fall = (hz - left) / (centre - left), (right - hz) / (right - centre)
    return np.asarray(np.maximum(np.minimum(rise, fall), 0))


def cut(stretch: _IntArray, options: FeatureOptions) -> Windows:
    """Overlapping windows of all stretches; a short stretch is one window."""
    edges = np.flatnonzero(np.diff(stretch)) + 1
    starts, stops = np.r_[0, edges], np.r_[edges, len(stretch)]
    parts = [
        _cut_one(int(a), int(b), int(stretch[a]), options)
        for a, b in zip(starts, stops, strict=True)
    ]
    start, stop, number = np.concatenate(parts, axis=1)
    return Windows(start, stop, number)


def _cut_one(first: int, last: int, number: int, options: FeatureOptions) -> _IntArray:
    size, step = round(options.window_s / HOP_S), options.step_s / HOP_S
    count = max(1, round((last - first - size) / step) + 1)
    start = np.linspace(first, max(first, last - size), count).astype(np.intp)
    return np.stack([start, np.minimum(start + size, last), np.full(count, number)])


def describe(found: FloatArray, windows: Windows, options: FeatureOptions) -> FloatArray:
    """The vector of every window, ``[n_windows, n_means + n_spreads]``."""
    spans = zip(windows.start.tolist(), windows.stop.tolist(), strict=True)
    return np.array([_vector(found[a:b], options) for a, b in spans])


def _vector(part: FloatArray, options: FeatureOptions) -> FloatArray:
    loud = part[part[:, 0] >= np.quantile(part[:, 0], options.quiet), 1:]
    means, spreads = loud[:, : options.n_means], loud[:, : options.n_spreads]
    return np.concatenate([means.mean(axis=0), spreads.std(axis=0)])


def whiten(vectors: FloatArray, windows: Windows, *, n_axes: int, shrinkage: float) -> FloatArray:
    """Vectors in which the difference between windows of one stretch is 1 in every direction, and
    of these the ``n_axes`` directions with the most variance in all, ``[n_windows, n_axes]``.
    """
    spread = _within(vectors, windows)
    spread = (1 - shrinkage) * spread + shrinkage * np.diag(np.diag(spread))
    spread += np.eye(len(spread)) * (1e-6 + 1e-3 * np.trace(spread) / len(spread))
    white = np.linalg.solve(np.linalg.cholesky(spread), (vectors - vectors.mean(0)).T).T
    axes = np.linalg.svd(white, full_matrices=False)[2]
    return np.asarray(white @ axes[:n_axes].T)


def _within(vectors: FloatArray, windows: Windows) -> FloatArray:
    """Half the covariance of differences between windows of a stretch that touch or lie near."""
    differences = [
        vectors[lag:][ok] - vectors[:-lag][ok]
        for lag in range(1, 5)
        for ok in [_comparable(windows, lag)]
    ]
    joined = np.concatenate(differences)
    if len(joined) < 2:
        return np.diag(vectors.var(0))
    return np.asarray(joined.T @ joined / (2 * len(joined)))


def _comparable(windows: Windows, lag: int, may_overlap: int = 5) -> NDArray[np.bool_]:
    same = windows.stretch[lag:] == windows.stretch[:-lag]
    return np.asarray(same & (windows.start[lag:] >= windows.stop[:-lag] - may_overlap))
