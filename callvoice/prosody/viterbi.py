"""The best path through pitch candidates, for all stretches of a recording at once.

A Viterbi search has to walk through time step by step. What it can do at once is walk through
many stretches side by side: the recording is cut into blocks, each with a margin of frames before
and after that is searched too and then thrown away. A path forgets its start within a few dozen
frames, so the middle of a block is the same as in a search over the whole.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from callvoice.types import FloatArray

BLOCK_FRAMES = 100
MARGIN_FRAMES = 30
BLOCKS_AT_ONCE = 512  # bounds the memory, and keeps one step of all blocks in the cache


def best_path(
    position: FloatArray, score: FloatArray, unvoiced: FloatArray, *, voicing_cost: float
) -> NDArray[np.intp]:
    """Choose a candidate, or none, for every frame.

    The path has the greatest sum of scores less the costs of its transitions: the distance of
    positions between voiced neighbours, ``voicing_cost`` for each start or end of voicing.

    Args:
        position: where the candidates stand, in units of cost, ``[n_frames, n_candidates]``.
        score: what each candidate is worth, same shape.
        unvoiced: what it is worth to choose none, ``[n_frames]``.
        voicing_cost: cost of a change between voiced and unvoiced, ≥ 0.

    Returns:
        ``[n_frames]``: index of the candidate, ``n_candidates`` where unvoiced.
    """
    span = BLOCKS_AT_ONCE * BLOCK_FRAMES
    paths = []
    for start in range(0, len(score), span):
        # Beyond the ends every state is worth nothing and stays where it is: a path begins freely.
        where = _blocks(position, start, span, beyond="edge")
        worth, none = _blocks(score, start, span), _blocks(unvoiced[:, None], start, span)
        paths.append(_search(where, worth, none, voicing_cost))
    return np.concatenate(paths)[: len(score)]


def _blocks(
    values: FloatArray, start: int, span: int, beyond: Literal["constant", "edge"] = "constant"
) -> FloatArray:
    """``[n_frames, k]`` to ``[block + 2 margins, k, n_blocks]``; padded beyond both ends."""
    first, stop = start - MARGIN_FRAMES, min(start + span, len(values))
    stop += -(stop - start) % BLOCK_FRAMES + MARGIN_FRAMES
    piece = values[max(first, 0) : stop]
    before = max(-first, 0)
    padded = np.pad(piece, ((before, stop - first - before - len(piece)), (0, 0)), mode=beyond)
    view = sliding_window_view(padded, BLOCK_FRAMES + 2 * MARGIN_FRAMES, axis=0)
    return np.ascontiguousarray(view[::BLOCK_FRAMES].transpose(2, 1, 0))


def _search(
    position: FloatArray, score: FloatArray, unvoiced: FloatArray, voicing_cost: float
) -> NDArray[np.intp]:
    best = _forward(position, score, unvoiced, voicing_cost)
    path = _backward(position, best, voicing_cost)
    return path[MARGIN_FRAMES : MARGIN_FRAMES + BLOCK_FRAMES].T.ravel()


def _forward(
    position: FloatArray, score: FloatArray, unvoiced: FloatArray, voicing_cost: float
) -> FloatArray:
    """Greatest sums that end in each state, unvoiced last: ``[n_steps, k + 1, n_blocks]``."""
    best = np.concatenate([score, unvoiced], axis=1)
    _, k, n_blocks = score.shape
    worth = np.empty((k, k, n_blocks), dtype=score.dtype)
    for t in range(1, len(score)):
        voiced, none = best[t - 1, :k], best[t - 1, k]
        np.subtract(position[t - 1, :, None], position[t], out=worth)
        np.abs(worth, out=worth)
        np.subtract(voiced[:, None], worth, out=worth)
        best[t, :k] += np.maximum(worth.max(axis=0), none - voicing_cost)
        best[t, k] += np.maximum(none, voiced.max(axis=0) - voicing_cost)
    return best


def _backward(position: FloatArray, best: FloatArray, voicing_cost: float) -> NDArray[np.intp]:
    """Follow the best path back through every block, ``[n_steps, n_blocks]``."""
    n_steps, k, n_blocks = position.shape
    path = np.empty((n_steps, n_blocks), dtype=np.intp)
    path[-1] = best[-1].argmax(axis=0)
    blocks = np.arange(n_blocks)
    for t in range(n_steps - 1, 0, -1):
        none = path[t] == k
        here = position[t, np.where(none, 0, path[t]), blocks]
        best[t - 1, :k] -= np.where(none, voicing_cost, np.abs(position[t - 1] - here))
        best[t - 1, k] -= np.where(none, 0, voicing_cost)
        path[t - 1] = best[t - 1].argmax(axis=0)
    return path
