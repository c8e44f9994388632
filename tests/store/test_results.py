"""What is kept of a call, in rows and artefacts; and what is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace as replace_task
from pathlib import Path

import psycopg
import pytest
from made import NUMBER
from msgspec.structs import replace
from sqlalchemy import func, select

from callvoice.settings import load_settings
from callvoice.store import Result, Store, StoreUnavailable, open_store
from callvoice.store.redact import keep
from callvoice.store.reviews import Kept, Review
from callvoice.store.reviews import keep as keep_reviews
from callvoice.store.schema import (
    RESULTS,
    calls,
    findings,
    measures,
    metadata,
    turns,
    verdicts,
)

pytest_plugins = ["stores"]
Make = Callable[..., Result]


def finish(store: Store, result: Result) -> None:
    store.enqueue([result.task])
    item = store.claim("w", 60)
    assert item is not None
    assert store.finish(item, result.report, result.facts)


def count(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.tables.values()
        }


def test_rows_say_what_the_report_says(store: Store, make_result: Make) -> None:
    result = make_result(7)
    finish(store, result)
    report = result.report
    with store.reading() as connection:
        call = connection.execute(select(calls)).mappings().one()
        found = connection.execute(select(findings.c.mistake, findings.c.start_s)).all()
        judged = connection.execute(select(verdicts.c.mistake, verdicts.c.status, verdicts.c.score))
        statuses = {tuple(row) for row in judged}
        rate = connection.scalar(
            select(measures.c.articulation_rate_syll_s).where(measures.c.role == "agent")
        )
    assert (call["call_id"], call["source"]) == (report.call.id, report.call.source)
    assert call["week"].isocalendar()[1:] == (45, 1)
    assert call["day"] == result.task.date
    assert statuses == {(m.id, m.status, m.score) for m in report.mistakes}
    assert len(found) == sum(len(m.findings) for m in report.mistakes)
    agent = result.facts.party("agent")
    assert agent is not None
    assert rate == pytest.approx(agent.articulation_rate_syll_s)


def test_facts_and_report_come_back_as_they_were(
    open_: Callable[..., Store], make_result: Make
) -> None:
    result = make_result(1)
    store = open_(redact=keep)
    finish(store, result)
    assert store.facts(result.facts.call.id) == result.facts
    assert store.report(result.facts.call.id) == result.report


def test_what_was_said_is_redacted_everywhere(tmp_path: Path, make_result: Make) -> None:
    result = make_result(1)
    assert NUMBER in str(result.report)
    assert NUMBER in str(result.facts)
    with open_store(tmp_path / "w") as store:
        finish(store, result)
        call_id = result.facts.call.id
        assert NUMBER not in str(store.facts(call_id))
        assert NUMBER not in str(store.report(call_id))
    for path in (tmp_path / "w").glob("callvoice.db*"):
        assert NUMBER.encode() not in path.read_bytes()
    with sqlite3.connect(tmp_path / "w" / "callvoice.db") as connection:
        texts = [row[0] for row in connection.execute("SELECT text FROM turns")]
    assert any("Meine Nummer ist #### #######." in text for text in texts)


def test_redacted_facts_are_judged_as_the_facts_were(store: Store, make_result: Make) -> None:
    from callvoice import mistakes

    result = make_result(1)
    finish(store, result)
    kept = store.facts(result.facts.call.id)
    assert kept is not None
    settings = load_settings()
    before, after = (mistakes.judge(facts, settings) for facts in (result.facts, kept))
    assert [(v.status, v.score) for v in before] == [(v.status, v.score) for v in after]


def test_a_new_result_replaces_the_old_one_and_keeps_reviews(
    store: Store, make_result: Make
) -> None:
    first, second = make_result(1, key="base"), make_result(1, key="large")
    finish(store, first)
    review = Review(first.report.call.id, "rushed", "yes", "r")
    assert keep_reviews(store, [review]) == Kept(1, ())
    before = count(store)
    fewer = replace(second.report, transcript=replace(second.report.transcript, turns=()))
    finish(store, Result(second.task, fewer, second.facts))
    after = count(store)
    assert after == {**before, "work": 2, "turns": 0}
    with store.reading() as connection:
        assert connection.execute(select(calls.c.key)).scalar_one() == "large"


def test_results_saved_in_bulk_count_as_done(store: Store, make_result: Make) -> None:
    results = [make_result(number) for number in range(6)]
    store.enqueue([results[0].task])
    store.save(results)
    assert store.progress().counts == {
        "waiting": 0,
        "running": 0,
        "done": 6,
        "failed": 0,
        "poison": 0,
    }
    assert store.enqueue([result.task for result in results]) == 0
    assert store.call_ids() == sorted(result.facts.call.id for result in results)
    task = store.tasks(store.call_ids())[results[2].facts.call.id]
    assert task.agent == store.pseudonyms("Agent 2")
    assert (task.key, task.queue) == ("key-2", "Rechnung")


def test_judging_anew_replaces_verdicts_and_leaves_what_was_said(
    store: Store, make_result: Make
) -> None:
    first = make_result(1)
    finish(store, first)
    before = count(store)
    with store.reading() as connection:
        said = list(connection.scalars(select(turns.c.text).order_by(turns.c.position)))
    clear = tuple(replace(m, status="clear", findings=()) for m in first.report.mistakes)
    task = replace_task(store.tasks([first.report.call.id])[first.report.call.id], key="stricter")
    store.rejudged([Result(task, replace(first.report, mistakes=clear), first.facts)])
    assert count(store) == {**before, "findings": 0, "work": 2}
    with store.reading() as connection:
        assert list(connection.scalars(select(turns.c.text).order_by(turns.c.position))) == said
        assert set(connection.scalars(select(verdicts.c.status))) == {"clear"}
    assert store.enqueue([task]) == 0


def test_agents_have_one_pseudonym_each_in_a_store(tmp_path: Path) -> None:
    with open_store(tmp_path / "a") as first, open_store(tmp_path / "b") as second:
        name = first.pseudonyms("Anna Weiß")
        assert name == first.pseudonyms(" anna  weiß") == first.pseudonyms(name)
        assert name != second.pseudonyms("Anna Weiß")
        assert first.pseudonyms(None) is None
        assert (tmp_path / "a" / "agents.key").stat().st_mode & 0o777 == 0o600
    with open_store(tmp_path / "a") as again:
        assert again.pseudonyms("Anna Weiß") == name


def test_nothing_is_written_where_the_artefacts_cannot_be(
    tmp_path: Path, make_result: Make
) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "artefacts").write_text("a file where a folder should be")
    with open_store(tmp_path / "w") as store:
        store.enqueue([make_result(1).task])
        item = store.claim("w", 60)
        assert item is not None
        with pytest.raises(StoreUnavailable, match="cannot keep facts"):
            store.finish(item, make_result(1).report, make_result(1).facts)
        assert count(store)["calls"] == 0
        assert store.heartbeat(item, 60)


def test_a_result_of_a_task_that_was_purged_meanwhile_leaves_nothing(
    store: Store, make_result: Make
) -> None:
    from callvoice.store.purge import Choice, purge

    result = make_result(1)
    store.enqueue([result.task])
    item = store.claim("w", 60)
    assert item is not None
    assert purge(store, Choice(agents=["Agent 1"])).waiting == 1
    assert not store.finish(item, result.report, result.facts)
    assert count(store)["calls"] == 0
    assert list(store.artefacts.call_ids()) == []


def test_children_are_sorted_and_complete(store: Store, make_result: Make) -> None:
    result = make_result(1)
    finish(store, result)
    rows = count(store)
    assert rows["turns"] == len(result.report.transcript.turns)
    assert rows["measures"] == 2
    assert rows["strengths"] == len(result.report.strengths)
    assert {table.name for table in RESULTS} <= set(rows)
    with store.reading() as connection:
        positions = list(connection.scalars(select(turns.c.position).order_by(turns.c.start_s)))
    assert positions == sorted(positions)


def test_a_full_disk_is_said_and_nothing_is_half_written(
    workspace: Store, make_result: Make
) -> None:
    workspace.enqueue([make_result(1).task])
    item = workspace.claim("w", 60)
    assert item is not None
    with workspace.engine.connect() as connection:  # the one connection of the pool
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="Make room"):
        workspace.finish(item, make_result(1).report, make_result(1).facts)
    assert count(workspace)["calls"] == count(workspace)["turns"] == 0
    with workspace.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert workspace.finish(item, make_result(1).report, make_result(1).facts)


def test_a_server_that_dropped_its_connections_is_met_again(cluster: str, tmp_path: Path) -> None:
    with open_store(cluster.format("postgres"), artefacts=tmp_path) as store:
        assert store.progress().total == 0
        with psycopg.connect(cluster.replace("+psycopg", "").format("template1")) as other:
            dropped = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            assert other.execute(dropped, ["postgres"]).fetchall()
        assert store.progress().total == 0
