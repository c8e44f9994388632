"""The table of verdicts, as people and their spreadsheets leave it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from calls import call

from callvoice.calibrate.labels import COLUMNS, MISTAKES, by_name, read_labels, template
from callvoice.calibrate.results import Result
from callvoice.errors import InvalidSettings, UnreadableInput
from callvoice.settings import load_settings

SETTINGS = load_settings()


@pytest.fixture
def table(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(text: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / "labels.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def results(*numbers: int) -> list[Result]:
    return [Result(Path(f"r{n}.json"), call(n, phrases=n)) for n in numbers]


def test_all_columns_and_answers(table) -> None:  # type: ignore[no-untyped-def]
    read = read_labels(
        table(
            "call,mistake,verdict,reviewer,agent\n"
            "a.wav,too_fast,yes,R1,k7\n"
            "a.wav,too_fast,Nein,R2,\n"
            "b.wav,unclear,unsure,R1,k8\n"
            "b.wav,rushed,,R1,k8\n"
        )
    )
    assert [(r.call, r.mistake, r.verdict, r.reviewer, r.agent, r.line) for r in read.rows] == [
        ("a.wav", "too_fast", "yes", "R1", "k7", 2),
        ("a.wav", "too_fast", "no", "R2", None, 3),
        ("b.wav", "unclear", "unsure", "R1", "k8", 4),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_whatever_a_spreadsheet_makes_of_it(table, encoding: str, delimiter: str, end: str) -> None:  # type: ignore[no-untyped-def]
    rows = ["Call|Mistake|Verdict|Reviewer", "grün.wav|too_fast|ja|Jörg", ""]
    read = read_labels(table(end.join(rows).replace("|", delimiter), encoding))
    assert [(r.call, r.verdict, r.reviewer) for r in read.rows] == [("grün.wav", "yes", "Jörg")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("call,mistake,verdict\na,too_fast,yes\n", "lacks the column reviewer"),
        ("call,mistake,verdict,reviewer\na,too_fast,maybe,R\n", "line 2: the verdict 'maybe'"),
        ("call,mistake,verdict,reviewer\na,boring,yes,R\n", "unknown mistake 'boring'"),
        ("call,mistake,verdict,reviewer\na,too_fast,yes,\n", "needs a reviewer"),
        ("call,mistake,verdict,reviewer\n,too_fast,yes,R\n", "needs a call"),
        ("call,mistake,verdict,reviewer\na,too_fast,,R\n", "holds no verdict yet"),
        ("", "lacks the column"),
        ("call,mistake,verdict,reviewer\na,too_fast,yes," + "R" * 140_000, "line 2: field larger"),
    ],
)
def test_what_is_wrong_is_named(table, text: str, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidSettings, match=says):
        read_labels(table(text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match=r"none\.csv"):
        read_labels(tmp_path / "none.csv")


def test_the_template_comes_back_as_it_was_filled_in(table) -> None:  # type: ignore[no-untyped-def]
    given = results(1, 4)
    rows = list(csv.DictReader(io.StringIO(template(given, SETTINGS))))
    assert [(r["call"], r["mistake"]) for r in rows] == [
        (f"call-{n}.wav", m) for n in (1, 4) for m in MISTAKES
    ]
    found = next(r for r in rows if r["call"] == "call-4.wav" and r["mistake"] == "know_it_all")
    assert (found["status"], found["at"]) == ("found", "9.0")
    assert float(found["score"]) > 0.9
    for row in rows:
        row["verdict"], row["reviewer"] = "yes" if row["status"] == "found" else "unsure", "R1"
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    read = read_labels(table(out.getvalue()))
    assert len(read.rows) == 16
    assert [r.call for r in read.rows if r.verdict == "yes"] == ["call-4.wav"]
    assert all(len(by_name(given)(r.call)) == 1 for r in read.rows)


def test_two_recordings_of_one_name_go_by_their_ids() -> None:
    one, two = call(1), call(2)
    from msgspec.structs import replace

    two = replace(two, call=replace(two.call, source="call-1.wav"))
    same = [Result(Path("a.json"), one), Result(Path("b.json"), two)]
    named = {r["call"] for r in csv.DictReader(io.StringIO(template(same, SETTINGS)))}
    assert named == {one.call.id, two.call.id}
    assert len(by_name(same)("call-1.wav")) == 2


def test_a_name_that_a_spreadsheet_would_calculate() -> None:
    from msgspec.structs import replace

    facts = call(1)
    evil = replace(facts, call=replace(facts.call, source="=cmd|calc.wav"))
    given = [Result(Path("a.json"), evil)]
    row = next(csv.DictReader(io.StringIO(template(given, SETTINGS))))
    assert row["call"] == "'=cmd|calc.wav"
    assert by_name(given)(row["call"]) == given


@pytest.mark.parametrize(
    "name", ["call-3.wav", "call-3", "r3.json", "r3", "x/call-3.wav", f"{3:016x}"]
)
def test_a_call_has_several_names(name: str) -> None:
    assert [r.id for r in by_name(results(2, 3))(name)] == [f"{3:016x}"]
