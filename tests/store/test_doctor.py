"""What the doctor notices, and that nothing is found where all is well."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from callvoice.store import Result, Store, Task
from callvoice.store.doctor import Check, doctor

pytest_plugins = ["stores"]


def found(store: Store) -> dict[str, Check]:
    return {check.name: check for check in doctor(store)}


def test_a_healthy_store(store: Store, make_result: Callable[..., Result]) -> None:
    store.save([make_result(1)])
    checks = found(store)
    assert {name: check.state for name, check in checks.items() if check.state != "ok"} == {}
    assert {"tables", "models", "tasks", "database", "artefacts"} <= set(checks)


def test_facts_that_are_missing(store: Store, make_result: Callable[..., Result]) -> None:
    result = make_result(1)
    store.save([result])
    store.artefacts.delete(result.facts.call.id, "facts.json.gz")
    check = found(store)["artefacts"]
    assert (check.state, result.facts.call.id in check.found) == ("error", True)
    assert "analyse" in check.advice


def test_artefacts_without_a_call(store: Store) -> None:
    store.artefacts.put("ab" * 8, "words.json", b"[]")
    assert found(store)["artefacts"].state == "warning"
    store.enqueue([Task(key="a", source="a.wav", duration_s=1)])
    assert store.claim("w", 60)
    assert found(store)["artefacts"].state == "ok"


def test_failed_tasks(store: Store) -> None:
    store.enqueue([Task(key="a", source="a.wav", duration_s=1)])
    item = store.claim("w", 60)
    assert item is not None
    store.fail(item, "unreadable-input", "no recording")
    check = found(store)["tasks"]
    assert (check.state, "a.wav [unreadable-input]" in check.found) == ("warning", True)
    assert "--retry-failed" in check.advice


def test_models_that_are_not_here(store: Store, make_result: Callable[..., Result]) -> None:
    store.save([make_result(1)])
    with store.writing() as connection:
        connection.execute(text("UPDATE calls SET model = 'large-v9'"))
    assert "large-v9" in found(store)["models"].found


@pytest.mark.parametrize(("mode", "state"), [(0o700, "ok"), (0o755, "warning")])
def test_who_may_look_inside(workspace: Store, mode: int, state: str) -> None:
    assert workspace.pseudonyms("Anna")
    assert workspace.workspace is not None
    workspace.workspace.chmod(mode)
    assert found(workspace)["permissions"].state == state
    (workspace.workspace / "agents.key").chmod(0o644)
    assert found(workspace)["permissions"].state == "error"


def test_a_damaged_database(workspace: Store, make_result: Callable[..., Result]) -> None:
    workspace.save([make_result(number) for number in range(3)], durable=False)
    with workspace.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("DELETE FROM calls WHERE source = 'call-1.wav'")
        connection.exec_driver_sql("BEGIN")
    check = found(workspace)["database"]
    assert (check.state, "without their call" in check.found) == ("error", True)
