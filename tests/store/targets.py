"""Empty places for stores of both kinds."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

BOTH = ("sqlite", "postgresql")


def empty_target(request: pytest.FixtureRequest, folder: Path, *, database: str) -> str:
    """Where an empty store of the fixture's parameter may be made.

    ``database``: its name on the server. What is in it is dropped; making a new one for each test
    takes twenty times as long.
    """
    if request.param == "sqlite":
        return str(folder / "workspace")
    return emptied(request.getfixturevalue("cluster"), database)


def emptied(address: str, database: str) -> str:
    """The address of an empty database on a server."""
    plain = address.replace("+psycopg", "")
    with psycopg.connect(plain.format("postgres"), autocommit=True) as connection:
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(known, [database]).fetchone():
            connection.execute(f"CREATE DATABASE {database}".encode())
    with psycopg.connect(plain.format(database), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return address.format(database)
