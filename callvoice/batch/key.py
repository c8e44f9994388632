"""What decides a result: the recording's content, and the recipe that it is analysed by.

Three digests, each a part of the next. The words depend on the recogniser (and are kept under what
they were heard from, see ``worker``); the facts on the words, the lexicons and this version; the
report on the facts and the limits. New limits thus need no sound, a new model hears again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

import callvoice
from callvoice.batch.items import Item, is_remote, local_path
from callvoice.ingest.models import WEIGHTS, InstalledModel
from callvoice.settings import Settings
from callvoice.types import FORMAT_VERSION

if TYPE_CHECKING:
    from callvoice.judging import ReportLanguage


def digest(*parts: object) -> str:
    """16 hex digits of anything that msgspec can write."""
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:16]


class Made(Struct, frozen=True):
    """What hears and measures: this program, the speech model, the lexicons."""

    callvoice: str
    format_version: str
    model: str
    revision: str
    lexicons: str


@dataclass(frozen=True)
class Recipe:
    """Everything besides the recording that decides a result."""

    model: str
    revision: str
    settings: Settings
    report_language: ReportLanguage | None = None

    @cached_property
    def made(self) -> Made:
        """What decides the facts."""
        lexicons = [_sha256(path) for path in self.settings.lexicons]
        model = Path(self.model).name
        return Made(callvoice.__version__, FORMAT_VERSION, model, self.revision, digest(lexicons))

    @cached_property
    def settings_digest(self) -> str:
        """What decides the report on them."""
        return digest(self.settings.digest, self.report_language)

    @cached_property
    def name(self) -> str:
        """Digest of all of it: which tasks of a queue are for this recipe."""
        return digest(self.made, self.settings_digest)


def revision_of(model: InstalledModel) -> str:
    """A model's revision; of a folder that no manifest knows, what changes with its weights."""
    if model.revision is not None:
        return model.revision
    stats = (model.path / WEIGHTS).stat()
    return f"{stats.st_size}-{stats.st_mtime_ns}"


class Basis(Struct, frozen=True):
    """What a call's facts were or will be made from. Kept with the task and with the call."""

    content: str
    agent_channel: str
    language: str | None
    made: Made

    def key(self, recipe: Recipe) -> str:
        """Name of the result by the limits of ``recipe``."""
        return digest(self, recipe.settings_digest)


class Content(Struct, frozen=True):
    """A call's content: ``sha256`` as its report names it, None where that is not known before the
    call is opened; ``digest`` covers all that is read for it.
    """

    digest: str
    sha256: str | None


def content_of(item: Item, *, changed: str = "") -> Content:
    """Read a call's files once.

    Of what is not on this machine, and of what cannot be read, the place and ``changed`` stand for
    the content: a download would cost more than it tells, and an error belongs to the analysis.
    """
    if any(is_remote(location) for location in item.locations):
        return Content(digest(item.locations, changed), None)
    parts = (item.location, item.caller, item.transcript)
    try:
        hashes = [part and _sha256(local_path(part)) for part in parts]
    except OSError as error:
        return Content(digest(item.locations, error.errno, changed), None)
    sha256, caller, _ = hashes
    if caller:
        sha256 = hashlib.sha256(f"{sha256}{caller}".encode()).hexdigest()
    return Content(digest(hashes), sha256)


def _sha256(path: Path) -> str:
    """Of a regular file; anything else, such as a pipe, might never end."""
    if not path.is_file():
        raise OSError(0, "not a regular file")
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
