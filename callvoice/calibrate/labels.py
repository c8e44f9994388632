"""Verdicts of people: a table of call, mistake, verdict and reviewer, and a template of it.

Spreadsheets may have had it in between: comma, semicolon or tab, UTF-8 or Windows-1252, with or
without a byte order mark. Rows without a verdict are not yet filled in and count for nothing.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from callvoice.calibrate.results import Result, file_name
from callvoice.errors import InvalidSettings, UnreadableInput, printable
from callvoice.settings import Settings
from callvoice.types import MistakeId, Verdict

Answer = Literal["yes", "no", "unsure"]
COLUMNS = ("call", "mistake", "verdict", "reviewer", "agent", "score", "status", "at")
MISTAKES: tuple[MistakeId, ...] = get_args(MistakeId)
_NEEDED = COLUMNS[:4]
_ANSWERS: dict[str, Answer] = {
    **dict.fromkeys(("yes", "y", "ja", "j"), "yes"),
    **dict.fromkeys(("no", "n", "nein"), "no"),
    **dict.fromkeys(("unsure", "unsicher", "?"), "unsure"),
}
_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would take a cell that begins so for a formula


@dataclass(frozen=True)
class Label:
    """One reviewer's verdict on one mistake in one call; ``line`` is where it stands."""

    call: str
    mistake: MistakeId
    verdict: Answer
    reviewer: str
    agent: str | None = None
    line: int = 0


@dataclass(frozen=True)
class Labels:
    """All labels of a file; ``digest`` is of the file's content, 16 hex digits."""

    rows: tuple[Label, ...]
    digest: str


def read_labels(path: Path) -> Labels:
    """The labels in a file.

    Raises:
        UnreadableInput: the file cannot be read.
        InvalidSettings: a column is missing, a row holds something unknown, or no row has a
            verdict.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(
            f"cannot read the labels {printable(path)}: {error.strerror}."
        ) from error
    rows = tuple(_rows(path, _text(content)))
    if not rows:
        raise InvalidSettings(
            f"{printable(path)} holds no verdict yet. Fill the columns verdict (yes, no or unsure)"
            " and reviewer."
        )
    return Labels(rows, hashlib.sha256(content).hexdigest()[:16])


def template(results: Sequence[Result], settings: Settings) -> str:
    """A table to fill in: one row a call and mistake, verdict and reviewer left open.

    ``at`` is where the strongest finding begins, in seconds, for orientation.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    names = _names(results)
    for result in results:
        for verdict in result.verdicts(settings):
            writer.writerow(_open_row(names[result.id], result, verdict))
    return out.getvalue()


def by_name(results: Iterable[Result]) -> Callable[[str], list[Result]]:
    """A look-up of the results that a label's ``call`` may mean."""
    known: dict[str, list[Result]] = {}
    for result in results:
        for name in result.names:
            known.setdefault(name, []).append(result)
    return lambda call: known.get(file_name(call.removeprefix("'")), [])


def _names(results: Sequence[Result]) -> dict[str, str]:
    """What each call is called in a template: its file, its id where several have that name."""
    sources = [file_name(result.facts.call.source) for result in results]
    return {
        result.id: source if sources.count(source) == 1 else result.id
        for result, source in zip(results, sources, strict=True)
    }


def _open_row(name: str, result: Result, verdict: Verdict) -> list[str]:
    starts = (f.start_s for f in verdict.findings if f.start_s is not None)
    score = "" if verdict.score is None else f"{verdict.score:.3f}"
    at = next((f"{start:.1f}" for start in starts), "")
    safe = f"'{name}" if name.startswith(_FORMULA) else name
    return [safe, verdict.id, "", "", result.agent or "", score, verdict.status, at]


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _rows(path: Path, text: str) -> Iterable[Label]:
    header = next(iter(text.splitlines()), "")
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from _labels(path, reader)
    except csv.Error as error:
        raise InvalidSettings(
            f"{printable(path)}, line {reader.line_num + 1}: {error}."
            " Is a quotation mark left open?"
        ) from error


def _labels(path: Path, reader: csv.DictReader[str]) -> Iterable[Label]:
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in _NEEDED if name not in reader.fieldnames]
    if missing:
        raise InvalidSettings(
            f"{printable(path)} lacks the column {', '.join(missing)}. Needed are"
            f" {', '.join(_NEEDED)}; `callvoice calibrate --template` makes such a table."
        )
    for row in reader:
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        if cells["verdict"]:
            yield _label(f"{printable(path)}, line {reader.line_num}", cells, reader.line_num)


def _label(place: str, cells: dict[str, str], line: int) -> Label:
    answer = _ANSWERS.get(cells["verdict"].lower())
    mistake = next((m for m in MISTAKES if m == cells["mistake"]), None)
    if answer is None:
        raise InvalidSettings(
            f"{place}: the verdict '{cells['verdict']}' is none of yes, no, unsure."
        )
    if mistake is None:
        raise InvalidSettings(
            f"{place}: unknown mistake '{cells['mistake']}'. Known: {', '.join(MISTAKES)}."
        )
    for name in ("call", "reviewer"):
        if not cells[name]:
            raise InvalidSettings(f"{place}: a verdict needs a {name}.")
    return Label(cells["call"], mistake, answer, cells["reviewer"], cells["agent"] or None, line)
