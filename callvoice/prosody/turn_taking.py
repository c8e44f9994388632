"""Who speaks when: turns, gaps, overlaps and interruptions between two channels.

A *stretch* is speech of one channel without silences of ``join_s`` or more. A *backchannel* is a
short stretch on its own while the other party has the turn and goes on with it. All other
stretches make *turns*: those of one channel are joined as long as no turn of the other begins
between them. A *gap* is the silence between turns of different channels, an *overlap* a time in
which both speak (the positive and negative floor-transfer offsets of Heldner and Edlund 2010,
Journal of Phonetics 38, 555-568).

Masks are ``[2, n_frames]``, frame ``i`` centred at ``i * hop_s``. Times are in seconds. The
options say what is counted as what; whether it is too much is for others to judge.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from callvoice.prosody.activity import fill_gaps, intervals
from callvoice.prosody.frames import HOP_S
from callvoice.types import Backchannel, BoolArray, Conversation, FloatArray, Gap, Interval, Overlap


@dataclass(frozen=True)
class TurnOptions:
    """What counts as what, all in seconds.

    ``join_s``: silences shorter than this do not end a stretch. ``backchannel_s``: longest short
    acknowledgement, ``within_s``: the same while the other party speaks without a break.
    ``alone_s``: silence of its own party on both sides of it, and longest time from it to the other
    party's speech. ``held_s``: where the other party goes on for so long after it, less silence
    behind it will do: the floor was not taken. ``overlap_s``: shortest overlap. ``turn_end_s``:
    last part of a turn, in which a start is no interruption. ``stop_s``: an interrupted party that
    ends its turn within this time has stopped.
    """

    join_s: float = 0.5
    backchannel_s: float = 0.8
    within_s: float = 1.0
    alone_s: float = 1.0
    held_s: float = 0.2
    overlap_s: float = 0.1
    turn_end_s: float = 0.5
    stop_s: float = 1.5


class TurnSpan(NamedTuple):
    """One turn of one channel; ``backchannel`` where it is only a short acknowledgement."""

    channel: int
    start_s: float
    end_s: float
    backchannel: bool = False


def turns(
    speech: ArrayLike, *, hop_s: float = HOP_S, options: TurnOptions | None = None
) -> tuple[TurnSpan, ...]:
    """Turns and backchannels of both channels in order of their start.

    Args:
        speech: true inside speech, ``[2, n_frames]``.
        hop_s: distance between frames in seconds.
        options: what counts as what.

    Raises:
        ValueError: there are not two channels.
    """
    options = options or TurnOptions()
    return _turns(_stretches(speech, hop_s, options), options)


def conversation(
    speech: ArrayLike, *, hop_s: float = HOP_S, options: TurnOptions | None = None
) -> Conversation:
    """What two channels do between and beside their turns; arguments as for :func:`turns`."""
    options = options or TurnOptions()
    stretches = _stretches(speech, hop_s, options)
    spans = _turns(stretches, options)
    return Conversation(
        separate=True,
        gaps=_gaps(spans),
        overlaps=_overlaps(stretches, spans, options),
        backchannels=tuple(
            Backchannel(s.start_s, s.end_s, s.channel) for s in spans if s.backchannel
        ),
    )


def floor_transfers(spans: tuple[TurnSpan, ...]) -> tuple[tuple[float, int, int], ...]:
    """``(offset_s, from_channel, to_channel)`` of each change of the turn, with an offset below
    zero where the new turn began before the old one had ended.
    """
    return tuple((b.start_s - a.end_s, a.channel, b.channel) for a, b in _changes(spans))


def _stretches(
    speech: ArrayLike, hop_s: float, options: TurnOptions
) -> tuple[tuple[Interval, ...], ...]:
    """Speech of each channel with short silences filled."""
    mask: BoolArray = np.asarray(speech, dtype=bool)
    if mask.ndim != 2 or len(mask) != 2:
        raise ValueError(f"two channels of frames are needed, not the shape {mask.shape}")
    n = round(options.join_s / hop_s)
    return tuple(intervals(fill_gaps(channel, n), hop_s=hop_s) for channel in mask)


def _turns(
    stretches: tuple[tuple[Interval, ...], ...], options: TurnOptions
) -> tuple[TurnSpan, ...]:
    """Stretches told apart into backchannels and the parts of turns, the latter joined."""
    short = [
        _backchannels(stretches[channel], stretches[1 - channel], options) for channel in (0, 1)
    ]
    spans = sorted(
        (
            TurnSpan(channel, s.start_s, s.end_s, bool(flag))
            for channel in (0, 1)
            for s, flag in zip(stretches[channel], short[channel], strict=True)
        ),
        key=_time,
    )
    aside = [s for s in spans if s.backchannel]
    return tuple(sorted(_joined([s for s in spans if not s.backchannel]) + aside, key=_time))


def _time(span: TurnSpan | Interval) -> tuple[float, float]:
    """Order of time; of two that begin together the longer one is first."""
    return span.start_s, -span.end_s


def _backchannels(
    own: tuple[Interval, ...], other: tuple[Interval, ...], options: TurnOptions
) -> BoolArray:
    """Which stretches are short, alone in their channel, and have the other party's speech
    begin before them and end after them, ``[len(own)]``.
    """
    starts, ends = _edges(own)
    other_starts, other_ends = (np.pad(e, 1, constant_values=np.nan) for e in _edges(other))
    alone = np.full(len(own), True)
    silence = starts[1:] - ends[:-1] >= options.alone_s
    within = _within(starts, ends, other, options)
    alone[1:] &= silence
    alone[:-1] &= silence | within[:-1]
    before = np.searchsorted(other_starts[1:-1], starts)  # in the padded arrays
    after = np.searchsorted(other_ends[1:-1], ends, side="right") + 1
    held = (other_ends[before] > starts - options.alone_s) & (
        other_starts[after] < ends + options.alone_s
    )
    longest = np.where(within, options.within_s, options.backchannel_s)
    return np.asarray((ends - starts <= longest + 1e-9) & alone & held)


def _within(
    starts: FloatArray, ends: FloatArray, other: tuple[Interval, ...], options: TurnOptions
) -> BoolArray:
    """Which stretches lie in one stretch of the other party's that goes on after them."""
    if not other:
        return np.zeros(len(starts), bool)
    other_starts, other_ends = _edges(other)
    last = np.maximum(np.searchsorted(other_starts, starts, side="right") - 1, 0)
    return np.asarray((other_starts[last] <= starts) & (other_ends[last] >= ends + options.held_s))


