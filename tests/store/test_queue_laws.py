"""Whatever happens in whatever order: every task is in one state, done once or set aside."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)
from made import made_result, sample_result
from sqlalchemy import delete, func, select, update

from callvoice.store import Store, WorkItem, open_store
from callvoice.store.schema import calls, failures, work

KEYS = st.integers(0, 4)
FOLDER = tempfile.TemporaryDirectory()  # removed when the interpreter ends


@cache
def empty_store() -> Store:
    return open_store(Path(FOLDER.name))


class Queue(RuleBasedStateMachine):
    """A store against a plain dictionary of what each task's state must be."""

    claims = Bundle("claims")

    @initialize()
    def open(self) -> None:
        self.store = empty_store()
        with self.store.writing() as connection:
            for table in (calls, failures, work):
                connection.execute(delete(table))
        self.state: dict[str, str] = {}
        self.attempts: dict[str, int] = {}
        self.holder: dict[str, WorkItem] = {}
        self.finished: list[str] = []

    @rule(number=KEYS)
    def enqueue(self, number: int) -> None:
        task = made_result(sample_result(), number).task
        assert self.store.enqueue([task]) == (task.key not in self.state)
        self.state.setdefault(task.key, "waiting")
        self.attempts.setdefault(task.key, 0)

    @rule(target=claims, worker=st.sampled_from("ab"))
    def claim(self, worker: str) -> object:
        for key, state in self.state.items():
            if state == "expired" and self.attempts[key] >= 3:
                self.state[key] = "poison"
        waiting = [key for key, state in self.state.items() if state in {"waiting", "expired"}]
        item = self.store.claim(worker, 1000)
        if item is None:
            assert not waiting
            return multiple()
        assert item.key == max(waiting)  # numbers grow with the length
        self.state[item.key] = "running"
        self.attempts[item.key] += 1
        assert item.attempt == self.attempts[item.key]
        self.holder[item.key] = item
        return item

    def is_held(self, item: WorkItem) -> bool:
        """A lease that has run out is still good while nobody else has claimed."""
        return self.holder[item.key] == item and self.state[item.key] in {"running", "expired"}

    @rule()
    def leases_run_out(self) -> None:
        with self.store.writing() as connection:
            connection.execute(update(work).where(work.c.lease_until > 0).values(lease_until=1.0))
        for key, state in self.state.items():
            if state == "running":
                self.state[key] = "expired"

    @rule(item=claims)
    def heartbeat(self, item: WorkItem) -> None:
        alive = self.is_held(item)
        assert self.store.heartbeat(item, 1000) == alive
        if alive:
            self.state[item.key] = "running"

    @rule(item=claims)
    def finish(self, item: WorkItem) -> None:
        number = int(item.key.removeprefix("key-"))
        result = made_result(sample_result(), number)
        first = self.store.finish(item, result.report, result.facts)
        assert first == (self.state[item.key] != "done")
        self.finished += [item.key] * first
        self.state[item.key] = "done"

    @rule(item=consumes(claims), again=st.booleans())
    def fail(self, item: WorkItem, again: bool) -> None:
        alive = self.is_held(item)
        assert self.store.fail(item, "slug", "reason", again=again) == alive
        if alive:
            last = self.attempts[item.key] >= 3
            self.state[item.key] = "poison" if last else "waiting" if again else "failed"

    @rule(item=claims)
    def release(self, item: WorkItem) -> None:
        alive = self.is_held(item)
        assert self.store.release(item) == alive
        if alive:
            self.state[item.key] = "waiting"
            self.attempts[item.key] -= 1

    @rule(poison=st.booleans())
    def retry(self, poison: bool) -> None:
        wanted = {"failed", "poison"} if poison else {"failed"}
        again = [key for key, state in self.state.items() if state in wanted]
        assert self.store.retry_failed(poison=poison) == len(again)
        for key in again:
            self.attempts[key] = 0 if self.state[key] == "poison" else self.attempts[key]
            self.state[key] = "waiting"

    @invariant()
    def agree(self) -> None:
        counts = self.store.progress().counts
        expected = [{"expired": "waiting"}.get(state, state) for state in self.state.values()]
        assert {s: n for s, n in counts.items() if n} == {s: expected.count(s) for s in expected}
        assert len(self.finished) == len(set(self.finished)) == counts["done"]
        with self.store.reading() as connection:
            stored = connection.scalar(select(func.count()).select_from(calls))
        assert stored == counts["done"]


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
