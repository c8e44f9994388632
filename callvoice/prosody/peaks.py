"""Peaks of a contour that stand out.

The same peaks as ``scipy.signal.find_peaks(x, height=…, prominence=…)``, but that of two equally
high ones without a dip between them the later counts. Importing that takes longer than all else
that callvoice imports.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callvoice.types import FloatArray

Indices = NDArray[np.intp]


def prominent_peaks(contour: FloatArray, *, floor: float, dip: float) -> Indices:
    """Places of the peaks, in order; of a flat top its middle.

    ``contour`` is ``[n]``; a peak is at least ``floor`` high, and on either side the contour falls
    at least ``dip`` below it before it rises higher or ends.
    """
    peaks = _tops(contour)
    peaks = peaks[contour[peaks] >= floor]
    while (lesser := _lesser(contour, peaks, dip)).any():
        peaks = peaks[~lesser]
    if len(peaks) and contour[peaks[0]] - contour[: peaks[0]].min() < dip:
        peaks = peaks[1:]
    if len(peaks) and contour[peaks[-1]] - contour[peaks[-1] :].min() < dip:
        peaks = peaks[:-1]
    return peaks


def _tops(contour: FloatArray) -> Indices:
    """The middles of all level runs, of one frame or more, between a rise and a fall."""
    steps = np.diff(contour)
    changes = np.flatnonzero(steps)
    rises, falls = changes[:-1], changes[1:]
    top = (steps[rises] > 0) & (steps[falls] < 0)
    return np.asarray((rises[top] + 1 + falls[top]) // 2, dtype=np.intp)


def _lesser(contour: FloatArray, peaks: Indices, dip: float) -> NDArray[np.bool_]:
    """Which peaks have a higher one beside them with no dip between."""
    lesser = np.zeros(len(peaks), dtype=bool)
    if len(peaks) > 1:
        before, after = contour[peaks[:-1]], contour[peaks[1:]]
        valleys = np.minimum.reduceat(contour, peaks)[:-1]
        lesser[:-1] |= (before - valleys < dip) & (before <= after)
        lesser[1:] |= (after - valleys < dip) & (after < before)
    return lesser