def _edges(stretches: tuple[Interval, ...]) -> tuple[FloatArray, FloatArray]:
    """Starts and ends, in seconds."""
    return np.array([s.start_s for s in stretches]), np.array([s.end_s for s in stretches])


def _joined(spans: list[TurnSpan]) -> list[TurnSpan]:
    """Consecutive spans of one channel made one."""
    turns: list[TurnSpan] = []
    for span in spans:
        if turns and turns[-1].channel == span.channel:
            turns[-1] = turns[-1]._replace(end_s=span.end_s)
        else:
            turns.append(span)
    return turns


def _changes(spans: tuple[TurnSpan, ...]) -> list[tuple[TurnSpan, TurnSpan]]:
    """Turns of different channels that follow each other. Neither backchannels nor what lies
    inside an earlier turn takes the floor.
    """
    floor: list[TurnSpan] = []
    for span in spans:
        if not span.backchannel and (not floor or span.end_s > floor[-1].end_s):
            floor.append(span)
    return [(a, b) for a, b in pairwise(floor) if a.channel != b.channel]


def _gaps(spans: tuple[TurnSpan, ...]) -> tuple[Gap, ...]:
    """Silences between turns of different channels."""
    return tuple(
        Gap(a.end_s, b.start_s, a.channel, b.channel)
        for a, b in _changes(spans)
        if b.start_s > a.end_s
    )


def _overlaps(
    stretches: tuple[tuple[Interval, ...], ...],
    spans: tuple[TurnSpan, ...],
    options: TurnOptions,
) -> tuple[Overlap, ...]:
    """Times in which both parties speak."""
    by_channel = [[s for s in spans if s.channel == channel] for channel in (0, 1)]
    return tuple(
        _overlap(a, b, by_channel, options)
        for a, b in _crossing(*stretches)
        if min(a.end_s, b.end_s) - max(a.start_s, b.start_s) >= options.overlap_s - 1e-9
    )


def _crossing(
    first: tuple[Interval, ...], second: tuple[Interval, ...]
) -> list[tuple[Interval, Interval]]:
    """Pairs of stretches of the two channels that overlap, in order."""
    ends = [s.end_s for s in second]
    pairs = []
    for a in first:
        for b in second[bisect_right(ends, a.start_s) :]:
            if b.start_s >= a.end_s:
                break
            pairs.append((a, b))
    return pairs


def _overlap(
    first: Interval, second: Interval, spans: list[list[TurnSpan]], options: TurnOptions
) -> Overlap:
    """Who came second, whether into the other's turn, and how it went on."""
    start_s, end_s = max(first.start_s, second.start_s), min(first.end_s, second.end_s)
    by = int(_time(second) >= _time(first))
    mine, theirs = (_at(spans[channel], start_s) for channel in (by, 1 - by))
    left_s = theirs.end_s - start_s
    inside = theirs.start_s < start_s and left_s > options.turn_end_s
    stopped = left_s <= options.stop_s and mine.end_s > theirs.end_s
    return Overlap(start_s, end_s, by, inside and not mine.backchannel, stopped)


def _at(spans: list[TurnSpan], time_s: float) -> TurnSpan:
    """The span that is going on at a time at which there is speech."""
    begun = bisect_right(spans, time_s, key=lambda s: s.start_s)
    return next(s for s in reversed(spans[:begun]) if s.end_s > time_s)
