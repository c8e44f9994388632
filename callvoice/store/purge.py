"""Calls removed for good, and the proof of it.

Rows are overwritten with zeros (``secure_delete``) and the file is rebuilt, so that nothing of
them is left in free pages or in the log of a workspace's database; PostgreSQL is vacuumed, its own
log and any copies are its administrator's matter. Artefacts are unlinked. Afterwards every table
and the artefacts are searched for what was to go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    and_,
    cast,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from callvoice.store.core import Store
from callvoice.store.records import present
from callvoice.store.schema import RESULTS, calls, reviews, runs, work
from callvoice.store.scope import DAY, id_of

_CHUNK = 500
_PATIENCE_MS = 2_000  # others may be at work for hours; the rows are gone either way


@dataclass(frozen=True)
class Choice:
    """What is to go; any of these is enough.

    ``before``: calls of an earlier day. ``agents``: names or pseudonyms. ``calls``: ids, hashes or
    file names. ``objections``: any of the latter two, or ``column=value`` of a manifest's further
    columns, as lines of a list of people who object.
    """

    before: date | None = None
    agents: Sequence[str] = ()
    calls: Sequence[str] = ()
    objections: Sequence[str] = ()


class Proof(Struct, frozen=True):
    """What was removed, when, and what of it was still found afterwards (nothing, if all is well).

    ``rows`` counts the rows removed from each table, ``waiting`` the tasks that had no result yet.
    """

    at: datetime
    calls: list[str]
    rows: dict[str, int]
    artefacts: int
    waiting: int
    left_rows: int
    left_artefacts: int
    rebuilt: bool

    @property
    def complete(self) -> bool:
        """Whether nothing is left."""
        return not self.left_rows and not self.left_artefacts


def read_objections(text: str) -> list[str]:
    """The lines of a list; blank ones and those that begin with # say nothing."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def matching(store: Store, choice: Choice) -> list[str]:
    """Ids of the calls that would go, sorted."""
    with store.reading() as connection:
        found = select(calls.c.call_id).where(_is_meant(store, choice)).order_by(calls.c.call_id)
        return list(connection.scalars(found))


def named(store: Store, choice: Choice) -> list[tuple[str, date, str]]:
    """The calls that would go, as a person knows them: id, day, file name."""
    wanted = select(calls.c.call_id, DAY, calls.c.source).where(_is_meant(store, choice))
    with store.reading() as connection:
        found = connection.execute(wanted.order_by(calls.c.call_id))
        return [(call_id, day, source) for call_id, day, source in found]


def n_waiting(store: Store, choice: Choice) -> int:
    """How many tasks without a result would go."""
    counted = select(func.count()).select_from(work).where(_is_waiting(store, choice))
    with store.reading() as connection:
        return connection.scalar(counted) or 0


def purge(store: Store, choice: Choice) -> Proof:
    """Remove what ``choice`` means, check that it is gone, and note the purge (without names).

    Raises:
        StoreUnavailable: something could not be removed; say it again to go on.
    """
    gone = matching(store, choice)
    with store.writing() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")
        numbers = _numbers(connection, gone)
        rows = _delete_rows(connection, gone, numbers)
        waiting = connection.execute(
            delete(work).where(_is_waiting(store, choice)).returning(work.c.call_id)
        ).all()
        heard = {call_id for (call_id,) in waiting if call_id}
        unfinished = sorted(heard - present(connection, sorted(heard)))
        if gone or waiting:
            _forget_failures(connection)
    things = [*gone, *unfinished]  # a call without a result may have been heard already
    artefacts = sum(store.artefacts.delete(call_id) for call_id in things)
    rebuilt = _rebuild(store)
    proof = Proof(
        at=datetime.now(UTC),
        calls=gone,
        rows=rows,
        artefacts=artefacts,
        waiting=len(waiting),
        left_rows=_left(store, gone, numbers),
        left_artefacts=sum(len(store.artefacts.names(call_id)) for call_id in things),
        rebuilt=rebuilt,
    )
    _note(store, proof)
    return proof


def _forget_failures(connection: Connection) -> None:
    """Earlier runs keep how many calls failed, but not which: there may be names among them."""
    for number, summary in connection.execute(select(runs.c.id, runs.c.summary)).all():
        if summary and summary.get("failures"):
            connection.execute(
                update(runs).where(runs.c.id == number).values(summary={**summary, "failures": []})
            )


