"""The links of an Ogg file: recordings joined one after another, and whether the last is whole.

libsndfile reads the first link of a chain and says nothing of the others; a file that breaks off
looks whole to it. Page headers tell both (RFC 3533, section 6).
"""

from __future__ import annotations

import os
from typing import IO, NamedTuple

_HEADER_BYTES = 27
_FLAGS, _N_SEGMENTS = 5, 26
_BEGINS, _ENDS = 0x02, 0x04


class Links(NamedTuple):
    """Byte offsets at which links begin, the end of the last whole page, and whether the last page
    is marked as the end of its stream.
    """

    starts: tuple[int, ...]
    end: int
    ended: bool


def is_ogg(stream: IO[bytes]) -> bool:
    """Whether the stream begins with an Ogg page; leaves it at its beginning."""
    stream.seek(0)
    magic = stream.read(4)
    stream.seek(0)
    return magic == b"OggS"


def links(stream: IO[bytes]) -> Links:
    """Walk the pages from the beginning up to the first that is damaged or cut off."""
    size = stream.seek(0, os.SEEK_END)
    starts: list[int] = []
    at, flags, inside = 0, 0, False
    while (page := _page(stream, at)) and at + page[1] <= size:
        flags, length = page
        if flags & _BEGINS and not inside:
            starts.append(at)
        inside = bool(flags & _BEGINS)
        at += length
    return Links(tuple(starts), at, bool(flags & _ENDS) and at == size)


def _page(stream: IO[bytes], at: int) -> tuple[int, int] | None:
    """Flags and length of the page at an offset, None where there is none."""
    stream.seek(at)
    header = stream.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES or not header.startswith(b"OggS"):
        return None
    table = stream.read(header[_N_SEGMENTS])
    return header[_FLAGS], _HEADER_BYTES + header[_N_SEGMENTS] + sum(table)
