"""The tables. Their columns are documented in ``docs/store.md``; units stand in the names.

Children refer to ``calls.id`` and go with it. Measures are columns, one row a voice: a question
to a hundred thousand calls reads two hundred thousand rows and not ten million. ``found_bits`` and
``clear_bits`` of a call say its verdicts again, one bit a mistake in the order of ``MISTAKES``, for
statistics to add up. An undefined value is NULL, never 0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from callvoice.types import MistakeId

MISTAKES: tuple[str, ...] = get_args(MistakeId)
HEAD = "0003"
"""The newest migration. Revisions are numbered, so that a later one can be told from an older."""

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, kept in UTC without a zone by either database, aware in Python."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive moment counts as local time."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware, in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


def _call(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "call",
        Integer,
        ForeignKey("calls.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
        autoincrement=False,
    )


# --- what is to be done --------------------------------------------------------------------------

work = Table(
    "work",
    metadata,
    Column("key", String, primary_key=True),
    Column("recipe", String, nullable=False),
    Column("state", String, nullable=False),
    Column("source", Text, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("agent", String),
    Column("queue", String),
    Column("day", Date),
    Column("started_at", UtcDateTime),
    Column("language", String),
    Column("details", JSON, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("worker", String),
    Column("lease_until", Float, nullable=False),
    Column("call_id", String(16)),
)
Index("work_next", work.c.state, work.c.recipe, work.c.duration_s.desc(), work.c.key)
Index("work_attempts", work.c.state, work.c.attempts)
Index("work_call", work.c.call_id)

failures = Table(
    "failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, ForeignKey("work.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("slug", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("worker", String),
    Column("at", UtcDateTime, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("host", String, nullable=False),
    Column("recipe", String, nullable=False),
    Column("options", JSON, nullable=False),
    Column("summary", JSON),
)

# --- what came of it -----------------------------------------------------------------------------

calls = Table(
    "calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call_id", String(16), nullable=False, unique=True),
    Column("key", String, nullable=False, index=True),
    Column("sha256", String(64), nullable=False),
    Column("source", Text, nullable=False, index=True),
    Column("duration_s", Float, nullable=False),
    Column("language", String, nullable=False),
    Column("n_channels", Integer, nullable=False),
    Column("rate_hz", Integer, nullable=False),
    Column("roles_confidence", String),
    Column("notes", JSON, nullable=False),
    Column("queue", String),
    Column("day", Date, index=True),
    Column("week", Date),
    Column("started_at", UtcDateTime),
    Column("agent", String, index=True),
    Column("model", String),
    Column("model_revision", String),
    Column("format_version", String, nullable=False),
    Column("callvoice", String, nullable=False),
    Column("settings_digest", String, nullable=False),
    Column("report_language", String, nullable=False),
    Column("improbable_share", Float),
    Column("details", JSON, nullable=False),
    Column("analysed_at", UtcDateTime, nullable=False),
    Column("found_bits", Integer, nullable=False),
    Column("clear_bits", Integer, nullable=False),
    Column("opening", String(16), index=True),
)
Index(  # all that statistics read: a twentieth of the table, in the order of their groups
    "calls_stats",
    *(calls.c[name] for name in ("queue", "week", "found_bits", "clear_bits", "duration_s")),
    *(calls.c[name] for name in ("language", "model", "day", "analysed_at")),
)

measures = Table(
    "measures",
    metadata,
    _call(primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("channel", Integer, nullable=False),
    Column("role", String),
    Column("speech_s", Float, nullable=False),
    Column("voiced_s", Float, nullable=False),
    Column("n_syllables", Integer, nullable=False),
    Column("n_pauses", Integer, nullable=False),
    Column("pause_s", Float, nullable=False),
    Column("articulation_rate_syll_s", Float),
    Column("text_rate_syll_s", Float),
    Column("speech_rate_syll_s", Float),
    Column("rate_slope_syll_s_min", Float),
    Column("median_run_s", Float),
    Column("syllable_reduction", Float),
    Column("f0_median_hz", Float),
    Column("f0_spread_st", Float),
    Column("f0_range_st", Float),
    Column("flat_share", Float),
    Column("n_falls", Integer),
    Column("n_rises", Integer),
    Column("spectral_slope_db_oct", Float),
    Column("spectral_balance_db", Float),
    Column("level_rise_db_s", Float),
    Column("level_depth_db", Float),
    Column("modulation_db", Float),
    Column("spectral_change_db", Float),
    Column("speech_level_db", Float),
    Column("noise_floor_db", Float),
    Column("snr_db", Float),
    Column("clipped_share", Float, nullable=False),
    Column("n_gaps", Integer),
    Column("gap_median_s", Float),
    Column("n_overlaps", Integer),
    Column("n_interruptions", Integer),
    Column("n_backchannels", Integer),
)

verdicts = Table(
    "verdicts",
    metadata,
    _call(primary_key=True),
    Column("mistake", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("confidence", String, nullable=False),
    Column("score", Float),
    Column("reason", Text),
    sqlite_with_rowid=False,
)


def _finding() -> list[Column[Any]]:
    return [
        Column("role", String),
        Column("start_s", Float),
        Column("end_s", Float),
        Column("measure", String, nullable=False),
        Column("value", Float),
        Column("limit_value", Float),
        Column("unit", String),
        Column("quote", Text),
        Column("explanation", Text, nullable=False),
        Column("heard", Float),
        Column("better", Text),
    ]


findings = Table(
    "findings",
    metadata,
    _call(primary_key=True),
    Column("mistake", String, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    *_finding(),
    sqlite_with_rowid=False,
)

strengths = Table(
    "strengths",
    metadata,
    _call(primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    *_finding(),
    sqlite_with_rowid=False,
)

turns = Table(
    "turns",
    metadata,
    _call(primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("role", String),
    Column("channel", Integer),
    Column("start_s", Float, nullable=False),
    Column("end_s", Float, nullable=False),
    Column("confidence", Float),
    Column("text", Text, nullable=False),
    sqlite_with_rowid=False,
)

# --- what people said of it ----------------------------------------------------------------------

reviews = Table(
    "reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call", Integer, ForeignKey("calls.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("mistake", String, nullable=False),
    Column("reviewer", String, nullable=False),
    Column("verdict", String, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("call", "mistake", "reviewer"),
)

meta = Table(
    "meta",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

RESULTS = (measures, verdicts, findings, strengths, turns)
"""What a new result of the same call replaces; reviews stay."""
