"""What can go wrong, one class a situation.

Every error says in one line what happened, why, and what to do. Its ``slug`` is a stable name that
scripts can match and that the README explains; its ``exit_code`` is what the command line returns.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar


class CallvoiceError(Exception):
    """Base of every error that callvoice raises on purpose."""

    slug: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2


class UnreadableInput(CallvoiceError):
    """The file is missing, not a file, not permitted, or not a recording."""

    slug = "unreadable-input"


class TruncatedInput(UnreadableInput):
    """The recording ends before its header says it should, and nothing of it could be read."""

    slug = "truncated-input"


class UnsupportedAudio(CallvoiceError):
    """The recording was read but cannot be a telephone call (rate, channels)."""

    slug = "unsupported-audio"


class NothingToAnalyse(CallvoiceError):
    """The recording holds no samples or no speech."""

    slug = "nothing-to-analyse"
    exit_code = 3


class InvalidTranscript(CallvoiceError):
    """A transcript or turns file does not have the documented form."""

    slug = "invalid-transcript"


class InvalidSettings(CallvoiceError):
    """A configuration file has an unknown key or a value of the wrong kind."""

    slug = "invalid-settings"


class UnknownModel(CallvoiceError):
    """The named speech model is not on this machine."""

    slug = "unknown-model"


class CorruptModel(CallvoiceError):
    """A speech model's weights do not match the manifest."""

    slug = "corrupt-model"


class DeviceUnavailable(CallvoiceError):
    """The speech model cannot run on the device or in the number type asked for."""

    slug = "device-unavailable"


class CannotWrite(CallvoiceError):
    """An output could not be written."""

    slug = "cannot-write"


class StoreUnavailable(CannotWrite):
    """The store cannot be opened, read or written: permission, space, connection, damage."""

    slug = "store-unavailable"


class NewerStore(StoreUnavailable):
    """The store was made by a later version of callvoice."""

    slug = "newer-store"


class InvalidManifest(CallvoiceError):
    """A manifest cannot be read, or a row names no recording."""

    slug = "invalid-manifest"


class UnknownPlace(CallvoiceError):
    """A URL that this installation cannot reach."""

    slug = "unknown-place"


class WorkerBroken(CallvoiceError):
    """Worker processes end before they could begin."""

    slug = "worker-broken"


def printable(path: Path | str) -> str:
    """A path or name for messages and reports: what is no valid or printable text is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))
