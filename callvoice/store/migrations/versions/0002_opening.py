"""The wording that opens a call, as a digest: how often the very same one does.

Calls that were kept before have none until they are judged or analysed again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column and its index."""
    op.add_column("calls", sa.Column("opening", sa.String(length=16), nullable=True))
    op.create_index("ix_calls_opening", "calls", ["opening"])


def downgrade() -> None:
    """Take both away."""
    op.drop_index("ix_calls_opening", "calls")
    op.drop_column("calls", "opening")
