"""Edges of words at pauses, moved to where the sound says that speech begins and ends.

A recogniser's word times follow from its attention; next to a pause they may be half a second off.
Inside speech they stay as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from msgspec.structs import replace

from callvoice.types import Interval, Word


@dataclass(frozen=True)
class EdgeOptions:
    """Silences of ``pause_s`` and more part speech; an edge moves outwards by ``reach_s`` at
    most. No word is made shorter than ``min_word_s``. The release of a last consonant, too weak to
    be found as speech on the telephone, belongs to its word: ``release_s``, half of a pause at
    most.
    """

    pause_s: float = 0.15
    reach_s: float = 0.5
    min_word_s: float = 0.04
    release_s: float = 0.04


def snapped(
    words: Sequence[Word], speech: Sequence[Interval], *, options: EdgeOptions | None = None
) -> tuple[Word, ...]:
    """Words inside speech; the first and last of each stretch begin and end with it.

    Args:
        words: of one channel, in order of time.
        speech: of that channel, in order of time.
        options: how.

    Returns:
        As many words, in the same order. Starts never go backwards, nor do ends where those given
        do not.
    """
    options = options or EdgeOptions()
    stretches = _stretches(speech, options)
    if not stretches or not words:
        return tuple(words)
    homes = np.maximum.accumulate([nearest(stretches, word) for word in words])
    first = np.diff(homes, prepend=-1) > 0
    last = np.diff(homes, append=len(stretches)) > 0
    out: list[Word] = []
    at_s = 0.0
    for word, home, begins, ends in zip(words, homes, first, last, strict=True):
        stretch = stretches[home]
        start = min(max(word.start_s, stretch.start_s), stretch.end_s - options.min_word_s)
        if begins and start - stretch.start_s < options.reach_s:
            start = stretch.start_s
        start = max(start, at_s)
        end = max(min(word.end_s, stretch.end_s), start + options.min_word_s)
        if ends and 0 < stretch.end_s - end < options.reach_s:
            end = stretch.end_s
        out.append(replace(word, start_s=round(start, 3), end_s=round(end, 3)))
        at_s = start
    return tuple(out)


def nearest(stretches: Sequence[Interval], word: Word) -> int:
    """Which stretch shares most time with a word, or else is nearest to it.

    Args:
        stretches: in order of time, at least one.
        word: where it was heard.
    """
    # Of hours of speech only the few stretches around the word are compared.
    after = bisect_left(stretches, word.start_s, key=lambda s: s.end_s)
    before = bisect_left(stretches, word.end_s, key=lambda s: s.start_s)
    around = range(max(after - 1, 0), min(before + 1, len(stretches)))
    return max(around, key=lambda k: shared_s(stretches[k], word))


def shared_s(stretch: Interval, word: Word) -> float:
    """Seconds that a word shares with a stretch; negative is the distance between them."""
    return min(word.end_s, stretch.end_s) - max(word.start_s, stretch.start_s)


def _stretches(speech: Sequence[Interval], options: EdgeOptions) -> list[Interval]:
    """Speech without short silences, each stretch with its release."""
    out: list[Interval] = []
    for interval in speech:
        if out and interval.start_s - out[-1].end_s < options.pause_s:
            out[-1] = Interval(out[-1].start_s, interval.end_s)
        else:
            out.append(interval)
    after = [s.start_s for s in out[1:]] + [inf] * bool(out)
    return [
        Interval(s.start_s, min(s.end_s + options.release_s, (s.end_s + start_s) / 2))
        for s, start_s in zip(out, after, strict=True)
    ]
