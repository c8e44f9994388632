"""Melody of one speaker from F0: median, robust spread, range, flat stretches."""

from __future__ import annotations

import numpy as np

from callvoice.types import FloatArray

_MIN_FRAMES = 30


def _semitones(f0_hz: FloatArray) -> FloatArray:
    voiced = f0_hz[np.isfinite(f0_hz)]
    return 12 * np.log2(voiced / 100.0)


def f0_median_hz(f0_hz: FloatArray) -> float | None:
    voiced = f0_hz[np.isfinite(f0_hz)]
    return float(np.median(voiced)) if len(voiced) >= _MIN_FRAMES else None


def f0_spread_st(f0_hz: FloatArray) -> float | None:
    st = _semitones(f0_hz)
    return float(np.subtract(*np.percentile(st, [75, 25])) / 1.349) if len(st) >= _MIN_FRAMES else None


def f0_range_st(f0_hz: FloatArray) -> float | None:
    st = _semitones(f0_hz)
    return float(np.subtract(*np.percentile(st, [95, 5]))) if len(st) >= _MIN_FRAMES else None


def flat_share(f0_hz: FloatArray, *, hop_s: float = 0.01) -> float | None:
    return None
