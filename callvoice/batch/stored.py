"""What an earlier analysis left; apart from the database, which workers have no need of."""

from __future__ import annotations

import msgspec

from callvoice.store.artefacts import REPORT, Artefacts
from callvoice.types import Report


def stored(artefacts: Artefacts, call_id: str) -> Report | None:
    """The report of a call, which carries its facts; None where none is kept that does."""
    kept = artefacts.get(call_id, REPORT)
    try:
        report = None if kept is None else msgspec.json.decode(kept, type=Report)
    except msgspec.MsgspecError:  # of an earlier format
        return None
    return report if report and report.text and report.transcript.source else None
