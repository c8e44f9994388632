"""Filters over frames as products of matrices: many kernels and many rows at once."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import ndimage

from callvoice.types import BoolArray, FloatArray

_BLOCK = 64  # frames that one product yields from each row
_TRUNCATE = 4.0


def gaussians(*sigmas: float) -> NDArray[np.float64]:
    """Gaussian kernels with sum 1, of standard deviations in frames, ``[n_sigmas, length]``."""
    half = int(_TRUNCATE * max(sigmas) + 0.5)
    width = np.array(sigmas)[:, None]
    distance = np.arange(-half, half + 1) / width
    reach = np.abs(distance) <= np.floor(_TRUNCATE * width + 0.5) / width
    kernels = np.exp(-0.5 * distance**2) * reach
    return np.asarray(kernels / kernels.sum(axis=1, keepdims=True))


def filtered(values: FloatArray, kernels: FloatArray) -> NDArray[np.float32]:
    """Correlate rows with kernels; rows are mirrored at their ends.

    Args:
        values: ``[n_rows, n_frames]``, at least one frame.
        kernels: ``[n_kernels, length]``, of odd length.

    Returns:
        float32 ``[n_kernels, n_rows, n_frames]``.
    """
    n_kernels, length = kernels.shape
    matrix = _matrix(kernels.astype(np.float32).tobytes(), n_kernels)
    out = np.empty((n_kernels, *values.shape), dtype=np.float32)
    for number, row in enumerate(values):
        out[:, number] = _filtered(row.astype(np.float32, copy=False), matrix, length // 2)
    return out


def _filtered(row: NDArray[np.float32], matrix: FloatArray, half: int) -> NDArray[np.float32]:
    """One row with each kernel of a matrix, ``[n_kernels, n_frames]``."""
    n_blocks = -(-row.size // _BLOCK)
    ends = np.pad(row, half, mode="symmetric")
    padded = np.pad(ends, (0, n_blocks * _BLOCK - row.size))
    blocks = np.ascontiguousarray(sliding_window_view(padded, _BLOCK + 2 * half)[::_BLOCK])
    out = (blocks @ matrix).reshape(n_blocks, -1, _BLOCK)
    return np.asarray(out.transpose(1, 0, 2).reshape(out.shape[1], -1)[:, : row.size])


@lru_cache(maxsize=8)
def _matrix(kernels: bytes, n_kernels: int) -> NDArray[np.float32]:
    """Kernels side by side, each shifted along the block: ``[block + 2 half, kernels * block]``."""
    rows = np.frombuffer(kernels, dtype=np.float32).reshape(n_kernels, -1)
    length = rows.shape[1]
    matrix = np.zeros((_BLOCK + length - 1, n_kernels, _BLOCK), dtype=np.float32)
    for shift in range(_BLOCK):
        matrix[shift : shift + length, :, shift] = rows.T
    return matrix.reshape(_BLOCK + length - 1, -1)


def near(mask: BoolArray, n: int) -> NDArray[np.intp]:
    """Indices of what lies within ``n`` frames of where ``mask`` ``[n_frames]`` is true."""
    return np.flatnonzero(ndimage.maximum_filter1d(mask, 2 * n + 1))
