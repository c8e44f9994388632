"""The work queue: tasks, claims with a lease, attempts.

States of a task: ``open`` (waiting, or claimed while its lease runs), ``done``, ``failed`` (tried,
waits for a person to say *again*), ``poison`` (set aside after three attempts). Every change is one
statement with its condition in it, so two workers can never both succeed. Time is the database's
own clock: several hosts need not agree on theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    RowMapping,
    case,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    update,
)

from callvoice.store.schema import calls, failures, work

MAX_ATTEMPTS = 3
_CHUNK = 500
_OF_CALL = ("agent", "queue", "day", "started_at", "details")
_TOLD = ("source", "duration_s", "language", "call_id", *_OF_CALL)
State = Literal["waiting", "running", "done", "failed", "poison"]


@dataclass(frozen=True, kw_only=True)
class Task:
    """One recording to be analysed in one way.

    ``key`` names the result: hash of the content, of the recipe, of the settings. ``recipe`` tells
    workers which tasks are theirs (model, pipeline). ``agent`` may be a name: only its pseudonym is
    kept. ``details`` are further columns of a manifest and what a worker needs besides the source,
    JSON. ``call_id``: that of the result, where it is known beforehand.
    """

    key: str
    source: str
    duration_s: float
    recipe: str = ""
    agent: str | None = None
    queue: str | None = None
    date: dt.date | dt.datetime | None = None
    language: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    call_id: str | None = None

    @property
    def day(self) -> dt.date | None:
        """The day of the call, as given."""
        return self.date.date() if isinstance(self.date, dt.datetime) else self.date

    @property
    def started_at(self) -> dt.datetime | None:
        """The moment of the call where the time of day is known."""
        return self.date if isinstance(self.date, dt.datetime) else None


@dataclass(frozen=True, kw_only=True)
class WorkItem(Task):
    """A task that one worker has claimed; ``agent`` is a pseudonym, ``attempt`` counts from 1."""

    worker: str
    attempt: int


@dataclass(frozen=True)
class Progress:
    """How many tasks, and how many seconds of sound, are in which state."""

    counts: Mapping[State, int]
    seconds: Mapping[State, float]

    @property
    def total(self) -> int:
        """All tasks."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Tasks that somebody is at or will get to without being told."""
        return self.counts["waiting"] + self.counts["running"]


def now_s(connection: Connection) -> ColumnElement[float]:
    """The database's clock, seconds since 1970."""
    if connection.dialect.name == "sqlite":
        return literal_column("((julianday('now') - 2440587.5) * 86400.0)", Float)
    return cast(func.extract("epoch", func.clock_timestamp()), Float)


def enqueue(connection: Connection, tasks: Iterable[Task]) -> int:
    """Add what is not there yet, open again what is done but no longer in the store. What is there
    learns what has been told of it since.
    """
    rows = [_row(task) for task in tasks]
    if not rows:
        return 0
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = dialect.insert(work).on_conflict_do_nothing().returning(work.c.key)
    added = {key for (key,) in connection.execute(new, rows)}
    _tell(connection, [row for row in rows if row["key"] not in added])
    return len(added) + _reopen_lost(connection, [row["key"] for row in rows])


def _tell(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """What a manifest or a new place says of tasks that are known, and of their calls. What it does
    not say stays.
    """
    known = _known(connection, [row["key"] for row in rows])
    for row in rows:
        old = known[row["key"]]
        new = {name: row[name] if row[name] is not None else old[name] for name in _TOLD}
        new["details"] = {**old["details"], **row["details"]}
        if any(new[name] != old[name] for name in new):
            connection.execute(update(work).where(work.c.key == row["key"]).values(new))
            of_call = {name: new[name] for name in _OF_CALL} | {"week": week_of(new["day"])}
            connection.execute(update(calls).where(calls.c.key == row["key"]).values(of_call))


def _known(connection: Connection, keys: list[str]) -> dict[str, RowMapping]:
    chunks = (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))
    found = (connection.execute(select(work).where(work.c.key.in_(few))) for few in chunks)
    return {row["key"]: row for rows in found for row in rows.mappings()}


