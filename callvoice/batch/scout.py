"""A first look at each recording in a process of its own: damaged files must not stop the batch."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from callvoice.batch.discover import Found
from callvoice.batch.headers import Header, guess, read_header
from callvoice.batch.key import Content, content_of, digest


class Seen(Struct, frozen=True):
    """What a call's files are by their content, and what their header tells."""

    content: Content
    header: Header

    @classmethod
    def unknown(cls, found: Found) -> Seen:
        """Of files that could not be looked at: their place stands for their content."""
        place = digest(found.item.locations, found.changed)
        return cls(Content(place, None), guess(found.size_bytes))


def scouting() -> Callable[[Found], Seen]:
    """The function that looks, for a process of a pool."""
    return look


def look(found: Found) -> Seen:
    """Read a call's files once, without decoding them. Never raises."""
    header = read_header(found.item, size_bytes=found.size_bytes)
    return Seen(content_of(found.item, changed=found.changed), header)
