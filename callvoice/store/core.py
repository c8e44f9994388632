"""A store: opening one, the queue, results. Questions to it are functions in modules beside this.

Safe between processes and, with PostgreSQL, hosts; each process opens its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Engine, select

from callvoice.errors import StoreUnavailable, printable
from callvoice.store import engines, migrate, queue, records
from callvoice.store.artefacts import FACTS, REPORT, Artefacts
from callvoice.store.pseudonyms import Pseudonyms
from callvoice.store.queue import Progress, Task, WorkItem
from callvoice.store.records import Result, Run
from callvoice.store.redact import Redactor, redact, redacted_facts, redacted_report
from callvoice.store.schema import calls, meta
from callvoice.types import Facts, Report

_Kept = TypeVar("_Kept", Facts, Report)


def open_store(
    target: str | Path,
    *,
    artefacts: str | Path | None = None,
    otherwise: Path | None = None,
    redact: Redactor = redact,
    create: bool = True,
) -> Store:
    """Open a store, making it or bringing it up to date first; two processes may do so at once.

    Args:
        target: a workspace folder (SQLite), or an SQLAlchemy URL of PostgreSQL.
        artefacts: where files of calls are kept, a folder or an fsspec address. In a workspace
            ``artefacts/`` unless told; with a URL it must be told once, and is remembered.
        otherwise: where they are kept, and remembered to be, if nobody has told so far.
        redact: masks texts before they are kept (:func:`callvoice.store.redact.redact`).
        create: whether a workspace may be made where there is none.

    Raises:
        NewerStore: made by a later version of callvoice.
        StoreUnavailable: no permission, no connection, no store, no place for artefacts.
    """
    engine, workspace = engines.connect(target, create=create)
    try:
        with engines.reported(engines.shown(engine, workspace)):
            migrate.upgrade(engine)
            place = _place(engine, artefacts, otherwise, workspace)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, Artefacts(place), redact=redact, workspace=workspace)


def _place(
    engine: Engine, told: str | Path | None, otherwise: Path | None, workspace: Path | None
) -> str:
    """Where artefacts are; what was told is remembered."""
    with engines.writing(engine) as connection:
        row = select(meta.c.value).where(meta.c.name == "artefacts")
        kept: str | None = connection.scalar(row)
        if kept is None and workspace is not None:  # by its name now: a workspace may be moved
            kept = str(workspace / "artefacts")
        if told is None and kept is not None:
            return kept
        place = str(told or otherwise or "")
        if not place:
            raise StoreUnavailable(
                "nobody has said where files of calls are to be kept beside this database:"
                " name a folder or an address once."
            )
        if "://" not in place:
            place = str(Path(place).resolve())
        if kept not in (None, place) and any(True for _ in Artefacts(str(kept)).call_ids()):
            raise StoreUnavailable(
                f"the files of its calls are in {printable(str(kept))}, and a purge would not find"
                " them from another place: move them first, or leave out --artefacts."
            )
        engines.remember(connection, "artefacts", place)
        return place


class Store:
    """An open store; made by :func:`open_store`. Methods raise :class:`StoreUnavailable` where the
    database or the artefacts cannot be reached or written; nothing is then half done.
    """

    def __init__(
        self, engine: Engine, artefacts: Artefacts, *, redact: Redactor, workspace: Path | None
    ) -> None:
        self.engine = engine
        self.artefacts = artefacts
        self.workspace = workspace
        self.redact = redact

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @property
    def name(self) -> str:
        """The store for messages, without a password."""
        return engines.shown(self.engine, self.workspace)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view; writers are not held up."""
        with engines.reported(self.name), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction, committed at the end."""
        with engines.reported(self.name), engines.writing(self.engine) as connection:
            yield connection

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        """Names of agents to pseudonyms."""
        with self.writing() as connection:
            return Pseudonyms.of(connection, self.workspace)

    # --- the queue -------------------------------------------------------------------------------

    def enqueue(self, tasks: Iterable[Task]) -> int:
        """Add tasks; of those whose key is there only changes what is told of them (agent, day,
        queue, place). How many are to be done newly.

        A task that is done is opened again if its result has been purged or replaced since.
        """
        own = [replace(task, agent=self.pseudonyms(task.agent)) for task in tasks]
        with self.writing() as connection:
            return queue.enqueue(connection, own)

    def claim(self, worker: str, lease_s: float, *, recipe: str | None = None) -> WorkItem | None:
        """Claim the longest waiting task for ``lease_s`` seconds, None where none waits.

        Args:
            worker: who claims, unique among all that run; :meth:`release_workers` goes by its
                beginning.
            lease_s: after that without a heartbeat the task may be claimed by others; the attempt
                counts. After three attempts it is set aside, with a failure ``worker-lost``.
            recipe: only tasks of this recipe.
        """
        with self.writing() as connection:
            return queue.claim(connection, worker, lease_s, recipe)

    def heartbeat(self, item: WorkItem, lease_s: float) -> bool:
        """Let the lease run ``lease_s`` from now; false where the claim is lost: give it up."""
        with self.writing() as connection:
            return queue.heartbeat(connection, item, lease_s)

    def release(self, item: WorkItem) -> bool:
        """Give a task back undone, as when interrupted; the attempt does not count."""
        with self.writing() as connection:
            return queue.release(connection, item)

    def release_workers(self, prefix: str) -> int:
        """Give back all tasks of workers whose name begins so and who are known to be gone."""
        with self.writing() as connection:
            return queue.release_workers(connection, prefix)

    def finish(self, item: WorkItem, report: Report, facts: Facts) -> bool:
        """Keep the result of a task; false where it was done already (this result is dropped).

        The result counts even where the lease had run out. Artefacts ``facts.json.gz`` and
        ``report.json.gz`` are written first, then all rows in one transaction.
        """
        result = self._redacted(Result(item, report, facts))
        self._put(result, (FACTS, REPORT), durable=True)
        with self.writing() as connection:
            first = queue.close(connection, item.key, report.call.id)
            if first:
                records.write(connection, [result])
            present = first or records.has(connection, report.call.id)
        if not present:  # purged while it was being analysed
            self.artefacts.delete(report.call.id)
        return first

    def fail(self, item: WorkItem, slug: str, reason: str, *, again: bool = False) -> bool:
        """Note a failure; false where the claim was lost meanwhile (nothing is noted).

        The task then waits for :meth:`retry_failed`, or with ``again`` goes back into the queue at
        once. After the third attempt it is set aside (``poison``) either way.
        """
        with self.writing() as connection:
            return queue.fail(connection, item, (slug, self.redact(reason)), again=again)

    def retry_failed(self, *, recipe: str | None = None, poison: bool = False) -> int:
        """Put failed tasks back into the queue, with ``poison`` also those set aside; how many."""
        with self.writing() as connection:
            return queue.retry_failed(connection, recipe, poison=poison)

    def progress(self, *, recipe: str | None = None) -> Progress:
        """Tasks and seconds of sound by state."""
        with self.reading() as connection:
            return queue.progress(connection, recipe)

    # --- results ---------------------------------------------------------------------------------

    def save(
        self,
        results: Sequence[Result],
        *,
        artefacts: Sequence[str] = (FACTS, REPORT),
        durable: bool = True,
    ) -> None:
        """Keep results that were not claimed, such as re-judged ones, all in one transaction.

        Their tasks count as done. ``durable=False`` leaves it to the system when artefacts reach
        the disk: for what can be made again from facts.
        """
        kept = [self._redacted(result) for result in results]
        for result in kept:
            self._put(result, artefacts, durable=durable)
        with self.writing() as connection:
            queue.note_done(connection, [(r.task, r.report.call.id) for r in kept])
            records.write(connection, kept)

    def rejudged(self, results: Sequence[Result]) -> None:
        """Keep results that were judged anew from the facts kept here, all in one transaction.

        Verdicts, findings, strengths and the report are replaced; words, measures and facts stay
        (and stay redacted). Reports reach the disk when the system sees fit: they can be remade.
        """
        for result in results:
            self._put(result, (REPORT,), durable=False)
        with self.writing() as connection:
            present = records.present(connection, [r.report.call.id for r in results])
            here = [r for r in results if r.report.call.id in present]
            queue.note_done(connection, [(r.task, r.report.call.id) for r in here])
            records.write(connection, here, tables=records.JUDGED)
        for call_id in {r.report.call.id for r in results} - present:  # purged meanwhile
            self.artefacts.delete(call_id)

    def _redacted(self, result: Result) -> Result:
        return Result(
            replace(result.task, agent=self.pseudonyms(result.task.agent)),
            redacted_report(result.report, self.redact),
            redacted_facts(result.facts, self.redact),
        )

    def _put(self, result: Result, names: Sequence[str], *, durable: bool) -> None:
        kept: dict[str, Callable[[], Any]] = {
            FACTS: lambda: result.facts,
            REPORT: lambda: result.report,
        }
        for name in names:
            data = msgspec.json.encode(kept[name]())
            self.artefacts.put(result.report.call.id, name, data, durable=durable)

    def tasks(self, call_ids: Sequence[str]) -> dict[str, Task]:
        """The tasks that stored calls came from, by call id: to keep another result of them."""
        with self.reading() as connection:
            return records.stored_tasks(connection, call_ids)

    def call_ids(self) -> list[str]:
        """All calls that have a result, sorted."""
        with self.reading() as connection:
            return list(connection.scalars(select(calls.c.call_id).order_by(calls.c.call_id)))

    def facts(self, call_id: str) -> Facts | None:
        """What was measured of a call."""
        return self._get(call_id, FACTS, Facts)

    def report(self, call_id: str) -> Report | None:
        """The report of a call."""
        return self._get(call_id, REPORT, Report)

    def _get(self, call_id: str, name: str, kind: type[_Kept]) -> _Kept | None:
        data = self.artefacts.get(call_id, name)
        try:
            return None if data is None else msgspec.json.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise StoreUnavailable(
                f"{name} of call {call_id} is damaged or of another format: {error}."
                " Analyse the call again."
            ) from error

    # --- runs ------------------------------------------------------------------------------------

    def start_run(self, run: Run) -> int:
        """Note that a batch began; its number."""
        with self.writing() as connection:
            return records.start_run(connection, run)

    def end_run(self, number: int, summary: dict[str, Any]) -> None:
        """Note how a batch ended."""
        with self.writing() as connection:
            records.end_run(connection, number, summary)