def week_of(day: dt.date | None) -> dt.date | None:
    """The Monday of a day's week."""
    return None if day is None else day - dt.timedelta(days=day.weekday())


def _reopen_lost(connection: Connection, keys: list[str]) -> int:
    """Tasks whose result another recipe has replaced since, or a purge removed."""
    count = 0
    for start in range(0, len(keys), _CHUNK):
        result = connection.execute(
            update(work)
            .where(work.c.key.in_(keys[start : start + _CHUNK]), work.c.state == "done")
            .where(~select(calls.c.id).where(calls.c.key == work.c.key).exists())
            .values(state="open", attempts=0, lease_until=0.0, worker=None)
        )
        count += result.rowcount
    return count


def _row(task: Task) -> dict[str, Any]:
    return {
        "key": task.key,
        "recipe": task.recipe,
        "state": "open",
        "source": task.source,
        "duration_s": task.duration_s,
        "agent": task.agent,
        "queue": task.queue,
        "day": task.day,
        "started_at": task.started_at,
        "language": task.language,
        "details": dict(task.details),
        "call_id": task.call_id,
        "attempts": 0,
        "lease_until": 0.0,
    }


def claim(
    connection: Connection, worker: str, lease_s: float, recipe: str | None
) -> WorkItem | None:
    """The longest task that nobody is at."""
    now = now_s(connection)
    _set_aside(connection, now)
    waiting = (
        select(work.c.key)
        .where(work.c.state == "open", work.c.attempts < MAX_ATTEMPTS, work.c.lease_until <= now)
        .where(*([] if recipe is None else [work.c.recipe == recipe]))
        .order_by(work.c.duration_s.desc(), work.c.key)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    claimed = connection.execute(
        update(work)
        .where(work.c.key == waiting.scalar_subquery())
        .values(attempts=work.c.attempts + 1, worker=worker, lease_until=now + lease_s)
        .returning(*work.c)
    )
    row = claimed.mappings().one_or_none()
    return None if row is None else _item(row)


def called_at(row: RowMapping) -> dt.date | dt.datetime | None:
    """The moment of a call as it was told, in local time, of which its day is; or the day alone."""
    moment: dt.datetime | None = row["started_at"]
    return moment.astimezone() if moment else row["day"]


def _item(row: RowMapping) -> WorkItem:
    return WorkItem(
        key=row["key"],
        source=row["source"],
        duration_s=row["duration_s"],
        recipe=row["recipe"],
        agent=row["agent"],
        queue=row["queue"],
        date=called_at(row),
        language=row["language"],
        details=row["details"],
        call_id=row["call_id"],
        worker=row["worker"],
        attempt=row["attempts"],
    )


def _set_aside(connection: Connection, now: ColumnElement[float]) -> None:
    """Tasks whose last allowed attempt ended without a word: their worker was lost each time."""
    lost = connection.execute(
        update(work)
        .where(work.c.state == "open", work.c.lease_until <= now)
        .where(work.c.attempts >= MAX_ATTEMPTS)
        .values(state="poison", lease_until=0.0)
        .returning(work.c.key, work.c.attempts, work.c.worker)
    )
    for key, attempts, worker in lost.all():
        reason = "the worker did not come back from this call in any of its attempts"
        _note(connection, key, attempts, worker, ("worker-lost", reason))


def _note(
    connection: Connection, key: str, attempt: int, worker: str | None, why: tuple[str, str]
) -> None:
    connection.execute(
        insert(failures).values(
            key=key,
            attempt=attempt,
            slug=why[0],
            reason=why[1],
            worker=worker,
            at=dt.datetime.now(dt.UTC),
        )
    )


def _held(item: WorkItem) -> list[ColumnElement[bool]]:
    """That the claim is still this worker's."""
    return [
        work.c.key == item.key,
        work.c.state == "open",
        work.c.worker == item.worker,
        work.c.attempts == item.attempt,
        work.c.lease_until > 0,
    ]


def heartbeat(connection: Connection, item: WorkItem, lease_s: float) -> bool:
    """Make the lease run on from now; false where the task has gone to somebody else."""
    values = {"lease_until": now_s(connection) + lease_s}
    return connection.execute(update(work).where(*_held(item)).values(values)).rowcount == 1


def release(connection: Connection, item: WorkItem) -> bool:
    """Give a task back; the attempt does not count."""
    values = {"lease_until": 0.0, "worker": None, "attempts": work.c.attempts - 1}
    return connection.execute(update(work).where(*_held(item)).values(values)).rowcount == 1


def release_workers(connection: Connection, prefix: str) -> int:
    """Give back all tasks of workers known to be gone; their attempts do not count."""
    return connection.execute(
        update(work)
        .where(work.c.state == "open", work.c.lease_until > 0)
        .where(work.c.worker.startswith(prefix, autoescape=True))
        .values(lease_until=0.0, worker=None, attempts=work.c.attempts - 1)
    ).rowcount


def fail(connection: Connection, item: WorkItem, why: tuple[str, str], *, again: bool) -> bool:
    """Note why, and put the task aside, or back into the queue."""
    last = work.c.attempts >= MAX_ATTEMPTS
    state = case((last, literal("poison")), else_=literal("open" if again else "failed"))
    done = connection.execute(
        update(work).where(*_held(item)).values(state=state, lease_until=0.0, worker=None)
    )
    if done.rowcount == 1:
        _note(connection, item.key, item.attempt, item.worker, why)
    return done.rowcount == 1


def close(connection: Connection, key: str, call_id: str) -> bool:
    """Mark as done; false where it was already, so the caller's result must not be written."""
    done = connection.execute(
        update(work)
        .where(work.c.key == key, work.c.state != "done")
        .values(state="done", lease_until=0.0, worker=None, call_id=call_id)
    )
    return done.rowcount == 1


def note_done(connection: Connection, tasks: Sequence[tuple[Task, str]]) -> None:
    """Tasks with their call ids whose results are here without ever having been claimed."""
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = dialect.insert(work)
    done = {"state": "done", "lease_until": 0.0, "worker": None}
    rows = [{**_row(task), "state": "done", "call_id": call_id} for task, call_id in tasks]
    if rows:
        connection.execute(
            new.on_conflict_do_update(
                index_elements=[work.c.key], set_={**done, "call_id": new.excluded.call_id}
            ),
            rows,
        )


def retry_failed(connection: Connection, recipe: str | None, *, poison: bool) -> int:
    """Open failed tasks again; those set aside only if asked for, with their attempts forgotten."""
    mine = [] if recipe is None else [work.c.recipe == recipe]
    count = connection.execute(
        update(work).where(work.c.state == "failed", *mine).values(state="open")
    ).rowcount
    if poison:
        count += connection.execute(
            update(work).where(work.c.state == "poison", *mine).values(state="open", attempts=0)
        ).rowcount
    return count


def progress(connection: Connection, recipe: str | None) -> Progress:
    """Counts and seconds by state."""
    now = now_s(connection)
    running = (work.c.state == "open") & (work.c.lease_until > now)
    waiting = (work.c.state == "open") & (work.c.lease_until <= now)
    state = case((running, "running"), (waiting, "waiting"), else_=work.c.state).label("state")
    counted = select(state, func.count(), func.sum(work.c.duration_s)).group_by(state)
    if recipe is not None:
        counted = counted.where(work.c.recipe == recipe)
    rows = {name: (n, seconds) for name, n, seconds in connection.execute(counted)}
    states: tuple[State, ...] = ("waiting", "running", "done", "failed", "poison")
    return Progress(
        {s: rows.get(s, (0, 0.0))[0] for s in states},
        {s: float(rows.get(s, (0, 0.0))[1]) for s in states},
    )
