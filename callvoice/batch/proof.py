"""Whether the hosts of a cluster see one place for artefacts: a run leaves a sign there."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callvoice.batch.owner import is_gone, own_name
from callvoice.errors import CallvoiceError

if TYPE_CHECKING:
    from callvoice.store import Artefacts

_SHELF = "00000000"  # in place of a call's id


@dataclass(frozen=True)
class Proof:
    """A sign of a run in the artefacts' place ``root``."""

    root: str
    name: str

    @classmethod
    def put(cls, artefacts: Artefacts) -> Proof:
        """Leave one; those of killed runs are removed.

        Raises:
            StoreUnavailable: the place cannot be written.
        """
        for left in artefacts.names(_SHELF):
            if is_gone((artefacts.get(_SHELF, left) or b"").decode()):
                artefacts.delete(_SHELF, left)
        name = f"{secrets.token_hex(8)}.txt"
        artefacts.put(_SHELF, name, own_name().encode())
        return cls(artefacts.root, name)

    def is_seen(self) -> bool:
        """Whether it is there, seen from this host."""
        return self._artefacts().get(_SHELF, self.name) is not None

    def remove(self) -> None:
        """It is needed no more."""
        artefacts = self._artefacts()
        with contextlib.suppress(CallvoiceError):
            artefacts.delete(_SHELF, self.name)
            if not artefacts.names(_SHELF):
                artefacts.delete(_SHELF)

    def _artefacts(self) -> Artefacts:
        from callvoice.store import Artefacts  # with a database's libraries: not for every process

        return Artefacts(self.root)
