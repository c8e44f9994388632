"""Which calls: by day, by queue, by what a person calls them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Date, func, or_, select, type_coerce

from callvoice.store.core import Store
from callvoice.store.schema import calls

DAY: ColumnElement[date] = type_coerce(
    func.coalesce(calls.c.day, func.date(calls.c.analysed_at)), Date
)
"""The day of a call; where nobody told it, the day on which it was analysed (UTC)."""


@dataclass(frozen=True)
class Scope:
    """Calls from ``since`` to ``until``, both included, of one queue; None: no bound."""

    since: date | None = None
    until: date | None = None
    queue: str | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """For a query on ``calls``."""
        bounds: list[ColumnElement[bool] | None] = [
            None if self.since is None else self.since <= DAY,
            None if self.until is None else self.until >= DAY,
            None if self.queue is None else calls.c.queue == self.queue,
        ]
        return [bound for bound in bounds if bound is not None]


ALL = Scope()


def id_of(name: str) -> str:
    """The call id that a name stands for, if it is one or the hash of a recording."""
    return name[:16] if len(name) == 64 else name


def find(store: Store, name: str) -> list[str]:
    """Ids of the calls that ``name`` may mean: an id or four and more digits of its beginning, the
    hash of the recording, or the recording's file name. At most ten.
    """
    exact = select(calls.c.call_id).where(
        or_(calls.c.call_id == id_of(name), calls.c.source == name)
    )
    with store.reading() as connection:
        found = list(connection.scalars(exact.order_by(calls.c.call_id).limit(10)))
        if found or len(name) < 4:
            return found
        after = name[:-1] + chr(ord(name[-1]) + 1)  # the range is what an index can answer
        begins = select(calls.c.call_id).where(calls.c.call_id >= name, calls.c.call_id < after)
        return list(connection.scalars(begins.order_by(calls.c.call_id).limit(10)))
