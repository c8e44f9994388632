"""Edges of words at pauses, moved to where the sound says that speech begins and ends.

A recogniser's word times follow from its attention; next to a pause they may be half a second off.
Inside speech they stay as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from callvoice.types import Interval, Word


@dataclass(frozen=True)
class EdgeOptions:
    """Silences of ``pause_s`` and more part speech; an edge moves outwards by ``reach_s`` at
    most. No word is made shorter than ``min_word_s``.
    """

    pause_s: float = 0.15
    reach_s: float = 0.5
    min_word_s: float = 0.04


def snapped(
    words: Sequence[Word], speech: Sequence[Interval], *, options: EdgeOptions | None = None
) -> tuple[Word, ...]:
    """Words inside speech; the first and last of each stretch begin and end with it.

    Args:
        words: of one channel, in order of time.
        speech: of that channel, in order of time.
        options: how.

    Returns:
        As many words, in the same order; starts and ends never go backwards.
    """
    options = options or EdgeOptions()
    stretches = _stretches(speech, options.pause_s)
    if not stretches or not words:
        return tuple(words)
    homes = np.maximum.accumulate([_home(word, stretches) for word in words])
    first = np.diff(homes, prepend=-1) > 0
    last = np.diff(homes, append=len(stretches)) > 0
    out: list[Word] = []
    at_s = 0.0
    for word, home, begins, ends in zip(words, homes, first, last, strict=True):
        stretch = stretches[home]
        start, end = max(word.start_s, stretch.start_s), min(word.end_s, stretch.end_s)
        if begins and start - stretch.start_s < options.reach_s:
            start = stretch.start_s
        if ends and stretch.end_s - end < options.reach_s:
            end = stretch.end_s
        start = max(min(start, stretch.end_s - options.min_word_s), at_s)
        end = max(end, start + options.min_word_s)
        out.append(replace(word, start_s=round(start, 3), end_s=round(end, 3)))
        at_s = start
    return tuple(out)


def _stretches(speech: Sequence[Interval], pause_s: float) -> list[Interval]:
    out: list[Interval] = []
    for interval in speech:
        if out and interval.start_s - out[-1].end_s < pause_s:
            out[-1] = Interval(out[-1].start_s, interval.end_s)
        else:
            out.append(interval)
    return out


def _home(word: Word, stretches: Sequence[Interval]) -> int:
    """The stretch that shares most time with a word, or else is nearest to it."""
    shared = [min(word.end_s, s.end_s) - max(word.start_s, s.start_s) for s in stretches]
    return int(np.argmax(shared))
