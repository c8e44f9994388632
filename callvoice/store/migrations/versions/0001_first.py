"""The first form of the tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From an empty database."""
    op.create_table(
        "calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("n_channels", sa.Integer(), nullable=False),
        sa.Column("rate_hz", sa.Integer(), nullable=False),
        sa.Column("roles_confidence", sa.String(), nullable=True),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("week", sa.Date(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("agent", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("model_revision", sa.String(), nullable=True),
        sa.Column("format_version", sa.String(), nullable=False),
        sa.Column("callvoice", sa.String(), nullable=False),
        sa.Column("settings_digest", sa.String(), nullable=False),
        sa.Column("report_language", sa.String(), nullable=False),
        sa.Column("improbable_share", sa.Float(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("analysed_at", sa.DateTime(), nullable=False),
        sa.Column("found_bits", sa.Integer(), nullable=False),
        sa.Column("clear_bits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("call_id"),
    )
    op.create_index(
        "calls_stats",
        "calls",
        [
            "queue",
            "week",
            "found_bits",
            "clear_bits",
            "duration_s",
            "language",
            "model",
            "day",
            "analysed_at",
        ],
        unique=False,
    )
    op.create_index(op.f("ix_calls_agent"), "calls", ["agent"], unique=False)
    op.create_index(op.f("ix_calls_day"), "calls", ["day"], unique=False)
    op.create_index(op.f("ix_calls_key"), "calls", ["key"], unique=False)
    op.create_index(op.f("ix_calls_source"), "calls", ["source"], unique=False)
    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("recipe", sa.String(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "work",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("recipe", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("agent", sa.String(), nullable=True),
        sa.Column("queue", sa.String(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("started_at", sa.DateTime(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("call_id", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("work_attempts", "work", ["state", "attempts"], unique=False)
    op.create_index("work_call", "work", ["call_id"], unique=False)
    op.create_index(
        "work_next",
        "work",
        ["state", "recipe", sa.literal_column("duration_s DESC"), "key"],
        unique=False,
    )
    op.create_table(
        "failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["work.key"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_failures_key"), "failures", ["key"], unique=False)
    op.create_table(
        "findings",
        sa.Column("call", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mistake", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("end_s", sa.Float(), nullable=True),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("limit_value", sa.Float(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("heard", sa.Float(), nullable=True),
        sa.Column("better", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "mistake", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "measures",
        sa.Column("call", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("speech_s", sa.Float(), nullable=False),
        sa.Column("voiced_s", sa.Float(), nullable=False),
        sa.Column("n_syllables", sa.Integer(), nullable=False),
        sa.Column("n_pauses", sa.Integer(), nullable=False),
        sa.Column("pause_s", sa.Float(), nullable=False),
        sa.Column("articulation_rate_syll_s", sa.Float(), nullable=True),
        sa.Column("text_rate_syll_s", sa.Float(), nullable=True),
        sa.Column("speech_rate_syll_s", sa.Float(), nullable=True),
        sa.Column("rate_slope_syll_s_min", sa.Float(), nullable=True),
        sa.Column("median_run_s", sa.Float(), nullable=True),
        sa.Column("syllable_reduction", sa.Float(), nullable=True),
        sa.Column("f0_median_hz", sa.Float(), nullable=True),
        sa.Column("f0_spread_st", sa.Float(), nullable=True),
        sa.Column("f0_range_st", sa.Float(), nullable=True),
        sa.Column("flat_share", sa.Float(), nullable=True),
        sa.Column("n_falls", sa.Integer(), nullable=True),
        sa.Column("n_rises", sa.Integer(), nullable=True),
        sa.Column("spectral_slope_db_oct", sa.Float(), nullable=True),
        sa.Column("spectral_balance_db", sa.Float(), nullable=True),
        sa.Column("level_rise_db_s", sa.Float(), nullable=True),
        sa.Column("level_depth_db", sa.Float(), nullable=True),
        sa.Column("modulation_db", sa.Float(), nullable=True),
        sa.Column("spectral_change_db", sa.Float(), nullable=True),
        sa.Column("speech_level_db", sa.Float(), nullable=True),
        sa.Column("noise_floor_db", sa.Float(), nullable=True),
        sa.Column("snr_db", sa.Float(), nullable=True),
        sa.Column("clipped_share", sa.Float(), nullable=False),
        sa.Column("n_gaps", sa.Integer(), nullable=True),
        sa.Column("gap_median_s", sa.Float(), nullable=True),
        sa.Column("n_overlaps", sa.Integer(), nullable=True),
        sa.Column("n_interruptions", sa.Integer(), nullable=True),
        sa.Column("n_backchannels", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "position"),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False),
        sa.Column("mistake", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_reviews_call"), "reviews", ["call"], unique=False)
    op.create_table(
        "strengths",
        sa.Column("call", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("start_s", sa.Float(), nullable=True),
        sa.Column("end_s", sa.Float(), nullable=True),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("limit_value", sa.Float(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("heard", sa.Float(), nullable=True),
        sa.Column("better", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "turns",
        sa.Column("call", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("channel", sa.Integer(), nullable=True),
        sa.Column("start_s", sa.Float(), nullable=False),
        sa.Column("end_s", sa.Float(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "verdicts",
        sa.Column("call", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mistake", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("confidence", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "mistake"),
        sqlite_with_rowid=False,
    )
