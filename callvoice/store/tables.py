"""The tables that can be exported, and their columns.

``summary`` has one row a call: the call's columns, the agent's measures (``agent_…``), and status
and score of each mistake (``too_fast_status``, ``too_fast_score``). The others are as they are
stored, with ``call_id`` and ``day`` in front.
"""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import ColumnElement, Select, Table, and_, select

from callvoice.store.schema import calls, findings, measures, reviews, strengths, turns, verdicts
from callvoice.store.scope import DAY, Scope
from callvoice.types import MistakeId

PLAIN: dict[str, Table] = {
    table.name: table for table in (calls, measures, verdicts, findings, strengths, turns, reviews)
}
NAMES = ("summary", *PLAIN)
_NO_MEASURE = {"call", "position", "role", "channel"}
_INNER = {
    "id",
    "call",
    "found_bits",
    "clear_bits",
}


def query(name: str, scope: Scope) -> Select[Any]:
    """The rows of one exported table, by call."""
    columns = _summary() if name == "summary" else _plain(PLAIN[name])
    return columns.where(*scope.conditions).order_by(calls.c.id)


def _plain(table: Table) -> Select[Any]:
    if table is calls:
        return select(*(c for c in calls.c if c.name not in _INNER))
    own = [c for c in table.c if c.name not in _INNER]
    return (
        select(calls.c.call_id, DAY.label("day"), *own)
        .select_from(calls)
        .join(table, table.c.call == calls.c.id)
    )


def _summary() -> Select[Any]:
    columns: list[ColumnElement[Any]] = [c for c in calls.c if c.name not in {*_INNER, "sha256"}]
    agent = measures.alias()
    columns += [
        c.label(f"agent_{c.name}")
        for c in agent.c
        if c.name not in {"call", "position", "role", "channel"}
    ]
    source = calls.outerjoin(agent, and_(agent.c.call == calls.c.id, agent.c.role == "agent"))
    for mistake in get_args(MistakeId):
        verdict = verdicts.alias()
        is_its = and_(verdict.c.call == calls.c.id, verdict.c.mistake == mistake)
        source = source.outerjoin(verdict, is_its)
        columns += [
            verdict.c.status.label(f"{mistake}_status"),
            verdict.c.score.label(f"{mistake}_score"),
        ]
    return select(*columns).select_from(source)
