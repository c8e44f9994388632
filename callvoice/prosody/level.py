"""Level of a signal, and the two levels that everything relative is anchored to.

Levels are dB relative to full scale (dBFS): a square wave of amplitude 1 has 0 dB, a sine of
amplitude 1 −3.01 dB. The mean of each window is taken off first, so a constant offset of the
line has no level. Frame ``i`` is centred at ``i * hop_s`` and looks at one hop on either side.

Telephone channels switch between speech, comfort noise and digital silence. Neither the maximum
of a file nor its minimum is therefore a usable anchor. ``noise_floor_db`` and ``speech_level_db``
come from the distribution of the frames on either side of a speech mask instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from callvoice.types import BoolArray, FloatArray

FLOOR_DB = -120.0
"""Level of silence, and the least level that is ever reported."""

DIGITAL_SILENCE_DB = -90.0
"""At or below this a line is switched off: one step of 16 bit linear PCM."""


def level_db(signal: ArrayLike, *, rate_hz: float, hop_s: float = 0.01) -> NDArray[np.float64]:
    """Level of short windows.

    Args:
        signal: samples in −1…1, ``[..., n_samples]``.
        rate_hz: sampling rate.
        hop_s: distance between frames; windows are two hops long.

    Returns:
        dBFS ``[..., n_frames]``, at least −120, with
        ``n_frames = 1 + floor(n_samples / (rate_hz * hop_s))``.

    >>> level_db([0.5, -0.5] * 400, rate_hz=8000).round(2)[3]
    np.float64(-6.02)
    """
    x = np.asarray(signal)
    hop = rate_hz * hop_s
    n_frames = 1 + int(x.shape[-1] / hop + 1e-9)
    edges = np.minimum(np.rint(np.arange(n_frames) * hop).astype(np.intp), x.shape[-1])
    count = np.diff(edges, append=x.shape[-1])
    total, power = _block_sums(x, edges), _block_sums(np.square(x, dtype=np.float64), edges)
    n = np.maximum(_with_previous(count), 1)
    mean_square = _with_previous(power) / n - (_with_previous(total) / n) ** 2
    return np.asarray(10 * np.log10(np.maximum(mean_square, 10 ** (FLOOR_DB / 10))))


def noise_floor_db(level_db: FloatArray, speech: BoolArray) -> float | None:
    """Median level of what is not speech, leaving out digital silence; both ``[n_frames]``.

    Returns:
        dBFS, or None where there is nothing but speech or digital silence.
    """
    noise = level_db[~speech & (level_db > DIGITAL_SILENCE_DB)]
    return float(np.median(noise)) if noise.size else None


def speech_level_db(level_db: FloatArray, speech: BoolArray) -> float | None:
    """Mean power of the speech frames (the active level of ITU-T P.56), both ``[n_frames]``.

    Returns:
        dBFS, or None where there is no speech.
    """
    if not speech.any():
        return None
    return float(10 * np.log10(np.mean(10 ** (level_db[speech] / 10))))


def _block_sums(x: FloatArray, edges: NDArray[np.intp]) -> NDArray[np.float64]:
    """Sums of ``x`` between consecutive edges and from the last one to the end."""
    if x.shape[-1] == 0:
        return np.zeros((*x.shape[:-1], len(edges)))
    inside = np.minimum(edges, x.shape[-1] - 1)
    sums = np.add.reduceat(x, inside, axis=-1, dtype=np.float64)
    return np.where(edges < x.shape[-1], sums, 0.0)


def _with_previous(blocks: NDArray[np.generic]) -> NDArray[np.float64]:
    """Each block plus the one before it, where there is one."""
    out = blocks.astype(np.float64)
    out[..., 1:] += blocks[..., :-1]
    return out
