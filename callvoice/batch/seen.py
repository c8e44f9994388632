"""What a first look at files found, kept in the workspace: files that have not changed since are
not read again. A cache: it may be deleted, and a workspace that cannot keep one works without.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from callvoice.batch.discover import Found
from callvoice.batch.key import digest
from callvoice.batch.scout import Seen

_NAME = "seen.db"
_TABLE = "CREATE TABLE IF NOT EXISTS seen (name TEXT PRIMARY KEY, it BLOB)"


class SeenFiles:
    """Looks by place and change of files."""

    def __init__(self, workspace: Path | None) -> None:
        self._database: sqlite3.Connection | None = None
        if workspace is None:
            return
        with suppress(sqlite3.Error):
            self._database = sqlite3.connect(workspace / _NAME, timeout=5.0, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute(_TABLE)

    def get(self, found: Found) -> Seen | None:
        """What was seen of these very files."""
        if self._database is None or not found.changed:
            return None
        with suppress(sqlite3.Error, msgspec.MsgspecError):
            row = self._database.execute("SELECT it FROM seen WHERE name = ?", (_name(found),))
            for (content,) in row:
                return msgspec.json.decode(content, type=Seen)
        return None

    def put(self, found: Found, seen: Seen) -> None:
        """Keep it."""
        if self._database is not None and found.changed:
            with suppress(sqlite3.Error):
                content = msgspec.json.encode(seen)
                self._database.execute(
                    "INSERT OR REPLACE INTO seen VALUES (?, ?)", (_name(found), content)
                )

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()


def forget(workspace: Path) -> None:
    """Empty the cache, overwriting what was in it: it holds digests of recordings."""
    if not (workspace / _NAME).is_file():
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(workspace / _NAME)) as database:
        database.execute("PRAGMA secure_delete = ON")
        database.execute("DELETE FROM seen")
        database.commit()
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _name(found: Found) -> str:
    return digest(found.item.locations, found.changed)
