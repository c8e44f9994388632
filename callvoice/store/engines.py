"""Connections to SQLite in a workspace or PostgreSQL, and their errors in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
)

from callvoice.errors import StoreUnavailable, printable
from callvoice.store.schema import meta

DATABASE = "callvoice.db"
BUSY_S = 60.0
_OURS = (IntegrityError, ProgrammingError, DataError)  # mistakes of this program, never the user's
_HINTS = {
    "full": "Make room and start again: nothing is lost.",
    "readonly": "Mend the permissions, or name another workspace.",
    "unable to open": "Mend the permissions, or name another workspace.",
    "locked": "Another program holds the database; on network folders use PostgreSQL (--store).",
    "malformed": "Run `callvoice doctor`, and put back a copy of the database.",
    "not a database": "This file is no store of callvoice; name another workspace.",
    "connect": "Check that the server runs and the address is right, and start again.",
}


def connect(target: str | Path, *, create: bool) -> tuple[Engine, Path | None]:
    """An engine for a workspace or an address, and the workspace's folder.

    Raises:
        StoreUnavailable: no such folder and not to be made, or an address that is not supported.
    """
    if "://" in str(target):
        return _server(str(target)), None
    return _workspace(Path(target).expanduser(), create=create)


def _workspace(folder: Path, *, create: bool) -> tuple[Engine, Path]:
    database = folder / DATABASE
    if not create and not database.is_file():
        raise StoreUnavailable(
            f"{printable(folder)} holds no store ({DATABASE}). Name the workspace of a batch:"
            " --workspace DIR."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # what people said is in it
        if not database.exists():
            database.touch(mode=0o600)  # the folder may be there, open to others
    except OSError as error:
        raise StoreUnavailable(
            f"cannot make the workspace {printable(folder)}: {error.strerror or error}."
        ) from error
    url = URL.create("sqlite+pysqlite", database=str(database.absolute()))
    engine = create_engine(url, connect_args={"timeout": BUSY_S}, hide_parameters=True)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine, folder


def _on_connect(connection: Any, record: Any) -> None:
    """Transactions are begun by us (a driver's own begin too late for reads and migrations)."""
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    record.info["file"] = (path, _identity(path))
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # a plug pulled loses nothing that was done


def _on_begin(connection: Connection) -> None:
    """Writers ask for the lock at once: one that reads first could be refused it halfway."""
    immediate = connection.get_execution_options().get("callvoice_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def use_wal(engine: Engine) -> None:
    """Readers and a writer at once. Kept in the file, so asked for only once."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            cursor.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _server(address: str) -> Engine:
    try:
        url = make_url(address)
        if url.get_backend_name() != "postgresql":
            raise StoreUnavailable(
                f"a store cannot be in {url.get_backend_name()}: name a folder (SQLite) or"
                " postgresql+psycopg://…"
            )
        return create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=2,
            hide_parameters=True,  # texts of calls have no place in a traceback
            connect_args={"connect_timeout": 10},
        )
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreUnavailable(f"this is no address of a store: {error}.") from error
    except ImportError as error:
        raise StoreUnavailable(
            "PostgreSQL needs a driver: pip install 'callvoice[postgres]'."
        ) from error


def shown(engine: Engine, workspace: Path | None) -> str:
    """A store for messages, without a password."""
    return printable(workspace) if workspace else engine.url.render_as_string(hide_password=True)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write.

    Raises:
        StoreUnavailable: what was written went into a file that is no longer where it was.
    """
    with engine.execution_options(callvoice_writes=True).begin() as connection:
        path, opened = connection.info.get("file", (None, None))
        yield connection
    if path is not None and _identity(path) != opened:
        raise StoreUnavailable(
            f"{printable(path)} was moved or removed while it was in use. Put it back and type the"
            " same command: what was kept before is in it."
        )


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is there. SQLite goes on writing to one that has no name any more."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


@contextmanager
def reported(name: str) -> Iterator[None]:
    """A database's errors as one of ours that says what to do."""
    try:
        yield
    except _OURS:
        raise
    except DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0].rstrip(".")
        hint = next((text for part, text in _HINTS.items() if part in said.lower()), "")
        raise StoreUnavailable(f"the store {name}: {said}. {hint}".strip()) from error


def remember(connection: Connection, name: str, value: str) -> None:
    """Set one value of ``meta``."""
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = dialect.insert(meta).values(name=name, value=value)
    connection.execute(
        new.on_conflict_do_update(index_elements=[meta.c.name], set_={"value": value})
    )
