"""From what a person names (files, folders, globs, manifests, URLs) to the calls of a batch."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from callvoice.batch.items import Item, is_remote, local_path, located
from callvoice.batch.manifest import read_manifest
from callvoice.errors import UnknownPlace, UnreadableInput, printable

SUFFIXES = frozenset(
    {".wav", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".mp4", ".3gp"}
    | {".aac", ".amr", ".awb", ".wma", ".asf", ".mkv", ".webm", ".avi", ".au", ".snd", ".caf"}
    | {".aif", ".aiff", ".gsm", ".vcon"}
)
_VCON = ".vcon.json"
_BESIDE = ".transcript.json"
_CHANGES = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "updated", "created")


@dataclass(frozen=True)
class Found:
    """An item with what the file system says of its recording; ``changed`` is any value that a
    change of the content changes too.
    """

    item: Item
    size_bytes: int = 0
    changed: str = ""


@dataclass(frozen=True)
class Discovered:
    """The calls of a batch, the largest recording first. ``refused`` are recordings that a manifest
    lists without consent, in ``n_without_consent`` rows: an earlier run may have queued them.
    """

    found: tuple[Found, ...]
    n_without_consent: int = 0
    refused: frozenset[str] = frozenset()


def discover(
    places: Iterable[str],
    *,
    without: Path | None = None,
    language: str | None = None,
    transcripts: bool = False,
) -> Discovered:
    """All calls at ``places``, each once.

    Args:
        places: files, folders (with all below them), globs, manifests (``.csv``), fsspec URLs.
        without: a folder that is not looked into, such as the workspace.
        language: of the calls whose manifest does not name one.
        transcripts: use ``NAME.transcript.json`` beside a recording where there is one.

    Raises:
        UnreadableInput: a place does not exist, or a glob matches nothing.
        InvalidManifest: see :func:`callvoice.batch.manifest.read_manifest`.
        UnknownPlace: a URL that cannot be reached.
    """
    items: dict[str, Item] = {}
    rows: list[tuple[str, ...]] = []
    for place in places:
        here, without_consent = _items_at(place, without)
        rows += without_consent
        for item in here:
            if items.get(item.location) in (None, Item(location=item.location)):
                items[item.location] = item  # a manifest says more than a bare name
    legs = {item.caller for item in items.values()}
    refused = frozenset(location for row in rows for location in row)
    finished = (
        _completed(item, language, transcripts)
        for item in items.values()
        if refused.isdisjoint(item.locations) and (item.caller or item.location not in legs)
    )
    found = sorted(map(_stat, finished), key=lambda f: (-f.size_bytes, f.item.location))
    return Discovered(tuple(found), len(rows), refused)


def _completed(item: Item, language: str | None, transcripts: bool) -> Item:
    item = replace(item, language=item.language or language)
    if transcripts and item.transcript is None and not is_remote(item.location):
        beside = local_path(item.location).with_suffix(_BESIDE)
        return replace(item, transcript=located(beside)) if beside.is_file() else item
    return item


def _items_at(place: str, without: Path | None) -> tuple[Iterable[Item], Iterable[tuple[str, ...]]]:
    """The calls there, and the recordings of each row that lacks consent."""
    if is_remote(place):
        return (Item(location=url) for url in _remote(place)), ()
    path = local_path(place)
    if path.is_dir():
        return _in_folder(path, without), ()
    if not os.path.lexists(path) and glob.has_magic(place):
        return _matching(place, without), ()
    if path.suffix.lower() == ".csv":
        return read_manifest(path)
    try:
        path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return (Item(location=located(path)),), ()


def _unreadable(path: Path, error: OSError) -> UnreadableInput:
    from callvoice.ingest.decode import why  # loads what decodes

    return UnreadableInput(why(path, error))


def _matching(pattern: str, without: Path | None) -> list[Item]:
    paths = [Path(name) for name in glob.glob(pattern, recursive=True)]  # noqa: PTH207 - is absolute
    if not paths:
        raise UnreadableInput(f"nothing matches {pattern}: check the pattern.")
    folders = [item for p in paths if p.is_dir() for item in _in_folder(p, without)]
    return folders + [Item(location=located(p)) for p in paths if not p.is_dir() and is_call(p)]


def _in_folder(folder: Path, without: Path | None) -> Iterator[Item]:
    def refused(error: OSError) -> None:
        if isinstance(error, FileNotFoundError):  # it has been moved away meanwhile
            return
        raise _unreadable(Path(error.filename or folder), error) from error

    for name, below, files in os.walk(folder, onerror=refused):
        here = Path(name)
        below[:] = [b for b in below if not b.startswith(".") and (here / b).absolute() != without]
        yield from (Item(location=located(here / f)) for f in files if is_call(here / f))


def is_call(path: Path) -> bool:
    """Whether a name looks like a finished recording; hidden files are somebody's work."""
    name = path.name.lower()
    return not name.startswith(".") and (path.suffix.lower() in SUFFIXES or name.endswith(_VCON))


def _stat(item: Item) -> Found:
    """With size and time of change; what cannot be read says so when it is analysed."""
    if is_remote(item.location):
        return _remote_stat(item)
    try:
        stats = [local_path(location).stat() for location in item.locations]
    except OSError:
        return Found(item)
    changed = "/".join(f"{s.st_size}-{s.st_mtime_ns}-{s.st_ino}" for s in stats)
    return Found(item, stats[0].st_size, changed)


# --- object storage and the like -----------------------------------------------------------------


def filesystem(url: str) -> tuple[Any, str]:
    """Fsspec's file system for a URL, and the path in it.

    Raises:
        UnknownPlace: no such protocol, or a package for it is missing.
    """
    from fsspec.core import url_to_fs

    try:
        return url_to_fs(url)  # type: ignore[no-any-return]
    except (ImportError, ValueError) as error:
        raise UnknownPlace(f"cannot read {url}: {error}") from error


def _remote(url: str) -> list[str]:
    fs, path = filesystem(url)
    try:
        if glob.has_magic(path):
            names = fs.glob(path)
        else:
            names = fs.find(path) if fs.isdir(path) else [path]
    except Exception as error:  # every protocol raises its own classes
        raise UnknownPlace(f"cannot list {url}: {type(error).__name__}: {error}") from error
    named = [name for name in names if name == path or is_call(Path(name))]
    if not named:
        raise UnreadableInput(f"there is no recording at {url}.")
    return [fs.unstrip_protocol(name) for name in named]


def _remote_stat(item: Item) -> Found:
    fs, path = filesystem(item.location)
    try:
        info = fs.info(path)
    except Exception:  # as above; the worker will say what is wrong
        return Found(item)
    mark = next((info[k] for k in ("ETag", "etag", "md5Hash", "content_md5") if info.get(k)), None)
    when = next(
        (info[k] for k in ("mtime", "LastModified", "updated", "created") if info.get(k)), ""
    )
    return Found(item, int(info.get("size") or 0), str(mark or when))


def name_of(item: Item) -> str:
    """How a person knows a call."""
    return item.location if is_remote(item.location) else printable(local_path(item.location))
