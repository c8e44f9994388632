"""Alembic's entry: the migrations run on the connection that the store has opened."""

from __future__ import annotations

from alembic import context

from callvoice.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