def _is_meant(store: Store, choice: Choice) -> ColumnElement[bool]:
    conditions = [_by_name(name) for name in (*choice.calls, *choice.objections)]
    conditions += [_has(calls.c.details, line) for line in choice.objections if "=" in line]
    agents = [store.pseudonyms(name) for name in (*choice.agents, *choice.objections)]
    conditions.append(calls.c.agent.in_([agent for agent in agents if agent]))
    if choice.before is not None:
        conditions.append(choice.before > DAY)
    return or_(false(), *conditions)


def _by_name(name: str) -> ColumnElement[bool]:
    return or_(calls.c.call_id == id_of(name), calls.c.source == name)


def _has(details: ColumnElement[Any], line: str) -> ColumnElement[bool]:
    """Whether a further column of the manifest has the value that ``column=value`` names."""
    column, _, value = line.partition("=")
    name = column.strip().lower()  # as manifests are read
    return cast(details[name].as_string(), String) == value.strip()


def _is_waiting(store: Store, choice: Choice) -> ColumnElement[bool]:
    """Tasks without a result that belong to what is to go."""
    agents = [store.pseudonyms(name) for name in (*choice.agents, *choice.objections)]
    conditions: list[ColumnElement[bool]] = [
        work.c.agent.in_([agent for agent in agents if agent]),
    ]
    for name in (*choice.calls, *choice.objections):
        conditions += [work.c.source == name, work.c.call_id == id_of(name)]
        conditions += [work.c.source.endswith(f"{mark}{name}", autoescape=True) for mark in "/\\"]
    conditions += [_has(work.c.details, line) for line in choice.objections if "=" in line]
    if choice.before is not None:
        conditions.append(work.c.day < choice.before)
    return and_(work.c.state != "done", or_(*conditions))


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK))


def _numbers(connection: Connection, call_ids: Sequence[str]) -> list[int]:
    found: list[int] = []
    for chunk in _chunks(call_ids):
        found += connection.scalars(select(calls.c.id).where(calls.c.call_id.in_(chunk)))
    return found


def _delete_rows(
    connection: Connection, call_ids: Sequence[str], numbers: Sequence[int]
) -> dict[str, int]:
    """Children by name, although they would go with the call: so that they can be counted."""
    counts: dict[str, int] = {}
    for table in (*RESULTS, reviews, calls):
        column = calls.c.id if table is calls else table.c.call
        counts[table.name] = sum(
            connection.execute(delete(table).where(column.in_(chunk))).rowcount
            for chunk in _chunks(numbers)
        )
    counts["work"] = sum(
        connection.execute(delete(work).where(work.c.call_id.in_(chunk))).rowcount
        for chunk in _chunks(call_ids)
    )
    return counts


def _rebuild(store: Store) -> bool:
    """Write the database anew without what was in it; false where others are at it."""
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        if store.engine.dialect.name == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
            cursor.execute("VACUUM")
            return bool(cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        connection.driver_connection.autocommit = True  # type: ignore[union-attr]
        cursor.execute("VACUUM")
    except store.engine.dialect.loaded_dbapi.OperationalError:
        return False
    else:
        return True
    finally:
        connection.invalidate()  # its settings are for this alone


def _left(store: Store, call_ids: Sequence[str], numbers: Sequence[int]) -> int:
    """Rows that still belong to what went."""
    count = 0
    with store.reading() as connection:
        for table in (*RESULTS, reviews, calls):
            column = calls.c.id if table is calls else table.c.call
            for chunk in _chunks(numbers):
                found = select(func.count()).select_from(table).where(column.in_(chunk))
                count += connection.scalar(found) or 0
        for chunk in _chunks(call_ids):
            for named in (calls, work):
                found = select(func.count()).select_from(named).where(named.c.call_id.in_(chunk))
                count += connection.scalar(found) or 0
    return count


def _note(store: Store, proof: Proof) -> None:
    """That calls were removed, how many and from where, but not which."""
    summary = {"calls": len(proof.calls), "rows": proof.rows, "artefacts": proof.artefacts}
    with store.writing() as connection:
        connection.execute(
            insert(runs).values(
                started_at=proof.at,
                ended_at=proof.at,
                host="",
                recipe="purge",
                options={},
                summary={**summary, "complete": proof.complete},
            )
        )
