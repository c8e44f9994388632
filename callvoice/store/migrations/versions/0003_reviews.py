"""Reviews hold what a person said, yes, no or unsure: that outlasts the verdict it was said of.

Nothing has ever been written into the first form of the table, so it is made anew.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From 0002."""
    _make_anew(
        sa.Column("verdict", sa.String(), nullable=False),
        sa.UniqueConstraint("call", "mistake", "reviewer"),
    )


def downgrade() -> None:
    """To 0002, without the reviews."""
    _make_anew(
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
    )


def _make_anew(*own: sa.schema.SchemaItem) -> None:
    op.drop_table("reviews")
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.Integer(), nullable=False),
        sa.Column("mistake", sa.String(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        *own,
        sa.ForeignKeyConstraint(["call"], ["calls.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_reviews_call"), "reviews", ["call"], unique=False)
