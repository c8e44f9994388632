"""Everything the store holds of one call."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import Table, select

from callvoice.store.core import Store
from callvoice.store.schema import (
    calls,
    failures,
    findings,
    measures,
    reviews,
    strengths,
    turns,
    verdicts,
    work,
)

Row = dict[str, Any]


class Shown(Struct, frozen=True):
    """One call: its row, the rows that belong to it, and the names of its artefacts."""

    call: Row
    verdicts: list[Row]
    findings: list[Row]
    strengths: list[Row]
    measures: list[Row]
    turns: list[Row]
    reviews: list[Row]
    failures: list[Row]
    artefacts: tuple[str, ...]


def show(store: Store, call_id: str) -> Shown | None:
    """One call by its id, None where there is none (see :func:`callvoice.store.scope.find`)."""
    with store.reading() as connection:
        call = (
            connection.execute(select(calls).where(calls.c.call_id == call_id)).mappings().first()
        )
        if call is None:
            return None

        def rows(table: Table) -> list[Row]:
            keys = [c for c in table.primary_key.columns if c.name != "call"]
            query = select(*(c for c in table.c if c.name != "call"))
            query = query.where(table.c.call == call["id"]).order_by(*keys)
            return [dict(row) for row in connection.execute(query).mappings()]

        tried = select(failures).join(work).where(work.c.call_id == call_id).order_by(failures.c.id)
        return Shown(
            call=dict(call),
            verdicts=rows(verdicts),
            findings=rows(findings),
            strengths=rows(strengths),
            measures=rows(measures),
            turns=rows(turns),
            reviews=rows(reviews),
            failures=[dict(row) for row in connection.execute(tried).mappings()],
            artefacts=store.artefacts.names(call_id),
        )
