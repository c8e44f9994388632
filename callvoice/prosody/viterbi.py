"""The best path through pitch candidates, for all stretches of a recording at once.

A Viterbi search has to walk through time step by step. What it can do at once is walk through
many stretches side by side: the recording is cut into blocks, each with a margin of frames before
and after that is searched too and then thrown away. A path forgets its start within a few dozen
frames, so the middle of a block is the same as in a search over the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from callvoice.types import FloatArray

BLOCK_FRAMES = 80
MARGIN_FRAMES = 40


def best_path(
    log_f0: FloatArray,
    score: FloatArray,
    unvoiced_score: FloatArray,
    *,
    jump_cost: float,
    voicing_cost: float,
) -> NDArray[np.intp]:
    """Choose a candidate, or none, for every frame.

    The path has the greatest sum of scores less the costs of its transitions: ``jump_cost`` per
    octave between voiced neighbours, ``voicing_cost`` for each start or end of voicing.

    Args:
        log_f0: log2 of the candidates' frequencies, ``[n_frames, n_candidates]``.
        score: what each candidate is worth, same shape.
        unvoiced_score: what it is worth to choose none, ``[n_frames]``.
        jump_cost: cost per octave, ≥ 0.
        voicing_cost: cost of a change between voiced and unvoiced, ≥ 0.

    Returns:
        ``[n_frames]``: index of the candidate, ``n_candidates`` where unvoiced.
    """
    n_frames = len(score)
    log_f0, score = _blocks(log_f0), _blocks(score)
    unvoiced = _blocks(unvoiced_score[:, None])[:, 0]
    voiced_best, unvoiced_best = _forward(log_f0, score, unvoiced, jump_cost, voicing_cost)
    path = _backward(log_f0, voiced_best, unvoiced_best, jump_cost, voicing_cost)
    return path[MARGIN_FRAMES : MARGIN_FRAMES + BLOCK_FRAMES].T.ravel()[:n_frames]


def _blocks(values: FloatArray) -> FloatArray:
    """``[n_frames, k]`` to ``[block + 2 margins, k, n_blocks]``; zeros beyond both ends."""
    n_blocks = -(-len(values) // BLOCK_FRAMES)
    after = n_blocks * BLOCK_FRAMES + MARGIN_FRAMES - len(values)
    padded = np.pad(values, ((MARGIN_FRAMES, after), (0, 0)))
    view = sliding_window_view(padded, BLOCK_FRAMES + 2 * MARGIN_FRAMES, axis=0)
    return np.ascontiguousarray(view[::BLOCK_FRAMES].transpose(2, 1, 0))


def _forward(
    log_f0: FloatArray, score: FloatArray, unvoiced: FloatArray, jump_cost: float, cost: float
) -> tuple[FloatArray, FloatArray]:
    """Greatest sums that end in each state, ``[n_steps, k, n_blocks]`` and ``[n_steps, n_blocks]``."""
    voiced_best, unvoiced_best = np.empty_like(score), np.empty_like(unvoiced)
    voiced_best[0], unvoiced_best[0] = score[0], unvoiced[0]
    for t in range(1, len(score)):
        jump = np.abs(log_f0[t - 1][:, None] - log_f0[t])
        stay = (voiced_best[t - 1][:, None] - jump_cost * jump).max(axis=0)
        voiced_best[t] = np.maximum(stay, unvoiced_best[t - 1] - cost) + score[t]
        end = voiced_best[t - 1].max(axis=0) - cost
        unvoiced_best[t] = np.maximum(unvoiced_best[t - 1], end) + unvoiced[t]
    return voiced_best, unvoiced_best


def _backward(
    log_f0: FloatArray,
    voiced_best: FloatArray,
    unvoiced_best: FloatArray,
    jump_cost: float,
    cost: float,
) -> NDArray[np.intp]:
    """Follow the best path back through every block, ``[n_steps, n_blocks]``."""
    n_steps, k, n_blocks = voiced_best.shape
    best = np.concatenate([voiced_best, unvoiced_best[:, None]], axis=1)
    path = np.empty((n_steps, n_blocks), dtype=np.intp)
    path[-1] = best[-1].argmax(axis=0)
    blocks = np.arange(n_blocks)
    for t in range(n_steps - 1, 0, -1):
        unvoiced = path[t] == k
        here = log_f0[t][np.where(unvoiced, 0, path[t]), blocks]
        best[t - 1, :k] -= np.where(unvoiced, cost, jump_cost * np.abs(log_f0[t - 1] - here))
        best[t - 1, k] -= np.where(unvoiced, 0, cost)
        path[t - 1] = best[t - 1].argmax(axis=0)
    return path
