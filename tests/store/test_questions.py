"""Statistics, one call, export, vCon: against plain Python on what was put in."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import RFC_4122, UUID

import pytest
from made import MONDAY
from msgspec.structs import replace
from pyarrow import parquet
from targets import BOTH, empty_target

from callvoice.errors import CannotWrite
from callvoice.store import Result, Store, open_store
from callvoice.store.export import export
from callvoice.store.scope import Scope, find
from callvoice.store.show import show
from callvoice.store.stats import stats
from callvoice.store.tables import NAMES
from callvoice.types import Greeting, Status

pytest_plugins = ["stores"]
STATUSES: tuple[Status, ...] = ("found", "clear", "not_assessable")


@pytest.fixture(scope="module")
def results(make_result: Callable[..., Result]) -> list[Result]:
    """Calls of three queues over two weeks and two days, their verdicts differing."""
    return [_varied(make_result(number), number) for number in range(48)]


def _varied(result: Result, number: int) -> Result:
    mistakes = tuple(
        replace(mistake, status=STATUSES[(number * (n + 2) // 3) % 3])
        for n, mistake in enumerate(result.report.mistakes)
    )
    return Result(result.task, replace(result.report, mistakes=mistakes), result.facts)


@pytest.fixture(scope="module", params=BOTH)
def filled(
    request: pytest.FixtureRequest,
    results: list[Result],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    """A store with all of them, to be read only."""
    folder = tmp_path_factory.mktemp("filled")
    with open_store(
        empty_target(request, folder, database="filled"), artefacts=folder / "artefacts"
    ) as store:
        store.save(results, durable=False)
        yield store


def week(day: date) -> str:
    return f"{day.isocalendar()[0]}-W{day.isocalendar()[1]:02d}"


def test_statistics_count_what_was_kept(filled: Store, results: list[Result]) -> None:
    expected: dict[Any, Counter[str]] = defaultdict(Counter)
    for result in results:
        day = result.task.day
        assert day
        for mistake in result.report.mistakes:
            expected[mistake.id, result.task.queue, week(day)][mistake.status] += 1
    groups = {tuple(group.of.values()): group for group in stats(filled)}
    assert set(groups) == set(expected)
    for key, counts in expected.items():
        group = groups[key]
        if counts.total() < 5:
            assert (group.calls, group.found, group.found_share) == (None, None, None)
        else:
            assert group.calls == counts.total()
            assert (group.found, group.clear) == (counts["found"], counts["clear"])
    assert any(group.calls is None for group in groups.values())


def test_groups_without_mistakes_count_calls(filled: Store, results: list[Result]) -> None:
    def worst(result: Result) -> str:
        statuses = {mistake.status for mistake in result.report.mistakes}
        return next(status for status in STATUSES if status in statuses)

    expected = Counter((r.task.queue, worst(r)) for r in results)
    for group in stats(filled, ["queue"]):
        queue = group.of["queue"]
        assert (group.found, group.clear) == (expected[queue, "found"], expected[queue, "clear"])
        assert group.minutes == pytest.approx(
            sum(r.task.duration_s for r in results if r.task.queue == queue) / 60, abs=0.06
        )
    assert stats(filled, ["queue"], scope=Scope(queue="nowhere")) == []


def test_calls_with_the_same_opening_words_are_a_group(store: Store, results: list[Result]) -> None:
    spoken = ("Guten Morgen, Stadtwerke, Jana Kolb.", "guten morgen Stadtwerke  Jana Kolb")
    for result, text in zip(results[:2], spoken, strict=True):
        greeting = Greeting(0, text, 8, ("salutation", "company", "name"), ())
        facts = replace(result.facts, text=replace(result.facts.text, greeting=greeting))
        store.save([Result(result.task, result.report, facts)], durable=False)
    store.save([results[2]], durable=False)
    groups = stats(store, ["opening"], smallest=1)
    assert sorted(group.calls or 0 for group in groups) == [1, 2]
    assert all(len(group.of["opening"] or "") == 16 for group in groups)


def test_there_are_no_groups_by_agent(filled: Store) -> None:
    with pytest.raises(ValueError, match="agent"):
        stats(filled, ["agent"])


def test_one_call_with_all_that_belongs_to_it(filled: Store, results: list[Result]) -> None:
    result = results[7]
    call_id = result.facts.call.id
    shown = show(filled, call_id)
    assert shown is not None
    assert shown.call["source"] == "call-7.wav"
    assert [turn["start_s"] for turn in shown.turns] == [
        turn.start_s for turn in result.report.transcript.turns
    ]
    assert len(shown.verdicts) == 8
    assert shown.artefacts == ("facts.json.gz", "report.json.gz")
    assert show(filled, "0" * 16) is None


def test_a_call_is_found_by_what_people_call_it(filled: Store, results: list[Result]) -> None:
    call = results[7].facts.call
    for name in (call.id, call.id[:8], call.source, call.sha256):
        assert find(filled, name) == [call.id]
    assert find(filled, "nothing") == find(filled, "%") == find(filled, "____") == []


@pytest.mark.parametrize("table", NAMES)
def test_every_form_says_the_same(filled: Store, table: str, tmp_path: Path) -> None:
    paths = {form: tmp_path / f"x.{form}" for form in ("parquet", "csv", "jsonl")}
    counts = {
        export(filled, path, form=form, table=table)  # type: ignore[arg-type]
        for form, path in paths.items()
    }
    assert len(counts) == 1
    lines = [json.loads(line) for line in paths["jsonl"].read_text().splitlines()]
    read = parquet.read_table(paths["parquet"])
    with paths["csv"].open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert {len(lines), read.num_rows, len(cells)} == counts
    for line, row, cell in zip(lines, read.to_pylist(), cells, strict=True):
        assert list(line) == list(row) == list(cell)
        for name, value in line.items():
            assert _same(value, row[name])
            assert cell[name].lstrip("'") == _as_cell(value)


def _same(value: Any, read: Any) -> bool:
    if isinstance(value, dict | list):
        return bool(json.loads(read) == value)
    if isinstance(read, date):
        return date.fromisoformat(value[:10]) == (read.date() if hasattr(read, "date") else read)
    return bool(read == value)


def _as_cell(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, str) and value.endswith("Z"):
        return value.replace("Z", "+00:00")
    return "" if value is None else str(value).lstrip("'")


def test_the_summary_has_the_agents_measures_and_every_verdict(
    filled: Store, results: list[Result], tmp_path: Path
) -> None:
    export(filled, tmp_path / "s.parquet", form="parquet")
    rows = {row["call_id"]: row for row in parquet.read_table(tmp_path / "s.parquet").to_pylist()}
    assert len(rows) == len(results)
    for result in results:
        row = rows[result.report.call.id]
        agent = result.facts.party("agent")
        assert agent is not None
        assert row["agent_f0_spread_st"] == pytest.approx(agent.f0_spread_st)
        for mistake in result.report.mistakes:
            assert row[f"{mistake.id}_status"] == mistake.status


def test_a_week_of_a_queue(filled: Store, results: list[Result], tmp_path: Path) -> None:
    last = MONDAY + timedelta(days=6)
    scope = Scope(MONDAY, last, "Technik")
    export(filled, tmp_path / "w.jsonl", form="jsonl", scope=scope)
    found = {json.loads(line)["source"] for line in (tmp_path / "w.jsonl").open()}
    assert found == {
        r.facts.call.source
        for r in results
        if r.task.queue == "Technik" and r.task.day and r.task.day <= last
    }


def test_calls_without_a_day_count_as_of_the_day_they_were_analysed(
    store: Store, make_result: Callable[..., Result], tmp_path: Path
) -> None:
    store.save([make_result(1, date=None)])
    today = date.today()
    near = Scope(today - timedelta(days=1), today + timedelta(days=1))
    assert export(store, tmp_path / "a", form="jsonl", scope=near) == 1
    assert export(store, tmp_path / "a", form="jsonl", scope=Scope(until=date(2020, 1, 1))) == 0


def test_no_spreadsheet_runs_what_a_caller_said(
    store: Store, make_result: Callable[..., Result], tmp_path: Path
) -> None:
    result = make_result(1)
    turns = result.report.transcript.turns
    said = (replace(turns[0], text="=cmd|'/c calc'!A0"), *turns[1:])
    spoken = replace(result.report, transcript=replace(result.report.transcript, turns=said))
    store.save([Result(result.task, spoken, result.facts)])
    export(store, tmp_path / "t.csv", form="csv", table="turns")
    with (tmp_path / "t.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["text"] == "'=cmd|'/c calc'!A0"


def test_an_export_that_cannot_be_written_leaves_nothing(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(CannotWrite):
        export(filled, tmp_path / "nowhere" / "x.csv", form="csv")
    assert not (tmp_path / "nowhere").exists()


def test_vcon_containers_say_who_when_and_what(
    filled: Store, results: list[Result], tmp_path: Path
) -> None:
    assert export(filled, tmp_path / "v", form="vcon", scope=Scope(until=MONDAY)) == 3
    result = results[1]
    path = tmp_path / "v" / f"{result.facts.call.id}.vcon.json"
    vcon = json.loads(path.read_text())
    assert vcon["vcon"] == "0.4.0"
    assert (UUID(vcon["uuid"]).version, UUID(vcon["uuid"]).variant) == (8, RFC_4122)
    (dialog,) = vcon["dialog"]
    assert dialog["start"] == "2026-11-02T00:00:00+00:00"
    assert dialog["duration"] == result.facts.call.duration_s
    agent = result.facts.call.roles["agent"]
    assert vcon["parties"][dialog["parties"][agent]]["type"] == "agent"
    assert "body" not in dialog
    kinds = {analysis["type"]: analysis for analysis in vcon["analysis"]}
    assert set(kinds) == {"transcript", "report"}
    for analysis in kinds.values():
        assert (analysis["vendor"], analysis["encoding"], analysis["dialog"]) == (
            "callvoice",
            "json",
            0,
        )
    said = kinds["transcript"]["body"]["turns"]
    assert len(said) == len(result.report.transcript.turns)
    assert any("#### #######" in turn["text"] for turn in said)
