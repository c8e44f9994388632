"""Manifests: a CSV file with a line per call, for what a file name cannot say.

Columns, in any order: ``file`` (the recording), or ``agent_file`` and ``caller_file`` where each
party has one; ``agent``, ``date``, ``queue``, ``language``, ``agent_channel`` (left, right, auto),
``transcript``, ``consent``. Any further column is kept with the call. Names of files are relative
to the manifest; URLs stay as they are. The separator is a comma, semicolon or tab.

Where there is a ``consent`` column, only rows that say yes there are read; what another row says of
the same recording does not count against a refusal.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from callvoice.batch.items import Item, is_remote, located, when
from callvoice.errors import InvalidManifest, printable

_YES = {"yes", "y", "true", "1", "ja", "j", "x"}
_FILES = ("file", "agent_file", "caller_file")
_KNOWN = {
    *_FILES,
    *("agent", "queue", "date", "language", "agent_channel", "transcript", "consent"),
}
_GERMAN = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")
_LANGUAGES = {"de": "de", "en": "en", "auto": None, "": None}
_YEARS = range(1900, 2200)  # the first and last that a calendar has have no time in every zone
_CHANNELS = {"left": "left", "right": "right", "auto": "auto", "": "auto"}


def read_manifest(path: Path) -> tuple[list[Item], list[tuple[str, ...]]]:
    """The calls of a manifest, and the recordings of each row that lacks consent.

    Raises:
        InvalidManifest: unreadable, no usable column, or a row with an unknown value.
    """
    name = printable(path)
    rows = list(_rows(path, name))
    items = [_item(row, path.parent, f"{name}, row {n}") for n, row in rows if _consents(row)]
    refused = [
        tuple(_located(row[leg], path.parent) for leg in _FILES if row.get(leg))
        for _, row in rows
        if not _consents(row)
    ]
    return items, refused


def _rows(path: Path, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows with their line numbers, keys in lower case, cells without space around."""
    text = _text(path, name)
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        columns = {(column or "").strip().lower() for column in reader.fieldnames or ()}
        if not columns.intersection(_FILES):
            raise InvalidManifest(
                f"{name} has no column 'file' (nor 'agent_file' and 'caller_file'):"
                " its first line must name the columns."
            )
        for row in reader:
            cells = {k.strip().lower(): (v or "").strip() for k, v in row.items() if k}
            if any(cells.values()):
                yield reader.line_num, cells
    except csv.Error as error:
        raise InvalidManifest(
            f"{name}, line {reader.line_num + 1}: {error}. Is a quotation mark left open?"
        ) from error


def _text(path: Path, name: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidManifest(f"cannot read {name}: {error.strerror or error}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what spreadsheets save by default


def _consents(row: dict[str, str]) -> bool:
    return row.get("consent", "yes").lower() in _YES


def _item(row: dict[str, str], folder: Path, place: str) -> Item:
    recording = row.get("file") or row.get("agent_file")
    caller = row.get("caller_file")
    if not recording or (row.get("agent_file") and not caller):
        raise InvalidManifest(f"{place} names no recording, or only one of two legs.")
    channel = _CHANNELS.get(row.get("agent_channel", "").lower())
    if channel is None:
        raise InvalidManifest(f"{place}: agent_channel is left, right or auto.")
    return Item(
        location=_located(recording, folder),
        caller=_located(caller, folder) if caller else None,
        transcript=_located(row["transcript"], folder) if row.get("transcript") else None,
        agent_channel=channel,  # type: ignore[arg-type]
        language=_language(row.get("language", ""), place),
        agent=row.get("agent") or None,
        queue=row.get("queue") or None,
        date=_date(row["date"], place) if row.get("date") else None,
        extra={k: v for k, v in row.items() if v and k not in _KNOWN},
    )


def _language(text: str, place: str) -> str | None:
    """What analysis knows, also from a tag such as de-DE; None for auto."""
    primary = text.lower().replace("_", "-").partition("-")[0]
    if primary not in _LANGUAGES:
        raise InvalidManifest(f"{place}: the language '{text}' is none of de, en, auto.")
    return _LANGUAGES[primary]


def _date(text: str, place: str) -> str:
    """A day, or a moment, in ISO 8601 as it is or as written in German."""
    moment = _moment(text)
    if moment is not None and moment.year in _YEARS:
        return moment.isoformat()
    raise InvalidManifest(f"{place}: '{text}' is no date such as 2026-05-18 or 18.05.2026 14:30.")


def _moment(text: str) -> date | datetime | None:
    with suppress(ValueError):
        return when(text)
    for form in _GERMAN:
        with suppress(ValueError):
            moment = datetime.strptime(text, form)
            return moment if "%H" in form else moment.date()
    return None


def _located(name: str, folder: Path) -> str:
    return name if is_remote(name) else located(folder / name)
