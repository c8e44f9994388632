"""What is purged is gone from tables, files and free pages; all else stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made import MONDAY
from sqlalchemy import func, insert, select

from callvoice.store import Result, Store, Task
from callvoice.store.purge import Choice, matching, purge, read_objections
from callvoice.store.schema import metadata

pytest_plugins = ["stores"]
MOMENT = datetime(2026, 5, 18, tzinfo=UTC)


@pytest.fixture
def results(make_result: Callable[..., Result]) -> list[Result]:
    return [make_result(number) for number in range(12)]


@pytest.fixture
def filled(store: Store, results: list[Result]) -> Store:
    store.save(results, durable=False)
    store.enqueue([Task(key="open", source="/calls/open.wav", duration_s=5, agent="Agent 2")])
    return store


def count(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.tables.values()
        }


@pytest.mark.parametrize(
    ("choice", "numbers", "n_waiting"),
    [
        (Choice(before=MONDAY + timedelta(days=2)), {0, 1, 2, 3, 4, 5}, 0),
        (Choice(agents=[" agent 2"]), {2, 6, 10}, 1),
        (Choice(calls=["call-3.wav", "call-99.wav"]), {3}, 0),
        (Choice(objections=["Agent 1", "call-0.wav", "customer=4"]), {0, 1, 4, 5, 9, 11}, 0),
        (Choice(objections=["Customer = 4"]), {4, 11}, 0),
        (Choice(calls=["open.wav"]), set(), 1),
        (Choice(objections=["=", "customer="]), set(), 0),
        (Choice(), set(), 0),
    ],
)
def test_what_is_meant_goes_and_the_rest_stays(
    filled: Store, results: list[Result], choice: Choice, numbers: set[int], n_waiting: int
) -> None:
    gone = sorted(results[number].facts.call.id for number in numbers)
    before = count(filled)
    assert matching(filled, choice) == gone
    proof = purge(filled, choice)
    assert proof.complete
    assert (proof.calls, proof.artefacts, proof.waiting) == (gone, 2 * len(gone), n_waiting)
    after = count(filled)
    for table, rows in proof.rows.items():
        assert before[table] - rows - (n_waiting if table == "work" else 0) == after[table]
    assert after["calls"] == 12 - len(gone) == len(list(filled.artefacts.call_ids()))
    assert after["runs"] == 1
    assert purge(filled, choice).calls == []


def test_words_of_a_call_without_a_result_go_with_it(store: Store) -> None:
    call_id = "ab" * 8
    store.enqueue([Task(key="k", source="a.wav", duration_s=5, agent="Petra", call_id=call_id)])
    store.artefacts.put(call_id, "words-1.json.gz", b"{}")
    proof = purge(store, Choice(agents=["Petra"]))
    assert (proof.waiting, proof.artefacts, proof.complete) == (1, 1, True)
    assert store.artefacts.names(call_id) == ()


def test_runs_forget_which_calls_failed(filled: Store) -> None:
    with filled.writing() as connection:
        failed = {"failures": [{"source": "open.wav"}], "n_analysed": 3}
        row = {"started_at": MOMENT, "host": "", "recipe": "", "options": {}, "summary": failed}
        connection.execute(insert(metadata.tables["runs"]).values(row))
    purge(filled, Choice(calls=["open.wav"]))
    with filled.reading() as connection:
        kept = connection.scalars(select(metadata.tables["runs"].c.summary)).all()
    assert kept[0] == {"failures": [], "n_analysed": 3}


def test_what_is_purged_while_it_is_judged_again_stays_gone(
    filled: Store, results: list[Result]
) -> None:
    purge(filled, Choice(calls=["call-3.wav"]))
    filled.rejudged([results[3], results[4]])
    call_id = results[3].facts.call.id
    assert call_id not in filled.call_ids()
    assert filled.artefacts.names(call_id) == ()
    assert results[4].facts.call.id in filled.call_ids()


def test_one_name_in_two_spellings_of_unicode_is_one_agent(filled: Store) -> None:
    composed, decomposed = "J\u00fcrgen", "Ju\u0308rgen"
    assert filled.pseudonyms(composed) == filled.pseudonyms(decomposed)


def test_a_pseudonym_is_as_good_as_a_name(filled: Store) -> None:
    assert len(matching(filled, Choice(agents=[filled.pseudonyms("Agent 2") or ""]))) == 3


def test_nothing_is_left_in_the_files(workspace: Store, results: list[Result]) -> None:
    workspace.save(results)
    call = results[5].facts.call
    assert workspace.workspace is not None
    files = list(workspace.workspace.glob("callvoice.db*"))
    assert any(call.sha256.encode() in path.read_bytes() for path in files)
    assert purge(workspace, Choice(calls=[call.id])).rebuilt
    for path in workspace.workspace.rglob("*"):
        assert path.is_dir() or call.sha256.encode() not in path.read_bytes()
        assert call.id not in path.name


def test_a_reader_at_work_does_not_stop_a_purge(workspace: Store, results: list[Result]) -> None:
    workspace.save(results)
    with workspace.reading() as connection:
        connection.execute(select(func.count()).select_from(metadata.tables["calls"])).all()
        proof = purge(workspace, Choice(calls=["call-3.wav"]))
    assert proof.complete
    assert len(proof.calls) == 1
    assert not proof.rebuilt
    assert purge(workspace, Choice()).rebuilt


def test_a_list_of_objections_may_have_remarks() -> None:
    assert read_objections("# since May\n\n Agent 1 \ncustomer=4\n") == ["Agent 1", "customer=4"]


def test_a_purged_call_may_be_analysed_again(filled: Store, results: list[Result]) -> None:
    purge(filled, Choice(calls=["call-3.wav"]))
    assert filled.enqueue([result.task for result in results]) == 1


def test_artefacts_of_others_are_untouched(filled: Store, tmp_path: Path) -> None:
    filled.artefacts.put("ab" * 8, "page.html", b"<p>")
    purge(filled, Choice(before=MONDAY + timedelta(days=99)))
    assert filled.artefacts.names("ab" * 8) == ("page.html",)
