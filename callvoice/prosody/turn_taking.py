"""Who speaks when: turns, gaps, overlaps and interruptions between two channels.

A *stretch* is speech of one channel without a silence of ``join_s``. A *backchannel* is a short
stretch on its own during the other party's turn, after which the other goes on. All other
stretches make *turns*: those of one channel are joined as long as no turn of the other stands
between them. A *gap* is the silence between the turns of different channels (a positive floor-
transfer offset; Heldner and Edlund 2010), an *overlap* a time in which both speak.

Masks are ``[2, n_frames]``; frame ``i`` begins at ``i * hop_s``. Times are in seconds. The options
say what is counted; whether it is too much is for others to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from callvoice.prosody.activity import fill_gaps, intervals
from callvoice.types import BoolArray, Conversation, Gap, Overlap


@dataclass(frozen=True)
class TurnOptions:
    """What counts as what.

    ``join_s`` silences shorter than this do not end a stretch of speech; ``backchannel_s`` longest
    short acknowledgement; ``alone_s`` silence of its speaker on both sides of it; ``overlap_s``
    shortest overlap that is reported; ``turn_end_s`` last part of a turn in which a start is no
    interruption; ``stop_s`` time within which an interrupted party has to fall silent to have
    stopped, and stays silent.
    """

    join_s: float = 0.5
    backchannel_s: float = 1.0
    alone_s: float = 1.0
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
    speech: ArrayLike, *, hop_s: float = 0.01, options: TurnOptions = TurnOptions()
) -> tuple[TurnSpan, ...]:
    """Turns and backchannels of both channels in order of their start.

    Args:
        speech: true inside speech, ``[2, n_frames]``.
        hop_s: distance between frames.
        options: what counts as what.
    """
    spans = _stretches(_masks(speech), hop_s, options)
    spans = [s._replace(backchannel=_is_backchannel(s, spans, options)) for s in spans]
    return tuple(sorted(_joined(spans), key=lambda s: (s.start_s, s.end_s)))


def conversation(
    speech: ArrayLike, *, hop_s: float = 0.01, options: TurnOptions = TurnOptions()
) -> Conversation:
    """Gaps and overlaps between two channels; arguments as for :func:`turns`."""
    mask = _masks(speech)
    found = turns(mask, hop_s=hop_s, options=options)
    return Conversation(
        separate=True, gaps=_gaps(found), overlaps=_overlaps(mask, found, hop_s, options)
    )


def floor_transfers(spans: tuple[TurnSpan, ...]) -> tuple[tuple[float, int, int], ...]:
    """``(offset_s, from_channel, to_channel)`` of each change of the turn, offset below zero where
    the new turn began before the old one had ended."""
    floor = _without_inner(spans)
    return tuple(
        (b.start_s - a.end_s, a.channel, b.channel)
        for a, b in zip(floor, floor[1:], strict=False)
        if a.channel != b.channel
    )


def _masks(speech: ArrayLike) -> BoolArray:
    """``speech`` as booleans, or ValueError unless there are two channels."""
    mask = np.asarray(speech, dtype=bool)
    if mask.ndim != 2 or len(mask) != 2:
        raise ValueError(f"two channels of frames are needed, got shape {mask.shape}")
    return mask


def _stretches(mask: BoolArray, hop_s: float, options: TurnOptions) -> list[TurnSpan]:
    """Speech of each channel with short silences filled, in order of start."""
    spans = [
        TurnSpan(channel, i.start_s, i.end_s)
        for channel in (0, 1)
        for i in intervals(fill_gaps(mask[channel], round(options.join_s / hop_s)), hop_s=hop_s)
    ]
    return sorted(spans, key=lambda s: (s.start_s, s.end_s))


def _is_backchannel(span: TurnSpan, spans: list[TurnSpan], options: TurnOptions) -> bool:
    """Whether a short stretch stands alone in its channel while the other party goes on."""
    if span.end_s - span.start_s > options.backchannel_s:
        return False
    near = [s for s in spans if s is not span and _distance(s, span) < options.alone_s]
    others = [s for s in near if s.channel != span.channel]
    before = any(s.start_s < span.start_s for s in others)
    after = any(s.end_s > span.end_s for s in others)
    return before and after and len(others) == len(near)


def _distance(a: TurnSpan, b: TurnSpan) -> float:
    """Silence between two spans, below zero where they overlap."""
    return max(a.start_s, b.start_s) - min(a.end_s, b.end_s)


def _joined(spans: list[TurnSpan]) -> list[TurnSpan]:
    """Stretches of one channel joined into turns as long as no turn of the other lies between."""
    out = [s for s in spans if s.backchannel]
    floor: list[TurnSpan] = []
    for span in (s for s in spans if not s.backchannel):
        if floor and floor[-1].channel == span.channel:
            floor[-1] = floor[-1]._replace(end_s=max(floor[-1].end_s, span.end_s))
        else:
            floor.append(span)
    return out + floor


def _without_inner(spans: tuple[TurnSpan, ...]) -> list[TurnSpan]:
    """The turns that take the floor: neither backchannels nor wholly inside an earlier turn."""
    kept: list[TurnSpan] = []
    for span in spans:
        if not span.backchannel and (not kept or span.end_s > kept[-1].end_s):
            kept.append(span)
    return kept


def _gaps(spans: tuple[TurnSpan, ...]) -> tuple[Gap, ...]:
    """Silences between turns of different channels."""
    floor = _without_inner(spans)
    return tuple(
        Gap(a.end_s, b.start_s, a.channel, b.channel)
        for a, b in zip(floor, floor[1:], strict=False)
        if a.channel != b.channel and b.start_s > a.end_s
    )


def _overlaps(
    mask: BoolArray, spans: tuple[TurnSpan, ...], hop_s: float, options: TurnOptions
) -> tuple[Overlap, ...]:
    """Times in which both channels speak, with who came second and how it went on."""
    filled = np.array([fill_gaps(m, round(options.join_s / hop_s)) for m in mask])
    both = intervals(filled.all(axis=0), hop_s=hop_s)
    long = [o for o in both if o.end_s - o.start_s >= options.overlap_s - 1e-9]
    starts = [_run_starts(m, hop_s) for m in filled]
    return tuple(_overlap(o.start_s, o.end_s, starts, spans, options) for o in long)


def _run_starts(mask: BoolArray, hop_s: float) -> NDArray[np.float64]:
    return np.array([i.start_s for i in intervals(mask, hop_s=hop_s)])


def _overlap(
    start_s: float,
    end_s: float,
    starts: list[NDArray[np.float64]],
    spans: tuple[TurnSpan, ...],
    options: TurnOptions,
) -> Overlap:
    """One overlap judged by the turns around it."""
    latest = [s[np.searchsorted(s, start_s + 1e-9) - 1] for s in starts]
    by = int(latest[1] >= latest[0])
    mine = _at(spans, by, start_s)
    theirs = _at(spans, 1 - by, start_s)
    inside = theirs is not None and theirs.start_s < start_s
    left = theirs.end_s - start_s if theirs is not None else 0.0
    interruption = bool(
        inside and mine is not None and not mine.backchannel and left > options.turn_end_s
    )
    stopped = left <= options.stop_s and mine is not None and mine.end_s > start_s + left
    return Overlap(start_s, end_s, by, interruption, bool(stopped))


def _at(spans: tuple[TurnSpan, ...], channel: int, time_s: float) -> TurnSpan | None:
    """The turn or backchannel of a channel at a time."""
    hits = (s for s in spans if s.channel == channel and s.start_s <= time_s + 1e-9 < s.end_s)
    return next(hits, None)
