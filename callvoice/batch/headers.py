"""What a file's header tells before anything is decoded: how long, how many channels."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import IO

from callvoice.batch.items import Item, is_remote, local_path

_LONGEST_S = 86_400.0
_BYTES_PER_S = 4_000  # between what codecs and telephone lines need: for unreadable headers


@dataclass(frozen=True)
class Header:
    """``duration_s`` is a guess from the size where ``n_channels`` is None."""

    duration_s: float
    n_channels: int | None = None


def guess(size_bytes: int) -> Header:
    """From the size alone."""
    return Header(size_bytes / _BYTES_PER_S)


def read_header(item: Item, *, size_bytes: int = 0) -> Header:
    """Length and channels of a call; of two legs the agent's, which is about as long.

    Never raises and never waits: what cannot be read is found out when it is analysed.
    """
    if is_remote(item.location):
        return guess(size_bytes)
    path = local_path(item.location)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return guess(size_bytes)
        with path.open("rb") as stream:
            found = _soundfile(stream) or _av(stream)
    except Exception:  # libraries raise many classes on what is no recording
        return guess(size_bytes)
    if found and item.caller:
        return Header(found.duration_s, found.n_channels and 2)
    return found or guess(size_bytes)


def _soundfile(stream: IO[bytes]) -> Header | None:
    import soundfile

    try:
        info = soundfile.info(stream)
    except soundfile.LibsndfileError:
        return None
    known = 0 < info.duration < _LONGEST_S  # a recorder that writes a pipe may leave it open
    return Header(float(info.duration), int(info.channels)) if known else None


def _av(stream: IO[bytes]) -> Header | None:
    import av

    stream.seek(0)
    with av.open(stream, mode="r", metadata_errors="ignore") as container:
        if not container.streams.audio or not container.duration:
            return None
        channels = container.streams.audio[0].codec_context.channels
        return Header(container.duration / av.time_base, channels)
