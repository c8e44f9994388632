"""Recordings that libsndfile reads: WAV and its kin, FLAC, Ogg, and samples without a header."""

from __future__ import annotations

import io
import os
import re
from typing import IO, TYPE_CHECKING

import numpy as np

from callvoice.errors import TruncatedInput, UnsupportedAudio
from callvoice.ingest import ogg
from callvoice.ingest.form import Decoded, Samples, check_form, check_length, from_buffer, to_int16
from callvoice.ingest.raw import RawFormat

if TYPE_CHECKING:
    import soundfile

_BLOCK = 4096  # small, so that little is lost where a file breaks off
_MORE_THAN_16_BITS = {"PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAC_20", "ALAC_24", "ALAC_32"}
_LOSSY = {"VORBIS", "OPUS"}  # decoded to float; libsndfile's own 16 bits may wrap around
_SIZE_UNKNOWN = 0x7FFF0000  # recorders that write into a pipe state 0 or a size above this
_FRAMES_UNKNOWN = 2**63 - 1
_CUT = re.compile(
    r"^\s*(?:data|SSND|riff|Riff size|Data Size)\s*:\s*(\d+) \(should be", re.MULTILINE
)


def read(stream: IO[bytes], name: str, *, raw: RawFormat | None = None) -> Decoded | None:
    """Decode with libsndfile.

    Returns:
        None where FFmpeg is the better reader: an unknown format, MPEG audio (libsndfile stops at
        the end of the first of joined files and prints warnings), or a length left open.

    Raises:
        UnsupportedAudio: see :func:`callvoice.ingest.form.check_form`.
        TruncatedInput: it breaks off before its first sample.
        UnreadableInput: it claims to last over a day.
    """
    import soundfile

    try:
        if raw is None and _is_mpeg(stream):
            return None
        if raw is None and ogg.is_ogg(stream):
            return _read_ogg(stream, name)
        return _read_one(stream, name, raw)
    except soundfile.LibsndfileError as error:
        if "hannel count is zero" in error.error_string:
            raise UnsupportedAudio(f"{name} states 0 channels: its header is damaged.") from error
        return None


def _is_mpeg(stream: IO[bytes]) -> bool:
    """Whether it begins with an ID3 tag or the sync bits of an MPEG audio frame."""
    stream.seek(0)
    head = stream.read(3)
    return head == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")


def _read_one(stream: IO[bytes], name: str, raw: RawFormat | None) -> Decoded | None:
    import soundfile

    stream.seek(0)
    with soundfile.SoundFile(stream, **(raw.as_soundfile() if raw else {})) as file:
        check_form(file.channels, file.samplerate, name)
        if file.subtype.startswith("MPEG") or file.frames == _FRAMES_UNKNOWN:
            return None
        samples, broke_off = _read_what_is_there(file, name)
        short = broke_off or _header_promises_more(file, samples.shape[1])
        rate_hz = int(file.samplerate)
    short |= raw is not None and bool(stream.seek(0, os.SEEK_END) % raw.frame_bytes)
    if samples.shape[1] == 0 and short:
        raise TruncatedInput(
            f"{name} breaks off before its first sample: copy it again from its source."
        )
    if samples.shape[1] == 0:  # a length of 0 may be one that was never filled in
        return None
    return Decoded(samples, rate_hz, ("truncated",) if short else ())


def _read_what_is_there(file: soundfile.SoundFile, name: str) -> tuple[Samples, bool]:
    """All samples up to the first that cannot be decoded: a call cut short is still a call.

    The length in the header is not relied on; the buffer grows with what is read.
    """
    import soundfile

    precise = file.subtype in _MORE_THAN_16_BITS
    dtype = "float32" if precise else "int16"
    asked = "float32" if precise or file.subtype in _LOSSY else "int16"
    frame_bytes = file.channels * np.dtype(dtype).itemsize
    buffer = bytearray()
    broke_off = False
    try:
        while len(block := file.read(_BLOCK, dtype=asked, always_2d=True)):
            buffer += (block if asked == dtype else to_int16(block)).tobytes()
            check_length(len(buffer) / frame_bytes, int(file.samplerate), name)
    except soundfile.SoundFileError:
        broke_off = True
    return from_buffer(buffer, dtype, file.channels), broke_off


def _header_promises_more(file: soundfile.SoundFile, n_read: int) -> bool:
    """Whether there are fewer samples than the header states, in libsndfile's count or its log."""
    if any(0 < int(size) < _SIZE_UNKNOWN for size in _CUT.findall(file.extra_info)):
        return True
    return n_read < int(file.frames)


def _read_ogg(stream: IO[bytes], name: str) -> Decoded | None:
    """All links of a chain, at the rate of the first."""
    found = ogg.links(stream)
    parts: list[Decoded] = []
    for start, end in zip(found.starts, (*found.starts[1:], found.end), strict=True):
        stream.seek(start)
        link = stream if len(found.starts) == 1 else io.BytesIO(stream.read(end - start))
        part = _read_one(link, name, None)
        if part is None:
            return None
        parts.append(part)
    joined = _join(parts, name)
    if found.ended:
        return joined
    return joined._replace(notes=tuple(dict.fromkeys((*joined.notes, "truncated"))))


def _join(parts: list[Decoded], name: str) -> Decoded:
    first = parts[0]
    if len(parts) == 1:
        return first
    if any(len(part.samples) != len(first.samples) for part in parts):
        raise UnsupportedAudio(
            f"{name} changes its number of channels on the way: split it where it changes."
        )
    changed = any(part.rate_hz != first.rate_hz for part in parts)
    samples: Samples = np.concatenate([_at(part, first.rate_hz) for part in parts], axis=1)
    return Decoded(samples, first.rate_hz, ("rate-changed",) if changed else ())


def _at(part: Decoded, rate_hz: int) -> Samples:
    import soxr

    if part.rate_hz == rate_hz:
        return part.samples
    resampled: Samples = soxr.resample(part.samples.T, part.rate_hz, rate_hz).T
    return resampled
