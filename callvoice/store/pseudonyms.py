"""Agents under a pseudonym: HMAC-SHA256 of the name with a key of the store.

The same name gives the same pseudonym within one store; without the key nobody can tell whose it
is, nor try names. The key is ``agents.key`` in a workspace, a row of ``meta`` on a server, or, to
keep it away from either, the environment's ``CALLVOICE_AGENT_KEY``. Who deletes the key makes all
that is stored anonymous in this respect.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from pathlib import Path

from sqlalchemy import Connection, select

from callvoice.errors import StoreUnavailable
from callvoice.store.schema import meta

KEY_FILE = "agents.key"
VARIABLE = "CALLVOICE_AGENT_KEY"
_PSEUDONYM = re.compile(r"agent-[0-9a-f]{12}")


class Pseudonyms:
    """Names to pseudonyms, with one key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def __call__(self, name: str | None) -> str | None:
        """The pseudonym of a name; a pseudonym stays what it is, no name stays none."""
        if name is None or not name.strip() or _PSEUDONYM.fullmatch(name):
            return name or None
        said = " ".join(unicodedata.normalize("NFC", name).casefold().split())
        return f"agent-{hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()[:12]}"

    @classmethod
    def of(cls, connection: Connection, workspace: Path | None) -> Pseudonyms:
        """With the key of a store, which is made where there is none."""
        key = os.environ.get(VARIABLE)
        if key:
            return cls(key)
        return cls(_in_folder(workspace) if workspace else _in_database(connection))


def _in_folder(workspace: Path) -> str:
    """The caller holds the database's write lock, so nobody else is making one."""
    path = workspace / KEY_FILE
    try:
        if not path.is_file():
            scratch = path.with_suffix(".part")
            scratch.touch(mode=0o600)
            scratch.write_text(secrets.token_hex(32))
            scratch.replace(path)
        return path.read_text()
    except OSError as error:
        raise StoreUnavailable(
            f"cannot read or make {path}: {error.strerror or error}. It holds the key of the"
            " agents' pseudonyms; mend its permissions."
        ) from error


def _in_database(connection: Connection) -> str:
    from sqlalchemy.dialects import postgresql

    new = postgresql.insert(meta).values(name=KEY_FILE, value=secrets.token_hex(32))
    connection.execute(new.on_conflict_do_nothing())
    row = select(meta.c.value).where(meta.c.name == KEY_FILE)
    key: str = connection.execute(row).scalar_one()
    return key
