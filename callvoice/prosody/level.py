"""Level of a signal, and the two levels that everything relative is anchored to.

Levels are dB relative to full scale (dBFS): a square wave of amplitude 1 has 0 dB, a sine of
amplitude 1 −3.01 dB. The mean of each window is taken off, so a constant offset of the line has
no level. Frame ``i`` is centred at ``i * hop_s`` and looks at one hop on either side.

Telephone channels switch between speech, comfort noise and digital silence. Neither the maximum
of a file nor its minimum is therefore a usable anchor. ``noise_floor_db`` and ``speech_level_db``
come from the distribution of the frames on either side of a speech mask instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from callvoice.prosody.frames import HOP_S, n_frames
from callvoice.types import BoolArray, FloatArray

FLOOR_DB = -120.0
"""Level of silence, and the least level that is ever reported."""

DIGITAL_SILENCE_DB = -90.0
"""At or below this a line is switched off: one step of 16 bit linear PCM."""


def level_db(signal: ArrayLike, *, rate_hz: float, hop_s: float = HOP_S) -> NDArray[np.float64]:
    """Level of short windows.

    Args:
        signal: finite samples in −1…1, ``[..., n_samples]``.
        rate_hz: sampling rate in hertz, > 0.
        hop_s: distance between frames in seconds; windows are two hops long.

    Returns:
        dBFS ``[..., n_frames]``, at least −120; ``n_frames`` as in
        :func:`callvoice.prosody.frames.n_frames`.

    >>> float(level_db([0.5, -0.5] * 400, rate_hz=8000)[3].round(2))
    -6.02
    """
    x = np.asarray(signal, dtype=np.float32)
    size, count = x.shape[-1], n_frames(x.shape[-1], rate_hz=rate_hz, hop_s=hop_s)
    if size == 0:
        return np.full((*x.shape[:-1], count), FLOOR_DB)
    x = x - x.mean(axis=-1, keepdims=True, dtype=np.float64).astype(np.float32)
    edges = np.rint(np.arange(count) * (rate_hz * hop_s)).astype(np.intp)
    n = np.maximum(_with_previous(np.diff(edges, append=size)), 1)
    mean = _with_previous(_block_sums(x, edges)) / n
    mean_square = _with_previous(_block_sums(np.square(x), edges)) / n
    return np.asarray(10 * np.log10(np.maximum(mean_square - mean**2, 10 ** (FLOOR_DB / 10))))


def noise_floor_db(level_db: FloatArray, speech: BoolArray) -> float | None:
    """Median level of what is not speech, leaving out digital silence; both ``[n_frames]``.

    Returns:
        dBFS, or None where there is nothing but speech and digital silence.
    """
    noise = level_db[~speech & (level_db > DIGITAL_SILENCE_DB)]
    return float(np.median(noise)) if noise.size else None


def speech_level_db(level_db: FloatArray, speech: BoolArray) -> float | None:
    """Mean power of the speech frames (as the active level of ITU-T P.56), both ``[n_frames]``.

    Returns:
        dBFS, or None where there is no speech.
    """
    if not speech.any():
        return None
    return float(10 * np.log10(np.mean(10 ** (level_db[speech] / 10))))


def _block_sums(x: NDArray[np.float32], edges: NDArray[np.intp]) -> NDArray[np.float64]:
    """Sums of ``x`` from each edge to the next, and from the last one to the end."""
    sums = np.add.reduceat(x, np.minimum(edges, x.shape[-1] - 1), axis=-1)
    return np.where(edges < x.shape[-1], sums, 0).astype(np.float64)


def _with_previous(blocks: NDArray[np.float64] | NDArray[np.intp]) -> NDArray[np.float64]:
    """Each block plus the one before it, where there is one."""
    out = blocks.astype(np.float64)
    out[..., 1:] += out[..., :-1].copy()
    return out
