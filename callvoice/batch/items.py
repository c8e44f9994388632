"""What a batch is made of: one item per call, wherever its recording lies."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote_from_bytes, unquote_to_bytes

from msgspec import Struct

_FILE = "file://"


class Item(Struct, frozen=True, kw_only=True):
    """One call to analyse.

    ``location`` is an absolute path or a URL: the recording or, where ``caller`` is given, the
    agent's leg. ``agent``, ``date``, ``queue`` and ``extra`` are what a manifest says and are only
    kept (``date`` in ISO 8601); ``language`` None is decided from the speech.
    """

    location: str
    caller: str | None = None
    transcript: str | None = None
    agent_channel: Literal["left", "right", "auto"] = "auto"
    language: str | None = None
    agent: str | None = None
    date: str | None = None
    queue: str | None = None
    extra: dict[str, str] = {}

    @property
    def locations(self) -> tuple[str, ...]:
        """Everything that is read for this call."""
        return tuple(filter(None, (self.location, self.caller, self.transcript)))


def when(text: str) -> date | datetime:
    """A day, or a moment, from ISO 8601.

    Raises:
        ValueError: it is neither.
    """
    return (
        date.fromisoformat(text) if len(text) <= len("2026-05-18") else datetime.fromisoformat(text)
    )


def located(path: Path) -> str:
    """An absolute path as text that any store can keep; names in no valid UTF-8 become a URL."""
    absolute = os.path.abspath(path)  # noqa: PTH100 - does not follow links, as a person named it
    try:
        absolute.encode()
    except UnicodeEncodeError:
        return _FILE + quote_from_bytes(os.fsencode(absolute))
    return absolute


def is_remote(location: str) -> bool:
    """Whether something other than this machine's file system holds it."""
    return "://" in location and not location.startswith(_FILE)


def local_path(location: str) -> Path:
    """The file behind a location that is not remote."""
    if location.startswith(_FILE):
        return Path(os.fsdecode(unquote_to_bytes(location.removeprefix(_FILE))))
    return Path(location)


def sampled(items: Iterable[Item], n_per_agent: int, seed: int) -> list[Item]:
    """``n_per_agent`` calls of each agent, the same ones for the same seed.

    Calls without a named agent count as one agent's. Each call's place in the draw depends on its
    own location alone, so that a folder that grows keeps most of its sample.
    """
    of_agent: dict[str | None, list[Item]] = defaultdict(list)
    for item in items:
        of_agent[item.agent].append(item)

    def draw(item: Item) -> bytes:
        return hashlib.sha256(f"{seed}\0{item.location}".encode()).digest()

    drawn = [i for group in of_agent.values() for i in sorted(group, key=draw)[:n_per_agent]]
    return sorted(drawn, key=lambda i: i.location)
