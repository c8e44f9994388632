"""Who speaks when in a one-channel call: two voices, told apart by their sound alone.

1. Windows of half a second are described and whitened (see ``speaker_features``), and divided in
   two groups.
2. Every frame of speech gets one of some hundred codewords, in each of several codebooks. How often
   each voice uses each codeword says, frame by frame, which voice is likelier; a stretch is never
   compared with itself, so that an early error cannot confirm itself.
3. Of all divisions the one with the greatest sum of evidence less a cost for each change of voice
   is taken, and 2 and 3 are repeated.

Nothing is known of any voice before the call and nothing is kept after it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from callvoice.ingest import speaker_features as sf
from callvoice.ingest.speaker_features import HOP_S, RATE_HZ, FeatureOptions, Windows
from callvoice.types import Audio, BoolArray, FloatArray, Interval

_BLOCK_FRAMES, _MARGIN_FRAMES = 400, 400
_IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class SeparationOptions:
    """How voices are told apart.

    ``join_s`` is the silence that does not end a stretch, none of which is longer than
    ``max_stretch_s``; ``n_axes`` directions and ``n_starts`` trials divide the windows. Frames are
    described by ``n_books`` codebooks of ``n_codewords``, learnt from at most ``max_frames``, and
    ``prior_frames`` is the weight of the call's mean use of them. Evidence of a frame is multiplied
    by ``weight``, since neighbours say much the same; a change of voice costs ``change_cost``, or
    ``pause_cost`` after a silence. Where the best division leads by less than ``unsure`` for
    ``min_uncertain_s`` it is called uncertain; ``changeover_s`` is how far a change of voice
    without silence reaches. ``two_voices`` is the evidence per frame from which on there are two
    voices (of 12 telephone lines with one speaker 1 exceeded it, of 18 pairs none fell below), each
    of at least ``min_voice_s``; below ``min_speech_s`` of speech one voice is assumed.
    """

    features: FeatureOptions = field(default_factory=FeatureOptions)
    join_s: float = 0.12
    max_stretch_s: float = 2.0
    n_axes: int = 4
    n_starts: int = 10
    n_codewords: int = 96
    n_books: int = 3
    max_frames: int = 12_000
    prior_frames: float = 120.0
    weight: float = 0.3
    change_cost: float = 10.0
    pause_cost: float = 4.0
    rounds: int = 5
    unsure: float = 3.0
    min_uncertain_s: float = 0.1
    changeover_s: float = 0.15
    two_voices: float = 0.55
    min_voice_s: float = 1.0
    min_speech_s: float = 4.0


@dataclass(frozen=True)
class Separation:
    """``voices[v]`` is where voice ``v`` speaks; voice 0 speaks first; one entry per voice.

    ``overlapped`` are changes of voice without a silence between them, where both may speak at
    once; ``uncertain`` is speech that could be either's. Both are also part of ``voices``.
    ``confidence`` 0…1 is how far apart the voices are; 0 where there is but one.
    """

    voices: tuple[tuple[Interval, ...], ...]
    overlapped: tuple[Interval, ...] = ()
    uncertain: tuple[Interval, ...] = ()
    confidence: float = 0.0

    @property
    def n_voices(self) -> int:
        """0 without speech, else 1 or 2."""
        return len(self.voices)


@dataclass(frozen=True)
class _Speech:
    """Frames of speech ``[n]``, their stretch, ``codewords`` in each codebook ``[n_books, n]``,
    and the cost of a change of voice before each.
    """

    frames: _IntArray
    stretch: _IntArray
    codewords: _IntArray
    cost: FloatArray


def separate(
    audio: Audio,
    speech: Sequence[Interval],
    *,
    options: SeparationOptions | None = None,
) -> Separation:
    """Divide the speech of a one-channel recording between two voices.

    Args:
        audio: the recording; only channel 0 is heard.
        speech: where anybody speaks, in order of time.
        options: how.

    Returns:
        Voices whose union is ``speech`` to the nearest 10 ms.
    """
    options = options or SeparationOptions()
    frames, stretch = sf.speech_frames(
        speech, audio.duration_s, join_s=options.join_s, max_s=options.max_stretch_s
    )
    if len(frames) * HOP_S < options.min_speech_s:
        return Separation((tuple(speech),) if speech else ())
    found = sf.cepstra(_at_8_khz(audio), frames, options.features)
    if not np.ptp(found, axis=0).any():
        return Separation((tuple(speech),))
    cost = np.where(np.diff(frames, prepend=frames[0]) > 1, options.pause_cost, options.change_cost)
    heard = _Speech(frames, stretch, _codewords(found[:, 1:], options), cost)
    second = _first_guess(found, stretch, options)
    for _ in range(options.rounds):
        evidence = _evidence(second, heard, options)
        lead = _lead(options.weight * evidence, cost)
        second = lead > 0
    return _result(second, lead, evidence, heard, tuple(speech), options)


def _at_8_khz(audio: Audio) -> NDArray[np.float32]:
    samples = audio.channel(0)
    if audio.rate_hz == RATE_HZ:
        return samples
    return np.asarray(soxr.resample(samples, audio.rate_hz, RATE_HZ), np.float32)


def _codewords(found: FloatArray, options: SeparationOptions) -> _IntArray:
    """The nearest of the call's typical frames, in each of several codebooks, ``[n_books, n]``."""
    from scipy.cluster.vq import vq  # slow to import, and most calls have two channels

    scaled = (found - found.mean(0)) / np.maximum(found.std(0), 1e-6)
    some = scaled[:: 1 + len(scaled) // options.max_frames]
    count = min(options.n_codewords, max(2, len(some) // 4))
    seeds = range(options.n_books)
    books = [_k_means(some, count, "points", seed)[0] for seed in seeds]
    return np.array([vq(scaled, book)[0] for book in books], np.intp)


def _first_guess(found: FloatArray, stretch: _IntArray, options: SeparationOptions) -> BoolArray:
    """Frames of the second of two groups of windows."""
    windows = sf.cut(stretch, options.features)
    vectors = sf.describe(found, windows, options.features)
    white = sf.whiten(vectors, windows, n_axes=options.n_axes, shrinkage=options.features.shrinkage)
    second = _two_groups(_stretch_means(white, windows), options.n_starts)
    votes = np.zeros(len(found) + 1)
    np.add.at(votes, windows.start, 2.0 * second - 1)
    np.add.at(votes, windows.stop, 1 - 2.0 * second)
    return np.asarray(np.cumsum(votes)[:-1] > 0)


def _stretch_means(white: FloatArray, windows: Windows) -> FloatArray:
    """Each window's vector replaced by the mean of its stretch: one stretch, mostly one voice."""
    _, index = np.unique(windows.stretch, return_inverse=True)
    sums = np.zeros((index.max() + 1, white.shape[1]))
    np.add.at(sums, index, white)
    return np.asarray((sums / np.bincount(index)[:, None])[index])


def _two_groups(points: FloatArray, n_starts: int) -> BoolArray:
    """The division of points ``[n, n_axes]`` in two with the least spread inside the groups."""
    trials = [_k_means(points, 2, "++", seed) for seed in range(n_starts)]
    spreads = [float(((points - centres[label]) ** 2).sum()) for centres, label in trials]
    return np.asarray(trials[int(np.argmin(spreads))][1] == 1)


def _k_means(
    points: FloatArray, count: int, start: Literal["points", "++"], seed: int
) -> tuple[FloatArray, _IntArray]:
    """Centres and the nearest of them to each point; a centre that nobody is near does no harm."""
    from scipy.cluster.vq import kmeans2

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "One of the clusters is empty")
        centres, nearest = kmeans2(points, count, iter=10, minit=start, rng=seed)
    return centres, np.asarray(nearest, np.intp)


def _evidence(second: BoolArray, heard: _Speech, options: SeparationOptions) -> FloatArray:
    """Log-ratio of each frame's codeword being the second voice's rather than the first's, mean of
    all codebooks, ``[n]``.
    """
    logs = [
        _log_use(second, heard.stretch, book, options)
        - _log_use(~second, heard.stretch, book, options)
        for book in heard.codewords
    ]
    return np.asarray(np.mean(logs, axis=0))


def _log_use(
    voice: BoolArray, stretch: _IntArray, book: _IntArray, options: SeparationOptions
) -> FloatArray:
    """How often, as a logarithm, the voice uses the codeword of each frame in all stretches but
    the frame's own, ``[n]``.
    """
    n_words = int(book.max()) + 1
    key = stretch * n_words + book
    own = np.bincount(key[voice], minlength=int(key.max()) + 1)[key]
    here = np.bincount(stretch[voice], minlength=int(stretch.max()) + 1)[stretch]
    used = np.bincount(book[voice], minlength=n_words)[book] - own
    prior = options.prior_frames * (np.bincount(book) / len(book))[book]
    return np.asarray(np.log((used + prior) / (voice.sum() - here + options.prior_frames)))


def _lead(evidence: FloatArray, cost: FloatArray) -> FloatArray:
    """By how much the best division with a frame in the second voice beats the best one with it in
    the first, ``[n]``: a Viterbi search for two states from both ends.
    """
    backward_cost = np.r_[cost[:1], cost[:0:-1]]
    forward = _running(evidence, cost)
    backward = _running(evidence[::-1], backward_cost)[::-1]
    return np.asarray(forward + backward - evidence)


def _running(evidence: FloatArray, cost: FloatArray) -> FloatArray:
    """Lead up to each frame, ``[n]``, many blocks side by side; what lies further back than the
    margin of a block is forgotten.
    """
    n_blocks = -(-len(evidence) // _BLOCK_FRAMES)
    pad = (_MARGIN_FRAMES, n_blocks * _BLOCK_FRAMES - len(evidence))
    length = _MARGIN_FRAMES + _BLOCK_FRAMES
    lead = sliding_window_view(np.pad(evidence, pad), length)[::_BLOCK_FRAMES].T.copy()
    costs = sliding_window_view(np.pad(cost, pad), length)[::_BLOCK_FRAMES].T
    for t in range(1, length):
        lead[t] += np.clip(lead[t - 1], -costs[t], costs[t])
    return lead[_MARGIN_FRAMES:].T.ravel()[: len(evidence)]


def _result(
    second: BoolArray,
    lead: FloatArray,
    evidence: FloatArray,
    heard: _Speech,
    speech: tuple[Interval, ...],
    options: SeparationOptions,
) -> Separation:
    apart = float(np.mean(np.where(second, evidence, -evidence)))
    shortest = min(second.sum(), (~second).sum()) * HOP_S
    if apart < options.two_voices or shortest < options.min_voice_s:
        return Separation((speech,))
    second ^= second[0]
    unsure = _lasting(np.abs(lead) < options.unsure, heard, options.min_uncertain_s)
    masks = (~second, second, _changeovers(second, heard, options.changeover_s), unsure)
    voice_0, voice_1, overlapped, uncertain = (_spans(m, heard, speech) for m in masks)
    return Separation((voice_0, voice_1), overlapped, uncertain, _confidence(apart, options))


def _confidence(apart: float, options: SeparationOptions) -> float:
    """0 at the limit for two voices, near 1 where it is exceeded four times."""
    return float(1 - np.exp(1 - apart / options.two_voices))


def _changeovers(second: BoolArray, heard: _Speech, reach_s: float) -> BoolArray:
    """Frames near a change of voice with no silence between them and it."""
    at = np.flatnonzero(np.diff(second, prepend=second[0]))
    reach = round(reach_s / HOP_S)
    near = (at[:, None] + np.arange(-reach, reach)).clip(0, len(second) - 1)
    silent = np.cumsum(np.diff(heard.frames, prepend=heard.frames[0]) > 1)
    unbroken = silent[at] == silent[np.maximum(at - 1, 0)]
    mask = np.zeros(len(second), dtype=bool)
    mask[near[(silent[near] == silent[at][:, None]) & unbroken[:, None]]] = True
    return mask


def _lasting(mask: BoolArray, heard: _Speech, min_s: float) -> BoolArray:
    """Runs of ``mask`` within a stretch that last at least ``min_s``."""
    run = _run_numbers(mask, heard)
    return np.asarray(mask & (np.bincount(run)[run] * HOP_S >= min_s))


def _run_numbers(mask: BoolArray, heard: _Speech) -> _IntArray:
    """Number of the run of equal values without silence that each frame lies in, ``[n]``."""
    gap = np.diff(heard.frames, prepend=heard.frames[0]) > 1
    return np.cumsum(gap | np.diff(mask, prepend=mask[0]))


def _spans(mask: BoolArray, heard: _Speech, speech: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Runs of ``mask`` as time; a frame reaches half a hop to both sides of its centre."""
    if not mask.any():
        return ()
    frames = heard.frames[mask]
    edges = np.flatnonzero(np.diff(_run_numbers(mask, heard)[mask])) + 1
    starts, ends = frames[np.r_[0, edges]], frames[np.r_[edges, len(frames)] - 1]
    times = np.stack([starts - 0.5, ends + 0.5], axis=1) * HOP_S
    within = times.clip(speech[0].start_s, speech[-1].end_s)
    return tuple(Interval(float(a), float(b)) for a, b in within)
