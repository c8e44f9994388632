"""Division of frames into speech and pause, and what is done to such a mask afterwards.

Masks are ``[n_frames]``; lengths are numbers of frames.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from callvoice.types import BoolArray

_BLOCK_FRAMES, _MARGIN_FRAMES = 200, 150


def likeliest(evidence: NDArray[np.float32], cost: float) -> BoolArray:
    """The division into speech and pause with the greatest sum of evidence less costs.

    A Viterbi search for two states needs but one number per frame, the difference between their
    best sums; added up from both ends it gives the best path without tracing back.
    """
    forward, backward = _running(evidence, cost), _running(evidence[::-1], cost)[::-1]
    return np.asarray(forward + backward - evidence > 0)


def with_tails(mask: BoolArray, audible: BoolArray, *, n: int, inner: int, gap: int) -> BoolArray:
    """Every stretch made longer by the audible frames that follow it without a break.

    Args:
        mask: stretches of speech.
        audible: where there is sound above the noise.
        n: most frames by which a stretch grows.
        inner: the same if the next stretch follows within ``gap`` frames, at least ``n``.
        gap: longest silence inside a phrase.
    """
    starts, ends = runs(mask)
    if not len(ends):
        return mask
    gaps = np.append(starts[1:], np.iinfo(np.intp).max) - ends
    step = np.arange(inner)
    at = np.minimum(ends[:, None] + step, len(mask) - 1)
    reached = np.logical_and.accumulate(audible[at], axis=1)
    reached &= step < np.where(gaps <= gap, inner, n)[:, None]
    out = mask.copy()
    out[at[reached]] = True
    return out


def without_islands(mask: BoolArray, vocal: BoolArray, *, n: int, gap: int) -> BoolArray:
    """Stretches left out that are short, hold no vocal frame and lie by themselves.

    Args:
        mask: stretches of sound.
        vocal: frames with a voice.
        n: length up to which a stretch is short.
        gap: least silence on both sides together.
    """
    starts, ends = runs(mask)
    before, after = (
        starts - np.append(-gap, ends[:-1]),
        np.append(starts[1:], len(mask) + gap) - ends,
    )
    voice = np.concatenate([[0], np.cumsum(vocal)])
    keep = (ends - starts > n) | (voice[ends] > voice[starts]) | (before + after < gap)
    return from_runs(starts[keep], ends[keep], len(mask))


def runs(mask: BoolArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First frames of the stretches where ``mask`` is true, and the frames after their last."""
    change = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return change[::2], change[1::2]


def from_runs(starts: NDArray[np.intp], ends: NDArray[np.intp], n: int) -> BoolArray:
    """The mask ``[n]`` that is true in the given stretches, which do not touch."""
    step = np.zeros(n + 1, dtype=np.int8)
    step[starts], step[ends] = 1, -1
    return np.cumsum(step[:-1]) > 0


def _running(evidence: NDArray[np.float32], cost: float) -> NDArray[np.float32]:
    """Lead of speech over pause up to each frame, ``[n_frames]``, many blocks side by side.

    The lead forgets what lies further back than the margin of a block.
    """
    if not len(evidence):
        return evidence
    n_blocks = -(-len(evidence) // _BLOCK_FRAMES)
    padded = np.pad(evidence, (_MARGIN_FRAMES, n_blocks * _BLOCK_FRAMES - len(evidence)))
    view = sliding_window_view(padded, _MARGIN_FRAMES + _BLOCK_FRAMES)
    lead = view[::_BLOCK_FRAMES].T.copy()
    for t in range(1, len(lead)):
        lead[t] += np.clip(lead[t - 1], -cost, cost)
    return lead[_MARGIN_FRAMES:].T.ravel()[: len(evidence)]
