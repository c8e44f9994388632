"""One clock for every measure: frame ``i`` is centred at ``i * hop_s``.

The convention is that of librosa with ``center=True``: the first frame is centred on the first
sample, and a recording of ``n_samples`` has ``1 + floor(n_samples / (rate_hz * hop_s))`` frames.
What lies outside the recording counts as zero.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from callvoice.types import FloatArray

HOP_S = 0.010


def n_frames(n_samples: int, *, rate_hz: float, hop_s: float = HOP_S) -> int:
    """Number of frames of a recording of ``n_samples``, at least 1.

    Args:
        n_samples: length in samples, ≥ 0.
        rate_hz: sampling rate in hertz, > 0.
        hop_s: distance of frame centres in seconds, > 0.

    >>> n_frames(8000, rate_hz=8000)
    101
    """
    # Without the small term a hop that is no exact binary fraction loses a frame to rounding.
    return 1 + math.floor(n_samples / (rate_hz * hop_s) + 1e-9)


def frame_times_s(count: int, *, hop_s: float = HOP_S) -> FloatArray:
    """Centres of ``count`` frames in seconds, float64 ``[count]``."""
    return np.arange(count) * hop_s


def centred_frames(
    signal: FloatArray, *, length: int, hop: int, count: int, start: int = 0
) -> FloatArray:
    """Overlapping frames of a signal, as a strided view of one padded copy of what they cover.

    Args:
        signal: ``[n_samples]``.
        length: samples per frame, even.
        hop: samples between frame centres.
        count: number of frames.
        start: index of the first frame.

    Returns:
        ``[count, length]``, read-only; sample ``length // 2`` of row ``i`` is sample
        ``(start + i) * hop`` of the signal. Positions outside the signal are zero.
    """
    first = start * hop - length // 2
    stop = first + (count - 1) * hop + length
    piece = signal[max(first, 0) : max(stop, 0)]
    before = max(-first, 0)
    padded = np.pad(piece, (before, stop - first - before - piece.size))
    return sliding_window_view(padded, length)[::hop]
