"""What an earlier analysis left; apart from the database, which workers have no need of."""

from __future__ import annotations

import gzip
import zlib
from typing import TypeVar

import msgspec

from callvoice.errors import CallvoiceError
from callvoice.store.artefacts import REPORT, Artefacts
from callvoice.types import Report

_Kind = TypeVar("_Kind")
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)


def stored(artefacts: Artefacts, call_id: str) -> Report | None:
    """The report of a call, which carries its facts; None where none is kept that does."""
    report = readable(artefacts, call_id, REPORT, Report)
    return report if report and report.text and report.transcript.source else None


def readable(artefacts: Artefacts, call_id: str, name: str, kind: type[_Kind]) -> _Kind | None:
    """An artefact; None where there is none, it is damaged, or of an earlier format.

    One damaged file must not stop all other calls, as a store that cannot be read does.
    """
    try:
        kept = artefacts.get(call_id, name)
        return None if kept is None else msgspec.json.decode(kept, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    except CallvoiceError as error:
        if isinstance(error.__cause__, _DAMAGE):
            return None
        raise
