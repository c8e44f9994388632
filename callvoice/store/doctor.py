"""Is the store well? Each check says what it found and what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct
from sqlalchemy import func, select, text

from callvoice.store import migrate, queue
from callvoice.store.artefacts import FACTS
from callvoice.store.core import Store
from callvoice.store.pseudonyms import KEY_FILE
from callvoice.store.schema import HEAD, calls, failures, work

State = Literal["ok", "warning", "error"]
_ROOM_BYTES = 1 << 30
_SHOWN = 5


class Check(Struct, frozen=True):
    """What was looked at, what was found, and what to do where that is not well."""

    name: str
    state: State
    found: str
    advice: str = ""


def doctor(store: Store) -> Iterator[Check]:
    """All checks, one after the other; those that read everything come last."""
    checks: tuple[Callable[[Store], Check | None], ...] = (
        _schema,
        _journal,
        _permissions,
        _room,
        _models,
        _tasks,
        _database,
        _artefacts,
    )
    for check in checks:
        found = check(store)
        if found is not None:
            yield found


def _schema(store: Store) -> Check:
    with store.reading() as connection:
        return Check("tables", "ok", f"version {migrate.revision(connection)} of {HEAD}")


def _journal(store: Store) -> Check | None:
    if store.workspace is None:
        return None
    with store.reading() as connection:
        mode = connection.scalar(text("PRAGMA journal_mode"))
    if mode == "wal":
        return Check("journal", "ok", "WAL")
    advice = "This file system cannot do WAL; move the workspace to a local disk."
    return Check("journal", "error", str(mode), advice)


def _permissions(store: Store) -> Check | None:
    """Whether we may write, and whether others may read."""
    folder = store.workspace
    if folder is None:
        return None
    if not os.access(folder, os.W_OK):
        return Check("permissions", "error", f"{folder} cannot be written", "Mend with chmod u+w.")
    key = folder / KEY_FILE
    if key.is_file() and key.stat().st_mode & 0o077:
        advice = f"The key tells whose pseudonym is whose: chmod 600 '{key}'"
        return Check("permissions", "error", f"others may read {key.name}", advice)
    if folder.stat().st_mode & 0o007:
        advice = f"Transcripts are in it: chmod o-rwx '{folder}'"
        return Check("permissions", "warning", "everybody on this machine may look inside", advice)
    return Check("permissions", "ok", "writable, closed to others")


def _room(store: Store) -> Check | None:
    place = store.workspace or store.artefacts.local
    if place is None:
        return None
    existing = next(p for p in (place, *place.absolute().parents) if p.exists())
    free = shutil.disk_usage(existing).free
    said = f"{free / 1e9:.1f} GB free"
    if free < _ROOM_BYTES:
        advice = "Make room: a batch stops when the disk is full (and goes on where it stopped)."
        return Check("disk", "warning", said, advice)
    return Check("disk", "ok", said)


def _models(store: Store) -> Check:
    """Whether the speech models that the calls were heard with are here."""
    from callvoice.ingest import models

    with store.reading() as connection:
        used = set(connection.scalars(select(calls.c.model).distinct())) - {None}
    here = models.installed()
    missing = sorted(m for m in used or {"base"} if not here.get(m) and not Path(m).is_dir())
    if missing:
        advice = f"Fetch it once: callvoice models pull {missing[0]}"
        return Check("models", "warning", f"not on this machine: {', '.join(missing)}", advice)
    return Check("models", "ok", ", ".join(sorted(used or {"base"})))


def _tasks(store: Store) -> Check:
    progress = store.progress()
    said = ", ".join(f"{n} {state}" for state, n in progress.counts.items() if n) or "none"
    if progress.counts["failed"] or progress.counts["poison"]:
        with store.reading() as connection:
            latest = connection.execute(
                select(work.c.source, failures.c.slug)
                .join(failures, failures.c.key == work.c.key)
                .where(work.c.state.in_(("failed", "poison")))
                .order_by(failures.c.id.desc())
                .limit(1)
            ).first()
        last = f"; last: {latest.source} [{latest.slug}]" if latest else ""
        advice = "Mend what can be mended, then: callvoice batch … --retry-failed"
        return Check("tasks", "warning", said + last, advice)
    return Check("tasks", "ok", said)


def _database(store: Store) -> Check:
    """Whether every page and every reference is whole."""
    if store.workspace is None:
        with store.reading() as connection:
            version = connection.scalar(text("SHOW server_version"))
        return Check("database", "ok", f"PostgreSQL {version}")
    with store.reading() as connection:
        said = list(connection.scalars(text("PRAGMA integrity_check(5)")))
        broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if said != ["ok"] or broken:
        found = "; ".join(said) if said != ["ok"] else f"{len(broken)} rows without their call"
        advice = "Put back a copy of callvoice.db, or analyse anew in another workspace."
        return Check("database", "error", found, advice)
    return Check("database", "ok", "every page and reference is whole")


def _artefacts(store: Store) -> Check:
    """Whether each call has its facts, and each file its call."""
    kept, stored = set(store.artefacts.call_ids()), set(store.call_ids())
    without_facts = sorted(
        c for c in stored if c not in kept or FACTS not in store.artefacts.names(c)
    )
    if without_facts:
        advice = "They cannot be judged anew: analyse these calls again (callvoice batch)."
        return Check("artefacts", "error", f"no facts of {_some(without_facts)}", advice)
    with store.reading() as connection:
        now = queue.now_s(connection)
        held = work.c.lease_until > now
        busy = connection.scalar(select(func.count()).select_from(work).where(held))
    orphans = sorted(kept - stored)
    if orphans and not busy:
        advice = f"Left by an interrupted run; remove them under {store.artefacts.root}."
        return Check("artefacts", "warning", f"no call to {_some(orphans)}", advice)
    return Check("artefacts", "ok", f"{len(stored)} calls, all with their facts")


def _some(call_ids: list[str]) -> str:
    more = f" and {len(call_ids) - _SHOWN} more" if len(call_ids) > _SHOWN else ""
    return f"{len(call_ids)} calls: {', '.join(call_ids[:_SHOWN])}{more}"
