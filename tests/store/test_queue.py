"""Tasks are claimed by one worker at a time, tried three times, and none is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from made import made_result
from sqlalchemy import select, update

from callvoice.store import Result, Store, Task
from callvoice.store.schema import calls, failures, work

pytest_plugins = ["stores"]
Made = Callable[..., Result]


def task(key: str, duration_s: float = 60.0, **fields: object) -> Task:
    return Task(key=key, source=f"{key}.wav", duration_s=duration_s, **fields)  # type: ignore[arg-type]


def expire(store: Store) -> None:
    """As if all leases had run out."""
    with store.writing() as connection:
        connection.execute(update(work).where(work.c.lease_until > 0).values(lease_until=1.0))


def test_the_longest_waiting_task_is_claimed_first(store: Store) -> None:
    store.enqueue([task("a", 10), task("b", 300), task("c", 30)])
    claimed = [store.claim("w", 60) for _ in range(4)]
    assert [item and item.key for item in claimed] == ["b", "c", "a", None]


def test_a_task_keeps_its_manifest_and_hides_the_agent(store: Store, make_result: Made) -> None:
    given = make_result(5).task
    store.enqueue([given])
    item = store.claim("w", 60)
    assert item is not None
    for name in ("key", "source", "duration_s", "queue", "date", "details"):
        assert getattr(item, name) == getattr(given, name)
    assert item.agent == store.pseudonyms("Agent 1") != "Agent 1"


def test_enqueueing_again_changes_nothing(store: Store) -> None:
    assert store.enqueue([task("a"), task("a"), task("b")]) == 2
    assert store.claim("w", 60)
    assert store.enqueue([task("a"), task("b"), task("c")]) == 1
    assert store.progress().counts["running"] == 1


def test_a_manifest_that_comes_later_tells_of_known_tasks(store: Store, make_result: Made) -> None:
    told = make_result(5)
    bare = replace(told.task, agent=None, queue=None, date=None, details={"a": 1})
    store.save([replace(told, task=bare)])
    store.enqueue([task("new")])
    store.enqueue([told.task, replace(task("new"), source="moved/new.wav", agent="Petra")])
    with store.reading() as connection:
        call = connection.execute(select(calls)).mappings().one()
        new = connection.execute(select(work).where(work.c.key == "new")).mappings().one()
    assert (call["agent"], call["queue"]) == (store.pseudonyms("Agent 1"), told.task.queue)
    assert (call["day"], call["details"]) == (told.task.day, {"a": 1, **told.task.details})
    assert (new["source"], new["agent"]) == ("moved/new.wav", store.pseudonyms("Petra"))
    store.enqueue([bare])  # what says nothing takes nothing away
    assert store.tasks([told.facts.call.id])[told.facts.call.id].agent == call["agent"]


def test_the_day_of_a_call_is_the_day_that_was_told(
    store: Store, make_result: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        told = make_result(5)
        night = replace(told.task, date=datetime(2026, 5, 18, 0, 30))
        store.save([replace(told, task=night)])
        again = store.tasks([told.facts.call.id])[told.facts.call.id]
        assert again.day == date(2026, 5, 18)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_judging_again_is_no_new_analysis(store: Store, make_result: Made) -> None:
    result = make_result(5)
    store.save([result])
    with store.writing() as connection:
        connection.execute(update(calls).values(analysed_at=datetime(2026, 1, 1, tzinfo=UTC)))
    store.rejudged([result])
    with store.reading() as connection:
        assert connection.scalar(select(calls.c.analysed_at)) == datetime(2026, 1, 1, tzinfo=UTC)


def test_workers_get_only_tasks_of_their_recipe(store: Store) -> None:
    store.enqueue([task("a", recipe="base"), task("b", recipe="large")])
    item = store.claim("w", 60, recipe="large")
    assert item is not None
    assert item.key == "b"
    assert store.claim("w", 60, recipe="large") is None
    assert store.progress(recipe="base").counts["waiting"] == 1


def test_a_lease_runs_out_by_the_databases_clock(store: Store) -> None:
    store.enqueue([task("a")])
    first = store.claim("first", 0.05)
    assert first is not None
    time.sleep(0.1)
    second = store.claim("second", 60)
    assert second is not None
    assert (second.key, second.attempt) == ("a", 2)
    assert not store.heartbeat(first, 60)
    assert not store.fail(first, "timeout", "took too long")
    assert not store.release(first)
    assert store.heartbeat(second, 60)


def test_a_heartbeat_keeps_a_claim(store: Store) -> None:
    store.enqueue([task("a")])
    item = store.claim("first", 0.05)
    assert item is not None
    assert store.heartbeat(item, 60)
    time.sleep(0.1)
    assert store.claim("second", 60) is None


def test_a_task_whose_workers_vanish_is_set_aside_after_three_attempts(store: Store) -> None:
    store.enqueue([task("a")])
    for _ in range(3):
        assert store.claim("w", 60)
        expire(store)
    assert store.claim("w", 60) is None
    assert store.progress().counts["poison"] == 1
    with store.reading() as connection:
        rows = connection.execute(select(failures.c.slug, failures.c.attempt)).all()
    assert [tuple(row) for row in rows] == [("worker-lost", 3)]
    assert store.retry_failed() == 0
    assert store.retry_failed(poison=True) == 1
    item = store.claim("w", 60)
    assert item is not None
    assert item.attempt == 1


def test_a_failed_task_waits_to_be_told_and_ends_as_poison(store: Store) -> None:
    store.enqueue([task("a")])
    for attempt in (1, 2, 3):
        item = store.claim("w", 60)
        assert item is not None
        assert item.attempt == attempt
        assert store.fail(item, "unreadable-input", "no recording; call 0151 2345678")
        assert store.claim("w", 60) is None
        assert store.retry_failed() == (attempt < 3)
    assert store.progress().counts["poison"] == 1
    with store.reading() as connection:
        reasons = set(connection.scalars(select(failures.c.reason)))
    assert reasons == {"no recording; call #### #######"}


def test_a_failure_may_go_back_into_the_queue_at_once(store: Store) -> None:
    store.enqueue([task("a")])
    for _ in range(3):
        item = store.claim("w", 60)
        assert item is not None
        assert store.fail(item, "worker-died", "killed", again=True)
    assert store.progress().counts["poison"] == 1


def test_tasks_given_back_do_not_count(store: Store) -> None:
    store.enqueue([task("a"), task("b")])
    for _ in range(5):
        item = store.claim("host:1:0", 60)
        assert item is not None
        assert store.release(item)
    assert store.claim("host:1:0", 60)
    assert store.claim("host_1:0", 60)
    assert store.release_workers("host_1:") == 1
    assert store.release_workers("host:1:") == 1
    item = store.claim("w", 60)
    assert item is not None
    assert item.attempt == 1


def test_the_first_result_counts_even_after_its_lease(store: Store, make_result: Made) -> None:
    result = make_result(1)
    store.enqueue([result.task])
    late = store.claim("late", 60)
    expire(store)
    soon = store.claim("soon", 60)
    assert late is not None
    assert soon is not None
    assert store.finish(late, result.report, result.facts)
    assert not store.finish(soon, result.report, result.facts)
    assert store.progress().counts["done"] == 1
    assert store.claim("w", 60) is None
    assert not store.heartbeat(soon, 60)


def test_a_replaced_result_is_made_again_when_wanted(store: Store, real_result: Result) -> None:
    first, second = (made_result(real_result, 1, key=key) for key in ("base", "large"))
    for result in (first, second):
        assert store.enqueue([result.task]) == 1
        item = store.claim("w", 60)
        assert item is not None
        assert store.finish(item, result.report, result.facts)
    assert store.enqueue([second.task]) == 0
    assert store.enqueue([first.task]) == 1
    assert len(store.call_ids()) == 1


def test_progress_counts_sound(store: Store) -> None:
    store.enqueue([task("a", 60), task("b", 30)])
    assert store.claim("w", 60)
    progress = store.progress()
    assert progress.seconds["running"] == 60
    assert progress.seconds["waiting"] == 30
    assert (progress.total, progress.left) == (2, 2)
