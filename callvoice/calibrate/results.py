"""Results of earlier analyses, from files and folders: JSON reports, or facts alone."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import msgspec

from callvoice import mistakes
from callvoice.errors import UnreadableInput, printable
from callvoice.judging import facts_of
from callvoice.settings import Settings
from callvoice.types import Facts, Report, Verdict

_IN_WORKSPACE = "artefacts/*/*/report.json.gz"
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True)
class Result:
    """One earlier call. ``report`` is None where only its facts were kept."""

    file: Path
    facts: Facts
    report: Report | None = None

    @property
    def id(self) -> str:
        """The call's own id, from the content of its recording."""
        return self.facts.call.id

    @property
    def agent(self) -> str | None:
        """The digest of the agent's pseudonym, where the call was analysed with one."""
        return self.facts.baseline.agent if self.facts.baseline else None

    @property
    def names(self) -> set[str]:
        """What people may call it: id, recording and result, the latter also without extension."""
        source = file_name(self.facts.call.source)
        return {self.id, source, PurePath(source).stem, self.file.name, self.file.stem}

    def verdicts(self, settings: Settings) -> tuple[Verdict, ...]:
        """Judged now by raw scores, whatever the report said when it was made."""
        return mistakes.judge(self.facts, msgspec.structs.replace(settings, calibration=None))


def file_name(source: str) -> str:
    """The file name in a path of either kind of system."""
    return source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def read_results(paths: Iterable[Path]) -> list[Result]:
    """All results in files (JSON, or one object a line) and folders, each call once, the last read.

    In a folder, JSON files that are neither reports nor facts are passed over. The workspace of a
    batch is such a folder, too.

    Raises:
        UnreadableInput: a named file is no result, or nothing at all was found.
    """
    found: dict[str, Result] = {}
    for path in paths:
        for result in _in_folder(path) if path.is_dir() else _in_file(path):
            found[result.id] = result
    if not found:
        raise UnreadableInput(
            "there are no results here: name JSON reports of `callvoice analyze`, or the workspace"
            " of a batch."
        )
    return list(found.values())


def _in_folder(folder: Path) -> Iterator[Result]:
    for path in sorted(p for p in folder.glob("*.json*") if p.suffix in {".json", ".jsonl"}):
        documents = _documents(path)
        if documents and all(_is_result(document) for document in documents):
            yield from _in_file(path)
    for path in sorted(folder.glob(_IN_WORKSPACE)):
        yield from _in_file(path)


def _in_file(path: Path) -> Iterator[Result]:
    documents = _documents(path)
    if not documents:
        raise UnreadableInput(
            f"{printable(path)} is not JSON. Name reports of `callvoice analyze`."
        )
    for document in documents:
        yield _result(path, document)


def _documents(path: Path) -> list[Any]:
    """The JSON documents in a file: one, or one a line; none if it is something else."""
    try:
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return []
    except OSError as error:
        raise UnreadableInput(f"cannot read {printable(path)}: {error.strerror}.") from error
    try:
        return [msgspec.json.decode(content)]
    except _NO_JSON:
        pass
    try:
        return [msgspec.json.decode(line) for line in content.splitlines() if line.strip()]
    except _NO_JSON:
        return []


def _is_result(document: Any) -> bool:
    return isinstance(document, dict) and {"call", "transcript"} <= set(document)


def _result(path: Path, document: Any) -> Result:
    if not _is_result(document):
        raise UnreadableInput(
            f"{printable(path)} holds neither a report nor facts. Name JSON reports of"
            " `callvoice analyze`."
        )
    try:
        if "mistakes" not in document:
            return Result(path, msgspec.convert(document, Facts))
        report = msgspec.convert(document, Report)
    except msgspec.ValidationError as error:
        raise UnreadableInput(
            f"{printable(path)} is not as a report should be: {error}."
        ) from error
    return Result(path, facts_of(report), report)
