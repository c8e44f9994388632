"""Results and runs: from a report and its facts to rows, and into the tables."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select, update

from callvoice.store.queue import Task, called_at, week_of
from callvoice.store.schema import (
    MISTAKES,
    RESULTS,
    calls,
    findings,
    measures,
    runs,
    strengths,
    turns,
    verdicts,
    work,
)
from callvoice.text.routine import wording
from callvoice.types import ChannelMeasures, Conversation, Facts, Finding, Report

Row = dict[str, Any]
JUDGED = (verdicts, findings, strengths)
"""What judging anew replaces."""


@dataclass(frozen=True)
class Result:
    """What came of one task. ``task`` may be the item claimed, or any task for a call that was not
    in the queue (re-judged, imported).
    """

    task: Task
    report: Report
    facts: Facts


@dataclass(frozen=True)
class Run:
    """One run of a batch, for the record."""

    recipe: str
    options: dict[str, Any] = field(default_factory=dict)
    host: str = field(default_factory=socket.gethostname)


def write(
    connection: Connection, results: Sequence[Result], *, tables: Sequence[Table] = RESULTS
) -> None:
    """Rows of ``results`` in place of earlier ones of the same calls; already redacted.

    ``tables``: which of a call's tables; the others stay as they are.
    """
    results = list({result.report.call.id: result for result in results}.values())
    if not results:
        return
    kept = () if set(tables) == set(RESULTS) else ("analysed_at",)  # the day that purges go by
    ids = _upsert_calls(connection, [_call_row(result) for result in results], kept)
    rows = _children(results, ids)
    for table in tables:
        connection.execute(delete(table).where(table.c.call.in_(list(ids.values()))))
        if rows[table]:
            connection.execute(insert(table), rows[table])


def present(connection: Connection, call_ids: Sequence[str]) -> set[str]:
    """Those calls that have a result."""
    return set(connection.scalars(select(calls.c.call_id).where(calls.c.call_id.in_(call_ids))))


def has(connection: Connection, call_id: str) -> bool:
    """Whether there is a result of a call."""
    return connection.scalar(select(calls.c.id).where(calls.c.call_id == call_id)) is not None


def _upsert_calls(connection: Connection, rows: list[Row], kept: Sequence[str]) -> dict[str, int]:
    """Row numbers by call id; an earlier row of the call keeps its number, and so its reviews."""
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = dialect.insert(calls)
    upsert = new.on_conflict_do_update(
        index_elements=[calls.c.call_id],
        set_={
            c.name: new.excluded[c.name] for c in calls.c if c.name not in ("id", "call_id", *kept)
        },
    ).returning(calls.c.call_id, calls.c.id)
    return {row.call_id: row.id for row in connection.execute(upsert, rows)}


def _call_row(result: Result) -> Row:
    report, task, call = result.report, result.task, result.report.call
    made = report.provenance
    return {
        "call_id": call.id,
        "key": task.key,
        "sha256": call.sha256,
        "source": call.source,
        "duration_s": call.duration_s,
        "language": call.language,
        "n_channels": call.n_channels,
        "rate_hz": call.rate_hz,
        "roles_confidence": call.roles_confidence,
        "notes": list(call.notes),
        "queue": task.queue,
        "day": task.day,
        "week": week_of(task.day),
        "started_at": task.started_at,
        "agent": task.agent,
        "model": made.recogniser,
        "model_revision": made.recogniser_revision,
        "format_version": report.format_version,
        "callvoice": made.callvoice,
        "settings_digest": made.settings_digest,
        "report_language": report.report_language,
        "improbable_share": made.improbable_share,
        "details": dict(task.details),
        "analysed_at": datetime.now(UTC),
        "opening": wording(result.facts.text.greeting),
        "found_bits": _bits(report, "found"),
        "clear_bits": _bits(report, "clear"),
    }


def _bits(report: Report, status: str) -> int:
    """One bit for each mistake with this status."""
    return sum(1 << MISTAKES.index(m.id) for m in report.mistakes if m.status == status)


def _children(results: Iterable[Result], ids: dict[str, int]) -> dict[Table, list[Row]]:
    rows: dict[Table, list[Row]] = {table: [] for table in RESULTS}
    for result in results:
        call, report = ids[result.report.call.id], result.report
        rows[measures] += [
            {"call": call, "position": n, **_measures_row(line, result.facts.conversation)}
            for n, line in enumerate(result.facts.channels)  # two voices may share a channel
        ]
        for mistake in report.mistakes:
            of = {"call": call, "mistake": mistake.id}
            rows[verdicts].append({**of, **_fields(mistake, _VERDICT)})
            rows[findings] += [
                {**of, "position": n, **_finding_row(f)} for n, f in enumerate(mistake.findings)
            ]
        rows[strengths] += [
            {"call": call, "position": n, **_finding_row(f)} for n, f in enumerate(report.strengths)
        ]
        rows[turns] += [
            {"call": call, "position": n, **_fields(turn, _TURN)}
            for n, turn in enumerate(report.transcript.turns)
        ]
    return rows


_VERDICT = ("status", "confidence", "score", "reason")
_TURN = ("role", "channel", "start_s", "end_s", "confidence", "text")
_FINDING = (
    "role", "start_s", "end_s", "measure", "value", "unit", "quote", "explanation", "heard",
    "better",
)  # fmt: skip
_MEASURED = (
    "channel", "role", "speech_s", "voiced_s", "n_syllables", "articulation_rate_syll_s",
    "text_rate_syll_s", "syllable_reduction", "f0_median_hz", "f0_spread_st", "f0_range_st",
    "flat_share", "speech_level_db", "noise_floor_db", "snr_db", "clipped_share",
)  # fmt: skip
_PARTS = {
    "tempo": ("speech_rate_syll_s", "rate_slope_syll_s_min", "median_run_s"),
    "melody": ("n_falls", "n_rises"),
    "effort": ("spectral_slope_db_oct", "spectral_balance_db", "level_rise_db_s", "level_depth_db"),
    "clarity": ("modulation_db", "spectral_change_db"),
}


def _fields(value: object, names: Sequence[str]) -> Row:
    return {name: getattr(value, name) for name in names}


def _finding_row(finding: Finding) -> Row:
    return {**_fields(finding, _FINDING), "limit_value": finding.limit}


def _measures_row(channel: ChannelMeasures, conversation: Conversation) -> Row:
    row = _fields(channel, _MEASURED)
    for part, names in _PARTS.items():
        measured = getattr(channel, part)
        row |= {name: None if measured is None else getattr(measured, name) for name in names}
    row["n_pauses"] = len(channel.pauses)
    row["pause_s"] = round(sum(pause.end_s - pause.start_s for pause in channel.pauses), 3)
    return row | _turn_taking(channel.channel, conversation)


def _turn_taking(channel: int, conversation: Conversation) -> Row:
    """Counts by who began; NULL where parties cannot be told apart by channel."""
    names = ("n_gaps", "gap_median_s", "n_overlaps", "n_interruptions", "n_backchannels")
    if not conversation.separate:
        return dict.fromkeys(names)
    gaps = [g.end_s - g.start_s for g in conversation.gaps if g.to_channel == channel]
    overlaps = [o for o in conversation.overlaps if o.by_channel == channel]
    counts = (
        len(gaps),
        round(median(gaps), 3) if gaps else None,
        len(overlaps),
        sum(o.interruption for o in overlaps),
        sum(b.by_channel == channel for b in conversation.backchannels),
    )
    return dict(zip(names, counts, strict=True))


def start_run(connection: Connection, run: Run) -> int:
    """Note that a run began; its number."""
    began = insert(runs).values(
        started_at=datetime.now(UTC), host=run.host, recipe=run.recipe, options=run.options
    )
    number: int = connection.execute(began.returning(runs.c.id)).scalar_one()
    return number


def end_run(connection: Connection, number: int, summary: dict[str, Any]) -> None:
    """Note how it ended."""
    values = {"ended_at": datetime.now(UTC), "summary": summary}
    connection.execute(update(runs).where(runs.c.id == number).values(values))


def stored_tasks(connection: Connection, call_ids: Sequence[str]) -> dict[str, Task]:
    """The tasks that calls came from, by call id; to write another result of them."""
    wanted = select(calls, work.c.recipe).join(work, work.c.key == calls.c.key)
    found = connection.execute(wanted.where(calls.c.call_id.in_(list(call_ids)))).mappings()
    return {
        row["call_id"]: Task(
            key=row["key"],
            source=row["source"],
            duration_s=row["duration_s"],
            recipe=row["recipe"],
            agent=row["agent"],
            queue=row["queue"],
            date=called_at(row),
            details=row["details"],
        )
        for row in found
    }


def encoded(value: Facts | Report) -> bytes:
    """As JSON."""
    return msgspec.json.encode(value)
