"""A call inside a vCon container (IETF draft-ietf-vcon-vcon-core): JSON with the dialog's audio.

Read are unsigned containers whose recordings are inside them. Nothing is fetched: a recording that
is only referred to by its address, and a signed or encrypted container, are errors that say so.
Names and paths in the container are never used to open anything.

With several recordings: two of one party each that overlap in time are the legs of one call and
are joined by their start times; otherwise the longest is read, with a note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
from msgspec import Struct

from callvoice.errors import UnreadableInput, printable
from callvoice.ingest.decode import load_stream, why
from callvoice.ingest.legs import join
from callvoice.types import Audio, Role

_LARGEST_BYTES = 1 << 30
_ENCODINGS = {"base64url", "base64"}
_ROLES: dict[str, Role] = {
    **dict.fromkeys(("agent", "advisor", "employee", "representative", "operator"), "agent"),
    **dict.fromkeys(("caller", "customer", "client", "contact", "consumer"), "caller"),
}
_Parties = int | list[int | list[int] | None] | None


class _Party(Struct, frozen=True):
    role: str | None = None
    type: str | None = None

    def known_role(self) -> Role | None:
        return _ROLES.get((self.role or self.type or "").strip().lower())


class _Dialog(Struct, frozen=True):
    type: str
    start: str | None = None
    duration: float | None = None
    parties: _Parties = None
    encoding: str | None = None
    body: msgspec.Raw = msgspec.Raw()
    url: str | None = None

    def has_body(self) -> bool:
        """Whether there is content: a text that is not empty."""
        body = memoryview(self.body)
        return body.nbytes > 2 and bytes(body[:1]) == b'"'

    def starts(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.start) if self.start else None
        except ValueError:
            return None

    def channels(self) -> list[list[int]]:
        """The parties on each channel."""
        listed = self.parties if isinstance(self.parties, list) else [self.parties]
        return [entry if isinstance(entry, list) else _list(entry) for entry in listed]


class _Vcon(Struct, frozen=True):
    parties: tuple[_Party, ...] = ()
    dialog: tuple[_Dialog, ...] = ()
    critical: tuple[str, ...] = ()
    payload: msgspec.Raw = msgspec.Raw()
    signatures: msgspec.Raw = msgspec.Raw()
    ciphertext: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True)
class VconCall:
    """A call from a container. ``roles`` are channels by role, empty where the container does not
    tell; ``start`` is when the recording began; ``dialogs`` are the indices that were read.
    """

    audio: Audio
    sha256: str
    roles: dict[Role, int]
    start: datetime | None
    dialogs: tuple[int, ...]


class _Recording(NamedTuple):
    number: int
    dialog: _Dialog
    audio: Audio


def is_vcon(path: Path) -> bool:
    """Whether a file looks like JSON, which no recording does."""
    try:
        with path.open("rb") as file:
            return is_vcon_stream(file)
    except OSError:
        return False


def is_vcon_stream(stream: IO[bytes]) -> bool:
    """The same of a stream at its beginning, where it is left."""
    head = stream.read(64)
    stream.seek(0)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def load_vcon(path: Path) -> VconCall:
    """Read the call in a container.

    Raises:
        UnreadableInput: no container of the kind described above, or over 1 GiB.
        TruncatedInput, UnsupportedAudio, NothingToAnalyse: as :func:`callvoice.ingest.decode.load`.
    """
    try:
        with path.open("rb") as file:
            return load_vcon_stream(file, name=printable(path))
    except OSError as error:
        raise UnreadableInput(why(path, error)) from error


def load_vcon_stream(stream: IO[bytes], *, name: str) -> VconCall:
    """The same from an open stream; ``name`` is what messages call it."""
    return read_vcon(stream.read(_LARGEST_BYTES + 1), name=name)


def read_vcon(content: bytes, *, name: str) -> VconCall:
    """The same from bytes."""
    if len(content) > _LARGEST_BYTES:
        raise UnreadableInput(f"{name} is larger than {_LARGEST_BYTES >> 30} GiB: too large.")
    vcon = _parsed(content, name)
    recordings = [(n, d) for n, d in enumerate(vcon.dialog) if d.type == "recording"]
    inside = [(n, d) for n, d in recordings if d.has_body()]
    if not inside:
        raise UnreadableInput(_nothing_inside(name, [d for _, d in recordings]))
    if len(inside) == 2 and all(len(d.channels()) == 1 for _, d in inside):
        inside_legs = [_decoded(n, d, name) for n, d in inside]
        if (offset_s := _offset_s(*inside_legs)) is not None:
            return _call(vcon, content, _joined(*inside_legs, offset_s=offset_s))
    number, dialog = max(inside, key=lambda entry: _length(entry[1]))
    notes = ("several-dialogs",) if len(inside) > 1 else ()
    audio = _decoded(number, dialog, name).audio
    audio = Audio(audio.pcm, audio.rate_hz, audio.notes + notes)
    return _call(vcon, content, _Found(audio, dialog.channels(), dialog.starts(), (number,)))


class _Found(NamedTuple):
    audio: Audio
    channels: list[list[int]]
    start: datetime | None
    dialogs: tuple[int, ...]


def _parsed(content: bytes, name: str) -> _Vcon:
    try:
        vcon = msgspec.json.decode(content.removeprefix(b"\xef\xbb\xbf"), type=_Vcon)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableInput(f"{name} is not a vCon container: {error}.") from error
    if vcon.ciphertext != msgspec.Raw():
        raise UnreadableInput(f"{name} is an encrypted vCon (JWE): decrypt it first.")
    if vcon.payload != msgspec.Raw() or vcon.signatures != msgspec.Raw():
        raise UnreadableInput(
            f"{name} is a signed vCon (JWS): verify it and hand over the unsigned container."
        )
    if vcon.critical:
        raise UnreadableInput(
            f"{name} can only be read safely with extensions that callvoice does not know:"
            f" {', '.join(map(_printable, vcon.critical[:5]))}."
        )
    return vcon


def _printable(text: str) -> str:
    """A short text from the container for a message."""
    return printable(Path(text[:80]))


def _nothing_inside(name: str, recordings: list[_Dialog]) -> str:
    if any(dialog.url for dialog in recordings):
        return (
            f"{name} only refers to its recording by an address: callvoice fetches nothing."
            " Download it and analyse the file itself."
        )
    return f"{name} holds no recording: no dialog of type “recording” with content."


def _length(dialog: _Dialog) -> tuple[float, int]:
    return dialog.duration or 0.0, memoryview(dialog.body).nbytes


def _decoded(number: int, dialog: _Dialog, name: str) -> _Recording:
    place = f"{name}, dialog {number}"
    if (dialog.encoding or "base64url") not in _ENCODINGS:
        raise UnreadableInput(f"{place} is not encoded as base64url: no sound.")
    text = (
        msgspec.json.decode(dialog.body, type=str)
        .translate({ord("-"): "+", ord("_"): "/"})
        .rstrip("=")
    )
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableInput(f"{place} is not valid base64url: {error}.") from error
    audio, _ = load_stream(io.BytesIO(content), name=place)
    return _Recording(number, dialog, audio)


def _offset_s(first: _Recording, second: _Recording) -> float | None:
    """Where the second begins on the clock of the first, if they are two legs of one call."""
    start, other = first.dialog.starts(), second.dialog.starts()
    different = first.dialog.channels() != second.dialog.channels()
    mono = first.audio.n_channels == second.audio.n_channels == 1
    if not (different and mono and start and other):
        return None
    if (start.tzinfo is None) != (other.tzinfo is None):  # on no common clock
        return None
    offset_s = (other - start).total_seconds()
    overlap = -second.audio.duration_s < offset_s < first.audio.duration_s
    return offset_s if overlap else None


def _joined(first: _Recording, second: _Recording, *, offset_s: float) -> _Found:
    audio, _ = join(first.audio, second.audio, offset_s=offset_s)
    channels = [*first.dialog.channels(), *second.dialog.channels()]
    start = (first if offset_s >= 0 else second).dialog.starts()
    return _Found(audio, channels, start, (first.number, second.number))


def _call(vcon: _Vcon, content: bytes, found: _Found) -> VconCall:
    sha256 = hashlib.sha256(content).hexdigest()
    roles = _roles(vcon.parties, found) if found.audio.n_channels == 2 else {}
    return VconCall(found.audio, sha256, roles, found.start, found.dialogs)


def _roles(parties: tuple[_Party, ...], found: _Found) -> dict[Role, int]:
    """Channels by role, where one channel's parties are all known to have one of the roles."""
    if len(found.channels) != 2:
        return {}
    told = [
        {parties[p].known_role() if 0 <= p < len(parties) else None for p in channel}
        for channel in found.channels
    ]
    for role, other in (("agent", "caller"), ("caller", "agent")):
        for channel in (0, 1):
            if told[channel] == {role} and told[1 - channel] <= {other, None}:
                return {role: channel, other: 1 - channel}  # type: ignore[dict-item]
    return {}


def _list(entry: int | None) -> list[int]:
    return [] if entry is None else [entry]
