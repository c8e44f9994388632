"""What can go wrong with a store; each is a :class:`callvoice.errors.CannotWrite`: the next call
would meet the same.
"""

from __future__ import annotations

from callvoice.errors import CannotWrite


class StoreUnavailable(CannotWrite):
    """The store cannot be opened, read or written: permission, space, connection, damage."""


class NewerStore(StoreUnavailable):
    """The store was made by a later version of callvoice."""
