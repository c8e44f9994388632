"""Stores of both kinds: SQLite in a folder, PostgreSQL in a private cluster of this test run.

Fixtures for test modules that say ``pytest_plugins = ["stores"]``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from made import made_result, sample_result
from targets import BOTH, empty_target

from callvoice.store import Result, Store, open_store


def _postgres_programs() -> Path | None:
    """The folder with initdb and pg_ctl, wherever Debian or anybody else put it."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def _user() -> str | None:
    """Who runs the server: it refuses to be run by root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL of this test run, on a socket in a folder of its own; no port is opened."""

    programs: Path
    folder: Path
    user: str | None

    @property
    def address(self) -> str:
        """Of a database, whose name is left open."""
        return f"postgresql+psycopg://callvoice@/{{}}?host={self.folder}"

    def make(self) -> None:
        self._call("initdb", "-U", "callvoice", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def start(self) -> None:
        options = f"-c listen_addresses='' -c fsync=off -c shared_buffers=16MB -k {self.folder}"
        log = str(self.folder / "log")
        self._call("pg_ctl", "-w", "-s", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        """At once, as when its machine fails."""
        self._call("pg_ctl", "-w", "-s", "-m", "immediate", "stop")

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        subprocess.run(
            command,
            check=True,
            user=self.user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A running PostgreSQL."""
    programs, user = _postgres_programs(), _user()
    if programs is None or not (programs / "initdb").exists():
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="callvoice-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    server = Server(programs, folder, user)
    server.make()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(server: Server) -> str:
    """The address of its databases."""
    return server.address


@pytest.fixture(params=BOTH)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store may be made."""
    return empty_target(request, tmp_path, database="each")


@pytest.fixture
def open_(target: str, tmp_path: Path) -> Iterator[Callable[..., Store]]:
    """Open the store of this test, again and again."""
    opened: list[Store] = []

    def again(**options: object) -> Store:
        options.setdefault("artefacts", tmp_path / "artefacts")
        opened.append(open_store(target, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_: Callable[..., Store]) -> Store:
    return open_()


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Store]:
    """A store in a folder."""
    with open_store(tmp_path / "workspace") as store:
        yield store


@pytest.fixture(scope="session")
def real_result() -> Result:
    """A real call's result."""
    return sample_result()


@pytest.fixture(scope="session")
def make_result(real_result: Result) -> Callable[..., Result]:
    """Further results of the same form: see :func:`made_result`."""
    return cache(lambda number, **fields: made_result(real_result, number, **fields))
