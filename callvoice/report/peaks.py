"""Waveform peaks for drawing: the largest absolute sample of equal stretches of a channel.

A page of any call length gets a bounded number of points, so a 60-minute call opens as fast as a
short one. Points are 8-bit: a drawn lane is rarely more than 127 pixels high on either side.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from callvoice.types import Track

POINTS_PER_S = 50.0
MAX_POINTS = 90_000
MAX_MELODY_POINTS = 90_000
NO_PITCH = -128


def peak_rate(duration_s: float) -> float:
    """Points per second used for a recording of this length, at most ``POINTS_PER_S``."""
    return min(POINTS_PER_S, MAX_POINTS / duration_s) if duration_s > 0 else POINTS_PER_S


def peaks(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.int8]:
    """The largest absolute sample of each of the equal stretches of a recording.

    Args:
        samples: ``[n_channels, n_samples]``, finite.
        rate_hz: sampling rate.

    Returns:
        ``[n_channels, n_points]``, 0…127, where 127 is the recording's largest absolute sample;
        ``n_points`` ≤ ``MAX_POINTS`` and ≤ ``n_samples``.
    """
    n_samples = samples.shape[1]
    if n_samples == 0:
        return np.zeros((samples.shape[0], 0), dtype=np.int8)
    duration_s = n_samples / rate_hz
    n_points = max(1, min(n_samples, math.floor(duration_s * peak_rate(duration_s) + 1e-6)))
    starts = np.arange(n_points, dtype=np.int64) * n_samples // n_points
    low = np.minimum.reduceat(samples, starts, axis=1)
    high = np.maximum.reduceat(samples, starts, axis=1)
    largest = np.maximum(high, -low)
    return np.rint(largest / (float(largest.max()) or 1.0) * 127).astype(np.int8)


def melody(track: Track) -> NDArray[np.int8]:
    """A channel's pitch for drawing, relative to its own median.

    Returns:
        ``[n_points]``, a point per equal stretch of the track: ``NO_PITCH`` where most of the
        stretch is unvoiced, else semitones from the median × 8, within ±120 (15 semitones).
    """
    f0_hz = np.asarray(track.f0_hz, dtype=np.float64)
    if not np.isfinite(f0_hz).any():
        return np.zeros(0, dtype=np.int8)
    semitones = 12 * np.log2(f0_hz / np.nanmedian(f0_hz))
    size = math.ceil(f0_hz.size / min(f0_hz.size, MAX_MELODY_POINTS))
    rows = np.pad(semitones, (0, -f0_hz.size % size), constant_values=np.nan).reshape(-1, size)
    voiced = np.isfinite(rows)
    mean = np.where(voiced, rows, 0).sum(axis=1) / np.maximum(voiced.sum(axis=1), 1)
    drawn = np.clip(np.rint(mean * 8), -120, 120)
    return np.where(voiced.mean(axis=1) > 0.5, drawn, NO_PITCH).astype(np.int8)
