"""From any earlier form of the tables to the present one, with Alembic.

The scripts are in ``migrations/versions``. All steps run in one transaction under a lock: processes
that open a store at the same time wait for the first and then find nothing to do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from callvoice.errors import NewerStore
from callvoice.store import engines
from callvoice.store.schema import HEAD

SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x63616C6C  # any number that all processes share


def upgrade(engine: Engine) -> None:
    """Bring the tables up to date.

    Raises:
        NewerStore: they are ahead of this program.
    """
    with engine.connect() as connection:
        if _is_current(connection):
            return
    if engine.dialect.name == "sqlite":
        engines.use_wal(engine)
    with engines.writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if not _is_current(connection):
            _run(connection)


def revision(connection: Connection) -> str | None:
    """The migration that the tables are at, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _is_current(connection: Connection) -> bool:
    found = revision(connection)
    if found is not None and found > HEAD:
        raise NewerStore(
            f"this store was made by a later version of callvoice (tables {found}; this program"
            f" knows {HEAD}). Update callvoice: pip install -U callvoice."
        )
    return found == HEAD


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
