"""One channel of a recording, read piece by piece, so that hours of it need little memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_BLOCK = 1 << 18
_LIMIT = 1e6  # what lies beyond is no sound, and its square would overflow


@dataclass(frozen=True)
class Sound:
    """Samples ``[n_samples]``, finite, in −1…1 or 16 bit integers, in memory or mapped from a file;
    their rate in hertz, their mean and their extremes, the latter three on the scale −1…1.
    """

    samples: NDArray[Any]
    rate_hz: float
    mean: float
    low: float
    high: float

    @property
    def size(self) -> int:
        """Number of samples."""
        return int(self.samples.size)

    @property
    def peak(self) -> float:
        """Greatest distance from the mean."""
        return max(self.high - self.mean, self.mean - self.low)

    def piece(self, start: int, stop: int) -> NDArray[np.float32]:
        """Samples ``start`` to ``stop`` without the mean; zeros beyond the ends."""
        out = np.zeros(stop - start, dtype=np.float32)
        found = _read(self.samples, max(start, 0), max(stop, 0))
        at = max(-start, 0)
        np.subtract(found, np.float32(self.mean), out=out[at : at + found.size])
        return out

    def pieces(self, margin: int) -> Iterator[NDArray[np.float32]]:
        """All samples in pieces with ``margin`` samples more on both sides."""
        for start in range(0, self.size, _BLOCK):
            yield self.piece(start - margin, min(start + _BLOCK, self.size) + margin)


def as_sound(signal: ArrayLike | Sound, rate_hz: float) -> Sound:
    """The sound of an array ``[n_samples]``.

    Raises:
        ValueError: the signal is not one channel.
    """
    if isinstance(signal, Sound):
        return signal
    samples = np.asarray(signal)
    if samples.ndim != 1:
        raise ValueError(f"signal must have 1 dimension, not {samples.ndim}")
    blocks = range(0, samples.size, _BLOCK)
    if not blocks:
        return Sound(samples, rate_hz, 0.0, 0.0, 0.0)
    found = np.array([_summary(_read(samples, at, at + _BLOCK)) for at in blocks])
    if np.abs(found[:, 1:]).max() > _LIMIT:
        return as_sound(np.clip(samples, -_LIMIT, _LIMIT), rate_hz)
    mean = float(found[:, 0].sum() / samples.size)
    return Sound(samples, rate_hz, mean, float(found[:, 1].min()), float(found[:, 2].max()))


def _summary(block: NDArray[np.float32]) -> tuple[float, float, float]:
    return float(block.sum(dtype=np.float64)), float(block.min()), float(block.max())


def _read(samples: NDArray[Any], start: int, stop: int) -> NDArray[np.float32]:
    found = samples[start:stop]
    if found.dtype.kind == "i":
        found = np.multiply(found, 1 / (1 + np.iinfo(found.dtype).max), dtype=np.float32)
    return np.asarray(found, dtype=np.float32)
