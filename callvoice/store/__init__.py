"""What is kept of many calls: a work queue, results, people's reviews, and artefacts beside them.

::

    store = open_store("workspace")                    # a folder: SQLite, WAL
    store = open_store("postgresql+psycopg://host/qa", artefacts="s3://bucket/qa")

    store.enqueue([Task(key="…", source="monday/1.wav", duration_s=312.0, queue="Retoure")])
    while work := store.claim("host:4711", lease_s=120):
        ...                                            # now and then: store.heartbeat(work, 120)
        store.finish(work, report, facts)              # or store.fail(work, slug, reason)

A task is claimed by one worker at a time, longest first; a claim whose lease has run out may be
claimed again. Results are written in one transaction and replace an earlier result of the same
call. Texts and quotes are redacted before anything is kept (:mod:`callvoice.store.redact`).
Agents are kept under a pseudonym. No sound and no voiceprint is ever stored in the database.

Tables and columns: :mod:`callvoice.store.schema`. Questions to a store are functions in the modules
``stats``, ``show``, ``export``, ``purge`` and ``doctor``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from callvoice.errors import NewerStore, StoreUnavailable
from callvoice.store.artefacts import Artefacts

if TYPE_CHECKING:
    from callvoice.store.core import Store, open_store
    from callvoice.store.queue import Progress, Task, WorkItem
    from callvoice.store.records import Result, Run

__all__ = [
    "Artefacts",
    "NewerStore",
    "Progress",
    "Result",
    "Run",
    "Store",
    "StoreUnavailable",
    "Task",
    "WorkItem",
    "open_store",
]
_OF_THE_DATABASE = {
    **dict.fromkeys(("Store", "open_store"), "core"),
    **dict.fromkeys(("Progress", "Task", "WorkItem"), "queue"),
    **dict.fromkeys(("Result", "Run"), "records"),
}


def __getattr__(name: str) -> Any:
    """The database is loaded by who asks for it: workers only keep artefacts, and start sooner."""
    if name not in _OF_THE_DATABASE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_OF_THE_DATABASE[name]}"), name)
