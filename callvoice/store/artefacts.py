"""What belongs to a call and is no row: facts, report, page, recognised words.

Kept by call id and name, ``<root>/ab/abcdef…/report.json.gz``, in a folder or under any address
that fsspec knows (``s3://``, ``gs://``, ``az://``, ``sftp://``). A put is whole or not at all.
"""

from __future__ import annotations

import errno
import gzip
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from callvoice.errors import StoreUnavailable

FACTS = "facts.json.gz"
REPORT = "report.json.gz"
_CALL_ID = re.compile(r"[0-9a-f]{8,64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Artefacts:
    """Files by call id and name.

    Args:
        root: a folder, made when first needed, or an address with ``://`` in it.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = str(root)
        self._remote: Any = None
        self._base = self.root
        if "://" in self.root:
            import fsspec

            self._remote, self._base = fsspec.core.url_to_fs(self.root)

    @property
    def local(self) -> Path | None:
        """The folder, None for an address."""
        return None if self._remote else Path(self._base)

    def put(self, call_id: str, name: str, data: bytes, *, durable: bool = True) -> None:
        """Keep an artefact, replacing an earlier one. Names in ``.gz`` are compressed here.

        ``durable``: it is on the disk when this returns, and not only on its way.

        Raises:
            StoreUnavailable: no permission, no space, no connection.
        """
        path = self._path(call_id, name)
        data = gzip.compress(data, 1, mtime=0) if name.endswith(".gz") else data
        try:
            if self._remote:
                self._remote.makedirs(path.rpartition("/")[0], exist_ok=True)
                self._remote.pipe_file(path, data)
            else:
                _write(Path(path), data, durable=durable)
        except OSError as error:
            raise StoreUnavailable(
                f"cannot keep {name} of call {call_id} in {self.root}:"
                f" {error.strerror or error}. Make room or mend the permissions, and start again."
            ) from error

    def get(self, call_id: str, name: str) -> bytes | None:
        """An artefact's content, None where there is none.

        Raises:
            StoreUnavailable: it is there and cannot be read, or is damaged.
        """
        path = self._path(call_id, name)
        try:
            data = self._remote.cat_file(path) if self._remote else Path(path).read_bytes()
            return gzip.decompress(data) if name.endswith(".gz") else bytes(data)
        except FileNotFoundError:
            return None
        except (OSError, EOFError, zlib.error) as error:
            raise StoreUnavailable(
                f"cannot read {name} of call {call_id} in {self.root}: {error}."
            ) from error

    def names(self, call_id: str) -> tuple[str, ...]:
        """The artefacts of a call, sorted."""
        folder = self._folder(call_id)
        try:
            if self._remote:
                found = [p.rpartition("/")[2] for p in self._remote.ls(folder, detail=False)]
            else:
                found = [p.name for p in Path(folder).iterdir()]
        except FileNotFoundError:
            return ()
        return tuple(sorted(name for name in found if _NAME.fullmatch(name)))

    def delete(self, call_id: str, name: str | None = None) -> int:
        """Remove one artefact, or everything of a call; how many were removed."""
        names = self.names(call_id) if name is None else (name,)
        removed = sum(self._remove(self._path(call_id, one)) for one in names)
        if name is None:
            self._remove_folder(self._folder(call_id))
        return removed

    def _remove_folder(self, folder: str) -> None:
        """With what an interrupted put may have left in it; object stores have no folders."""
        if not self._remote:
            shutil.rmtree(folder, ignore_errors=True)
        elif self._remote.exists(folder):
            self._remote.rm(folder, recursive=True)

    def _remove(self, path: str) -> bool:
        try:
            if self._remote:
                self._remote.rm_file(path)
            else:
                Path(path).unlink()
        except FileNotFoundError:
            return False
        return True

    def call_ids(self) -> Iterator[str]:
        """All calls that have artefacts."""
        for shelf in self._children(self._base):
            for folder in self._children(shelf):
                call_id = folder.rpartition("/")[2]
                if _CALL_ID.fullmatch(call_id):
                    yield call_id

    def _children(self, folder: str) -> list[str]:
        try:
            if self._remote:
                return sorted(self._remote.ls(folder, detail=False))
            return sorted(entry.path for entry in os.scandir(folder) if entry.is_dir())
        except FileNotFoundError:
            return []

    def _folder(self, call_id: str) -> str:
        if not _CALL_ID.fullmatch(call_id):
            raise ValueError(f"{call_id!r} is no call id")
        return f"{self._base}/{call_id[:2]}/{call_id}"

    def _path(self, call_id: str, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of an artefact")
        return f"{self._folder(call_id)}/{name}"


def _write(path: Path, data: bytes, *, durable: bool) -> None:
    """Content first, on the disk; then the name; then the folder's entry."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".part-", delete=False) as file:
            scratch = Path(file.name)
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        scratch.replace(path)
        if durable:
            _sync_folder(path.parent)
    finally:
        if scratch is not None:
            scratch.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # some network folders cannot
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)
