"""One door for every way in which a call can be handed over."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from callvoice.errors import printable
from callvoice.ingest import decode, legs, vcon
from callvoice.ingest.raw import RawFormat
from callvoice.types import Audio, Role

STDIN = Path("-")


@dataclass(frozen=True)
class Source:
    """A recording, a container with one, or, where ``caller`` is given, the agent's leg and the
    caller's. ``Path("-")`` is standard input; ``raw`` describes samples without a header.
    """

    path: Path
    caller: Path | None = None
    raw: RawFormat | None = None

    @property
    def name(self) -> str:
        """What to call it in reports and messages."""
        own = "stdin" if self.path == STDIN else printable(Path(self.path.name))
        return f"{own} + {printable(Path(self.caller.name))}" if self.caller else own


@dataclass(frozen=True)
class Opened:
    """The sound, the sha256 of what was read, and which channel is whose where that is known.

    ``offset_s`` is by how much the caller's leg starts later than the agent's.
    """

    audio: Audio
    sha256: str
    roles: dict[Role, int] = field(default_factory=dict)
    offset_s: float | None = None


def open_source(source: Source) -> Opened:
    """Read and decode a call.

    Raises:
        CallvoiceError: as :func:`callvoice.ingest.decode.load`, ``legs.load_legs`` and
            ``vcon.load_vcon``.
    """
    if source.caller is not None:
        joined = legs.load_legs(source.path, source.caller, raw=source.raw)
        roles: dict[Role, int] = {"agent": 0, "caller": 1}
        return Opened(joined.audio, joined.sha256, roles, joined.offset.offset_s)
    if source.path == STDIN:
        return _from_stdin(source)
    if source.raw is None and vcon.is_vcon(source.path):
        return _of_container(vcon.load_vcon(source.path))
    return Opened(*decode.load(source.path, raw=source.raw))


def _from_stdin(source: Source) -> Opened:
    with decode.seekable(sys.stdin.buffer, source.name) as stream:
        if source.raw is None and vcon.is_vcon_stream(stream):
            return _of_container(vcon.load_vcon_stream(stream, name=source.name))
        return Opened(*decode.load_stream(stream, name=source.name, raw=source.raw))


def _of_container(call: vcon.VconCall) -> Opened:
    return Opened(call.audio, call.sha256, call.roles)
