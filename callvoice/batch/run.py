"""A batch as it runs: recordings are looked at, queued, claimed, analysed, and their results kept.

One loop in one process holds the store; other processes look at files (``scout``) and analyse them
(``worker``). Whatever happens to those is an event here; whatever happens to this one, the store
has every finished call, and the next run goes on with the rest.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from callvoice.batch import survey
from callvoice.batch.intake import Intake, Supply, kept_of
from callvoice.batch.items import Item
from callvoice.batch.job import EVERY_CALL, Analysed, Analyst, Job, Refused
from callvoice.batch.key import Recipe
from callvoice.batch.owner import is_gone, own_name
from callvoice.batch.pool import Answer, Limits, Lost, Pool, Workers, wait_for
from callvoice.batch.progress import Screen, State
from callvoice.batch.scout import scouting
from callvoice.batch.seen import SeenFiles
from callvoice.batch.share import fair_threads
from callvoice.errors import CallvoiceError
from callvoice.store import Store, Task, WorkItem
from callvoice.store.queue import MAX_ATTEMPTS

_POLL_S = 0.1
_ASK_AGAIN_S = 1.0  # a queue in which nothing waited


@dataclass(frozen=True)
class BatchOptions:
    """How to run. ``n_threads`` is a worker's (None: its share of the cores), ``limit`` the most
    calls to analyse, ``lease_s`` how long a claim outlives a host that is gone, ``device`` and
    ``compute_type`` where and in which numbers the speech model runs. ``engine`` starts the workers
    (None: processes of this machine).
    """

    n_workers: int = 1
    n_threads: int | None = None
    limits: Limits = field(default_factory=Limits)
    limit: int | None = None
    lease_s: float = 120.0
    device: str = "cpu"
    compute_type: str = "int8"
    engine: Engine | None = None


Engine = Callable[[Analyst, BatchOptions], Workers]


def processes(analyst: Analyst, options: BatchOptions) -> Workers:
    """The engine of one machine."""
    n_threads = options.n_threads or fair_threads(options.n_workers)
    return Pool(analyst, size=options.n_workers, n_threads=n_threads, limits=options.limits)


class Batch:
    """One run over recordings. ``keys`` are the results asked for; ``stop`` ends it in order."""

    def __init__(
        self, store: Store, recipe: Recipe, options: BatchOptions, screen: Screen, workspace: Path
    ) -> None:
        self.store, self.recipe, self.options, self.screen = store, recipe, options, screen
        self.workspace = workspace
        self.stop = False
        self.keys: dict[str, None] = {}
        self.state = State()
        self._name = own_name()
        self._beaten = self._asked = 0.0
        self._shown = time.monotonic()
        self._nothing_waits = False

    def run(self, supply: Supply) -> State:
        """Analyse what ``supply`` gives and what an earlier run left.

        Raises:
            CallvoiceError: what every further call would meet: no store, no space, no model.
        """
        self._take_over()
        with (
            self._scratch() as scratch,
            contextlib.closing(SeenFiles(self.workspace)) as seen,
            Pool(scouting) as scouts,
        ):
            intake = Intake(self.store, self.recipe, supply, seen)
            with contextlib.closing(self._workers(scratch)) as workers:
                try:
                    self._loop(intake, scouts, workers)
                finally:
                    self.state.end()
                    self._give_back(workers)
        return self.state

    def _workers(self, scratch: Path) -> Workers:
        options, root = self.options, self.store.artefacts.root
        hears = (options.device, options.compute_type, self.store.redact)
        analyst = Analyst(self.recipe, root, str(scratch), *hears)
        return (options.engine or processes)(analyst, options)

    def _loop(self, intake: Intake, scouts: Pool, workers: Workers) -> None:
        while not self.stop:
            self._queued(intake.step(scouts))
            events = workers.events()
            self._claim(workers, n_unkept=len(events))  # first, so that nobody waits for the disk
            for event in events:
                self._worked(event)
            self._heartbeat(workers)
            looking = not intake.is_over or bool(scouts.busy)
            self._show(workers, looking=looking)
            if not (looking or workers.busy) and self._all_done():
                return
            wait_for([scouts, workers], _POLL_S)

    def _queued(self, tasks: list[Task]) -> None:
        new = [task for task in tasks if task.key not in self.keys]
        if new:
            self.keys |= dict.fromkeys(task.key for task in new)
            self._asked = 0.0

    @property
    def limit_is_met(self) -> bool:
        """Whether as many calls as were asked for have been tried."""
        return not self._wants_more(0)

    # --- calls -----------------------------------------------------------------------------------

    def _claim(self, workers: Workers, *, n_unkept: int) -> None:
        while workers.has_room and self._wants_more(n_unkept + len(workers.busy)):
            if time.monotonic() - self._asked < _ASK_AGAIN_S:
                return
            item = self.store.claim(self._name, self.options.lease_s, recipe=self.recipe.name)
            if item is None:
                self._asked, self._nothing_waits = time.monotonic(), True
                return
            kept = kept_of(item)
            job = Job(kept.item, kept.judge_only) if kept else Job(Item(location=item.source))
            self.keys[item.key] = None
            limit_s = self.options.limits.time_s(item.duration_s)
            workers.give(item, job, limit_s=limit_s)

    def _wants_more(self, n_under_way: int) -> bool:
        limit = self.options.limit
        return limit is None or self.state.n_tried + n_under_way < limit

    def _show(self, workers: Workers, *, looking: bool) -> None:
        if time.monotonic() - self._shown > self.screen.every_s:
            self._shown = time.monotonic()
            queue = self.store.progress(recipe=self.recipe.name)
            memory = workers.memory_bytes
            self.screen.show(self.state.now(queue, memory_bytes=memory, looking=looking))

    def _worked(self, event: Answer | Lost) -> None:
        item: WorkItem = event.ticket
        match event:
            case Answer(value=Analysed() as done):
                self._keep(item, done)
            case Answer(value=Refused(every_call=True) as refused):
                self.store.release(item)
                raise EVERY_CALL[refused.slug](refused.reason)
            case Answer(value=Refused() as refused):
                self._fail(item, refused.slug, refused.reason)
            case Lost():
                # A sudden death may be the machine's doing: try again. Limits would be met again.
                self._fail(item, event.slug, event.reason, again=not event.limit)

    def _keep(self, item: WorkItem, done: Analysed) -> None:
        try:
            first = self.store.finish(item, done.report, done.facts)
        except CallvoiceError:
            raise
        except Exception as error:  # what this one call holds cannot be kept; the others can
            self._fail(item, "internal-error", f"{type(error).__name__}: {error}")
            return
        if first:
            self.state.note_done(item, done)
            self.screen.call(item, "done", elapsed_s=done.elapsed_s)

    def _fail(self, item: WorkItem, slug: str, reason: str, *, again: bool = False) -> None:
        if self.store.fail(item, slug, reason, again=again):
            left = again and item.attempt < MAX_ATTEMPTS
            self.state.note_failed(tried_again=left)
            self.screen.call(item, "failed", slug=slug, reason=reason, attempt=item.attempt)
            self._asked = 0.0

    def _heartbeat(self, workers: Workers) -> None:
        if time.monotonic() - self._beaten > self.options.lease_s / 4:
            self._beaten = time.monotonic()
            for item in workers.busy:
                self.store.heartbeat(item, self.options.lease_s)

    # --- beginning and end -----------------------------------------------------------------------

    def _all_done(self) -> bool:
        """Nothing waits, here or with another batch on this store that may yet be lost."""
        if self.limit_is_met:
            return True
        if not self._nothing_waits:
            return False
        self._nothing_waits = False
        if self.store.progress(recipe=self.recipe.name).left == 0:
            return True
        self._take_over()
        return False

    def _take_over(self) -> None:
        """Free what processes of this machine held that were killed."""
        for name in survey.holders(self.store):
            if is_gone(name):
                self.store.release_workers(name)

    def _give_back(self, workers: Workers) -> None:
        """What is under way when it ends early; a store that is gone finds out by the lease."""
        held = workers.busy
        workers.close()
        with contextlib.suppress(CallvoiceError):
            for item in held:
                self.store.release(item)

    @contextlib.contextmanager
    def _scratch(self) -> Iterator[Path]:
        """A folder for what is fetched from afar; those of killed runs are removed."""
        root = self.workspace / "scratch"
        for left in root.glob("*") if root.is_dir() else ():
            if is_gone(left.name):
                shutil.rmtree(left, ignore_errors=True)
        folder = root / self._name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
