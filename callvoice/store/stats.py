"""How often each mistake was found: per mistake, queue, week. Small groups are not shown.

A group of fewer than five calls says something about a few people and little about the work; its
numbers are left out. Groups by agent are not offered. Who puts several tables side by side may
still subtract one from another: hand out one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, case, func, null, select

from callvoice.store.core import Store
from callvoice.store.schema import MISTAKES, calls
from callvoice.store.scope import ALL, Scope

SMALLEST = 5
DIMENSIONS: dict[str, ColumnElement[Any]] = {
    "mistake": null(),  # no column: each row of the query tells of all eight
    "queue": calls.c.queue,
    "week": calls.c.week,
    "language": calls.c.language,
    "model": calls.c.model,
    "opening": calls.c.opening,
}


class Group(Struct, frozen=True):
    """Calls with the same ``of``, and in how many of them a mistake was found.

    All numbers are None in a group too small to be shown. ``found_share`` is of the calls that
    could be assessed, None where there are none. Without ``mistake`` in ``of``, ``found`` counts
    calls with any of the eight, ``clear`` those without; calls where nothing could be assessed are
    apart.
    """

    of: dict[str, str | None]
    calls: int | None
    minutes: float | None
    found: int | None
    clear: int | None
    not_assessable: int | None

    @property
    def found_share(self) -> float | None:
        """Found among assessed."""
        if self.found is None or self.clear is None or not self.found + self.clear:
            return None
        return self.found / (self.found + self.clear)


def stats(
    store: Store,
    by: Sequence[str] = ("mistake", "queue", "week"),
    *,
    scope: Scope = ALL,
    smallest: int = SMALLEST,
) -> list[Group]:
    """Groups of calls, sorted by what they are grouped by.

    Raises:
        ValueError: an unknown dimension.
    """
    unknown = [name for name in by if name not in DIMENSIONS]
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known: {', '.join(DIMENSIONS)}")
    with store.reading() as connection:
        rows = connection.execute(_query(by, scope)).all()
    groups = [group for row in rows if row[-1] is not None for group in _groups(by, row, smallest)]
    return sorted(groups, key=lambda group: [value or "" for value in group.of.values()])


def _query(by: Sequence[str], scope: Scope) -> Select[Any]:
    """One row a group: its dimensions, calls, seconds, then found and clear by :func:`_kinds`."""
    columns = [DIMENSIONS[name] for name in by if name != "mistake"]
    counts = [part for kind in _kinds(by) for part in kind]
    query = select(*columns, func.count(), func.sum(calls.c.duration_s), *counts)
    return query.where(*scope.conditions).group_by(*columns)


def _kinds(by: Sequence[str]) -> list[tuple[Any, Any]]:
    """How many calls are found and clear: for each mistake, or for any of them."""
    found, clear = calls.c.found_bits, calls.c.clear_bits
    if "mistake" in by:
        numbers = range(len(MISTAKES))
        return [(_add_up(found, number), _add_up(clear, number)) for number in numbers]
    any_clear = case(((found == 0) & (clear != 0), 1), else_=0)
    return [(func.sum(case((found != 0, 1), else_=0)), func.sum(any_clear))]


def _add_up(bits: ColumnElement[int], number: int) -> Any:
    return func.sum(bits.bitwise_rshift(number).bitwise_and(1))


def _groups(by: Sequence[str], row: Any, smallest: int) -> Iterator[Group]:
    """The groups of one row: one for each mistake, or one."""
    others = [name for name in by if name != "mistake"]
    of: dict[str, str | None] = {
        name: _label(value) for name, value in zip(others, row, strict=False)
    }
    count, seconds, *counts = row[len(others) :]
    mistakes = MISTAKES if "mistake" in by else (None,)
    for mistake, found, clear in zip(mistakes, counts[::2], counts[1::2], strict=True):
        named = {name: mistake if name == "mistake" else of[name] for name in by}
        if count < smallest:
            yield Group(named, None, None, None, None, None)
        else:
            minutes = round(seconds / 60, 1)
            yield Group(named, count, minutes, int(found), int(clear), int(count - found - clear))


def _label(value: date | str | None) -> str | None:
    """Weeks as ISO 8601 writes them: 2026-W47."""
    if isinstance(value, date):
        year, week, _ = value.isocalendar()
        return f"{year}-W{week:02d}"
    return value
