"""Limits that do what a mapping does: where half of the listeners agree, moved into the measures.

A score is a logistic of measures against their limits in units of their scale, so asking for a
higher raw score is the same as moving every such limit by ``scale · logit(raw)``. Which limits
those are, and which way, is not written down a second time here: each is moved by one scale, the
calls are judged again, and it is such a limit if scores move by one logit and no other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from callvoice.mistakes import JUDGES
from callvoice.settings import Limit, Settings, allowed_range, logit
from callvoice.types import Facts, MistakeId, Verdict

_INSIDE = (0.05, 0.95)  # where scores of three digits still show a logit to 0.01
_SLACK = 0.03
_WORTH_SAYING = 0.05  # logit; less would not move a limit that anybody could name


@dataclass(frozen=True)
class Suggestion:
    """Values of limits by name, and how many of the calls they judge as the mapping would."""

    values: dict[str, float]
    n_same: int
    n_calls: int


def suggest(
    mistake: MistakeId, calls: Sequence[Facts], settings: Settings, at: float
) -> Suggestion | None:
    """Limits with which a mistake is found from the raw score ``at`` on; None if these will do."""
    shift = logit(at)
    if abs(shift) < _WORTH_SAYING:
        return None
    own = settings.limits[mistake]
    before = _scores(mistake, calls, settings)
    values = {}
    for name, limit in own.items():
        moved = _scores(mistake, calls, _with(settings, mistake, {name: limit.value + limit.scale}))
        if way := _way(before, moved):
            values[name] = _inside_range(name, limit, limit.value - way * shift * limit.scale)
    if not values:
        return None
    after = _scores(mistake, calls, _with(settings, mistake, values))
    same = [
        (old >= at) == (new >= 0.5)
        for old, new in zip(before, after, strict=True)
        if old is not None and new is not None
    ]
    return Suggestion(values, sum(same), len(same))


def _way(before: Sequence[float | None], after: Sequence[float | None]) -> int:
    """1 if scores rise by one logit with the limit, −1 if they fall, 0 if anything else happens."""
    moves = [
        logit(new) - logit(old)
        for old, new in zip(before, after, strict=True)
        if old is not None
        and new is not None
        and _INSIDE[0] < min(old, new)
        and max(old, new) < _INSIDE[1]
    ]
    ways = {round(move) for move in moves if abs(move) > _SLACK}
    exact = all(min(abs(move), abs(abs(move) - 1)) <= _SLACK for move in moves)
    return ways.pop() if exact and len(ways) == 1 else 0


def _scores(
    mistake: MistakeId, calls: Sequence[Facts], settings: Settings
) -> tuple[float | None, ...]:
    judge = dict(JUDGES)[mistake]
    limits = settings.limits_of(mistake)
    verdicts: list[Verdict] = [judge(facts, limits) for facts in calls]
    return tuple(verdict.score for verdict in verdicts)


def _with(settings: Settings, mistake: MistakeId, values: dict[str, float]) -> Settings:
    limits = dict(settings.limits[mistake])
    limits.update({name: replace(limits[name], value=value) for name, value in values.items()})
    return replace(settings, limits={**settings.limits, mistake: limits}, calibration=None)


def _inside_range(name: str, limit: Limit, value: float) -> float:
    lowest, highest = allowed_range(name, limit.unit)
    bounded = max(value, lowest) if highest is None else min(max(value, lowest), highest)
    return round(bounded, 3)
