"""A stored call as a vCon container, after the IETF draft *draft-ietf-vcon-vcon-core-04*.

One dialog, the recording: when, how long, who on which channel, its file name; no sound is in it.
Two analyses: the transcript (redacted as it is stored) and callvoice's report. The UUID is made of
the recording's hash (version 8), so the same call always gets the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import msgspec

from callvoice.types import Report

DRAFT = "draft-ietf-vcon-vcon-core-04"
SYNTAX = "0.4.0"


def container(call: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The container of one call from its row and its report, for a JSON encoder."""
    parties = [{"type": "agent", "name": call["agent"] or "agent"}, {"type": "caller"}]
    return {
        "vcon": SYNTAX,
        "uuid": str(_uuid(call["sha256"])),
        "created_at": call["analysed_at"].isoformat(),
        "subject": call["queue"] or "",
        "parties": parties,
        "dialog": [
            {
                "type": "recording",
                "start": _start(call).isoformat(),
                "duration": call["duration_s"],
                "parties": _on_channels(report),
                "filename": call["source"],
            }
        ],
        "analysis": [
            _analysis("transcript", report, _transcript(report)),
            _analysis("report", report, msgspec.to_builtins(report)),
        ],
    }


def _uuid(sha256: str) -> UUID:
    """Version 8, variant of RFC 9562, the rest from the hash."""
    number = int(sha256[:32], 16)
    number = number & ~(0xF << 76) | (0x8 << 76)
    return UUID(int=number & ~(0x3 << 62) | (0x2 << 62))


def _start(call: Mapping[str, Any]) -> datetime:
    """When the call began, as far as it is known: the moment, its day, else when analysed."""
    if call["started_at"] is None and call["day"] is not None:
        return datetime.combine(call["day"], time(), UTC)
    start: datetime = call["started_at"] or call["analysed_at"]
    return start


def _on_channels(report: Report) -> list[Any]:
    """The party of each channel; both on each where they share one."""
    numbers = {channel: role for role, channel in report.call.roles.items()}
    if report.call.n_channels == 1 or len(numbers) < 2:
        return [[0, 1]] * report.call.n_channels
    return [
        0 if numbers.get(channel) == "agent" else 1 for channel in range(report.call.n_channels)
    ]


def _transcript(report: Report) -> dict[str, Any]:
    turns = [
        {
            "party": None if turn.role is None else int(turn.role == "caller"),
            "start_s": turn.start_s,
            "end_s": turn.end_s,
            "text": turn.text,
        }
        for turn in report.transcript.turns
    ]
    return {"language": report.call.language, "turns": turns}


def _analysis(kind: str, report: Report, body: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "dialog": 0,
        "vendor": "callvoice",
        "product": f"callvoice {report.provenance.callvoice}",
        "schema": f"callvoice {kind} {report.format_version}",
        "mediatype": "application/json",
        "encoding": "json",
        "body": body,
    }
