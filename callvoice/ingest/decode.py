"""Any recording in, one ``Audio`` out. Channels stay apart; nothing is mixed or normalised.

soundfile (libsndfile) reads first; PyAV (FFmpeg) reads what it cannot. Files are opened here and
handed over as streams, so that a name in any encoding works.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from callvoice.errors import NothingToAnalyse, UnreadableInput, printable
from callvoice.ingest import av_reader, soundfile_reader
from callvoice.ingest.form import Decoded
from callvoice.ingest.mend import mended
from callvoice.ingest.raw import RawFormat
from callvoice.types import Audio

_MIN_SAMPLES = 2
_IN_MEMORY = 64 << 20  # bytes of a pipe; what is above goes to a file without a name
_LARGEST_STREAM = 8 << 30  # a pipe that never ends must not fill the disk
_CHUNK = 1 << 20


def load(path: Path, *, raw: RawFormat | None = None) -> tuple[Audio, str]:
    """Decode a recording.

    Args:
        path: the recording.
        raw: how to read samples that have no header.

    Returns:
        The audio and the sha256 of the file's bytes.

    Raises:
        UnreadableInput: missing, a folder, not permitted, empty, or not a recording.
        TruncatedInput: the file breaks off before its first sample.
        UnsupportedAudio: more than two channels, or a rate outside 4–192 kHz.
        NothingToAnalyse: no samples.
    """
    try:
        with path.open("rb") as stream:
            return _load(stream, printable(path), raw)
    except OSError as error:
        raise UnreadableInput(why(path, error)) from error


def load_stream(
    stream: IO[bytes], *, name: str = "stdin", raw: RawFormat | None = None
) -> tuple[Audio, str]:
    """Decode a recording from an open binary stream, such as ``sys.stdin.buffer``.

    Args:
        stream: read to its end; what cannot seek is copied first, above 64 MiB to a temporary file
            without a name.
        name: what messages call it.
        raw: how to read samples that have no header.

    Raises:
        UnreadableInput: it cannot be read, is empty, over 8 GiB, or not a recording.
        TruncatedInput, UnsupportedAudio, NothingToAnalyse: as :func:`load`.
    """
    with seekable(stream, name) as whole:
        return _load(whole, name, raw)


@contextmanager
def seekable(stream: IO[bytes], name: str) -> Iterator[IO[bytes]]:
    """The stream, or a copy of one that cannot seek, at its beginning.

    Raises:
        UnreadableInput: it cannot be read, or is over 8 GiB; of the body, too.
    """
    try:
        if stream.seekable():
            yield stream
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
            _copy(stream, copy, name)
            copy.seek(0)
            yield copy
    except OSError as error:
        raise UnreadableInput(f"{name} cannot be read: {error.strerror or error}") from error


def _copy(stream: IO[bytes], copy: IO[bytes], name: str) -> None:
    while chunk := stream.read(_CHUNK):
        copy.write(chunk)
        if copy.tell() > _LARGEST_STREAM:
            raise UnreadableInput(f"{name} goes on after {_LARGEST_STREAM >> 30} GiB: not a call.")


def _load(stream: IO[bytes], name: str, raw: RawFormat | None) -> tuple[Audio, str]:
    sha256 = _sha256(stream)
    if stream.tell() == 0:
        raise UnreadableInput(f"{name} is empty (0 bytes): was the recording saved?")
    decoded = soundfile_reader.read(stream, name, raw=raw)
    if decoded is None and raw is None:
        decoded = av_reader.read(stream, name)
    return _audio(decoded, name), sha256


def _sha256(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _audio(decoded: Decoded | None, name: str) -> Audio:
    n = decoded.samples.shape[1] if decoded else 0
    if decoded is None or n < _MIN_SAMPLES:
        raise NothingToAnalyse(f"{name} holds {n} samples: no sound.")
    return Audio(*mended(decoded, name))


def why(path: Path, error: OSError) -> str:
    """What to tell a person about a file that cannot be read."""
    name = printable(path)
    match error:
        case FileNotFoundError():
            return f"{name} does not exist: check the path."
        case IsADirectoryError():
            return f"{name} is a folder: name the recordings in it, for example {name}/*.wav"
        case PermissionError():
            return f"{name} may not be read by this user: check its permissions."
        case _:
            return f"{name} cannot be read: {error.strerror or error}"
