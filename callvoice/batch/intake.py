"""From recordings to tasks: each file is looked at once, in a process of its own, then queued."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from callvoice.batch import survey
from callvoice.batch.discover import Found
from callvoice.batch.items import Item, when
from callvoice.batch.key import Basis, Recipe
from callvoice.batch.pool import Answer, Lost, Pool
from callvoice.batch.scout import Seen
from callvoice.batch.seen import SeenFiles
from callvoice.store import Store, Task

Supply = Iterator[Found | None]
"""Recordings as they are found; None is a pause, as while a drop folder is watched."""
_FLUSH, _FLUSH_S = 100, 0.5
_LOOK_S = 120.0
_OURS = "callvoice"  # what a task's details keep for the batch, beside a manifest's columns


class Kept(msgspec.Struct, frozen=True):
    """What a task keeps for the batch: the call as it was named, what its key is made from, and
    the id of the call whose stored facts were made from the same.
    """

    item: Item
    basis: Basis
    judge_only: str | None = None


def kept_of(task: Task) -> Kept | None:
    """What the batch kept with a task, None for a task from elsewhere."""
    raw = task.details.get(_OURS)
    return None if raw is None else msgspec.convert(raw, Kept)


def task_of(item: Item, seen: Seen, recipe: Recipe, *, judge_only: str | None = None) -> Task:
    """The task of a call. What a manifest says of it is kept with it."""
    basis = basis_of(item, seen, recipe)
    bare = replace(item, agent=None, queue=None, date=None, extra={})
    return Task(
        key=basis.key(recipe),
        source=item.location,
        duration_s=round(seen.header.duration_s, 3),
        recipe=recipe.name,
        agent=item.agent,
        queue=item.queue,
        date=when(item.date) if item.date else None,
        language=item.language,
        call_id=sha256[:16] if (sha256 := seen.content.sha256) else None,
        details={**item.extra, _OURS: msgspec.to_builtins(Kept(bare, basis, judge_only))},
    )


def basis_of(item: Item, seen: Seen, recipe: Recipe) -> Basis:
    """What the facts of a call are made from."""
    return Basis(seen.content.digest, item.agent_channel, item.language, recipe.made)


def rekeyed(task: Task, basis: Basis, recipe: Recipe) -> Task:
    """The task of the same call by another recipe, for what was made from its stored facts."""
    kept = kept_of(task)
    own = {} if kept is None else {_OURS: msgspec.to_builtins(replace(kept, basis=basis))}
    return dataclasses.replace(
        task, key=basis.key(recipe), recipe=recipe.name, details={**task.details, **own}
    )


class Intake:
    """Queues what ``supply`` gives, a few files a step."""

    def __init__(self, store: Store, recipe: Recipe, supply: Supply, seen: SeenFiles) -> None:
        self._store, self._recipe, self._supply, self._seen = store, recipe, supply, seen
        self._exhausted = False
        self._looked: list[tuple[Item, Seen]] = []
        self._flushed = 0.0

    @property
    def is_over(self) -> bool:
        """Whether everything has been queued."""
        return self._exhausted and not self._looked

    def step(self, scouts: Pool) -> list[Task]:
        """Look at some files; the tasks queued in this step."""
        for event in scouts.events():
            self._note(event)
        if not self._exhausted:
            self._exhausted = self._look(scouts)
        idle = self._exhausted and not scouts.busy
        due = len(self._looked) >= _FLUSH or time.monotonic() - self._flushed > _FLUSH_S
        return self._queue() if self._looked and (idle or due) else []

    def _look(self, scouts: Pool) -> bool:
        """True when there is no file left."""
        for _ in range(_FLUSH):
            if not scouts.has_room:
                return False
            try:
                found = next(self._supply)
            except StopIteration:
                return True
            if found is None:
                return False
            known = self._seen.get(found)
            if known is None:
                scouts.give(found, found, limit_s=_LOOK_S)
            else:
                self._looked.append((found.item, known))
        return False

    def _note(self, event: Answer | Lost) -> None:
        found: Found = event.ticket
        if isinstance(event, Answer):
            self._seen.put(found, event.value)
            self._looked.append((found.item, event.value))
        else:  # it could not even be looked at: the worker that tries will say why
            self._looked.append((found.item, Seen.unknown(found)))

    def _queue(self) -> list[Task]:
        self._flushed = time.monotonic()
        looked, self._looked = self._looked, []
        ready = self._judgeable(looked)
        tasks = [
            task_of(item, seen, self._recipe, judge_only=ready.get(item.location))
            for item, seen in looked
        ]
        self._store.enqueue(tasks)
        key_of = {task.source: task.key for task in tasks}
        survey.drop_superseded(self._store, self._recipe.name, key_of)
        return tasks

    def _judgeable(self, looked: Sequence[tuple[Item, Seen]]) -> dict[str, str]:
        """By location the id of each call whose stored facts were made from the same."""
        of_item = {
            item.location: (seen.content.sha256[:16], basis_of(item, seen, self._recipe))
            for item, seen in looked
            if seen.content.sha256
        }
        stored = self._store.tasks(sorted({call_id for call_id, _ in of_item.values()}))
        made_from = {i: kept.basis for i, task in stored.items() if (kept := kept_of(task))}
        return {
            location: call_id
            for location, (call_id, basis) in of_item.items()
            if made_from.get(call_id) == basis
        }
