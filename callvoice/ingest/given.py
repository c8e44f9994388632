"""Words that somebody else wrote down: transcript files and lists of turns.

A transcript file is the ``transcript`` of a callvoice report, or JSON of the form
``{"language": "de", "turns": [{"role": "agent", "start_s": 0.5, "end_s": 2.3, "text": "…"}]}``.
A turns file has one turn an object a line (JSON Lines); times and ``words`` are optional there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from callvoice.errors import InvalidTranscript, printable
from callvoice.types import Role, Seconds, Transcript, Turn, Word


class _GivenTurn(Struct, frozen=True):
    text: str
    role: Role | None = None
    start_s: Seconds = 0.0
    end_s: Seconds = 0.0
    words: tuple[Word, ...] = ()
    channel: int | None = None

    def turn(self) -> Turn:
        return Turn(self.role, self.start_s, self.end_s, self.text, self.words, self.channel)


class _GivenTranscript(Struct, frozen=True):
    turns: tuple[_GivenTurn, ...]
    language: str | None = None


class _GivenReport(Struct, frozen=True):
    transcript: _GivenTranscript
    language: str | None = None


def read_transcript(path: Path, *, language: str | None = None) -> Transcript:
    """A transcript file as the recogniser would have given it.

    Args:
        path: JSON as described above.
        language: what the user stated; else the file's own, else German.

    Raises:
        InvalidTranscript: unreadable, or not of the documented form.
    """
    content = read_bytes(path)
    try:
        loose = msgspec.json.decode(content)
        given = _as_transcript(loose)
    except msgspec.MsgspecError as error:
        raise InvalidTranscript(
            f"{printable(path)} is not a transcript: {error}. Expected"
            ' {"language": "de", "turns": [{"role": "agent", "start_s": 0, "end_s": 2,'
            ' "text": "…"}]}.'
        ) from error
    for number, turn in enumerate(given.turns, start=1):
        if turn.end_s <= turn.start_s:
            raise InvalidTranscript(
                f"{printable(path)}: turn {number} ends at {turn.end_s} s, before it begins."
            )
    turns = sorted((t.turn() for t in given.turns), key=lambda t: t.start_s)
    return Transcript(language or given.language or "de", "given", tuple(turns))


def _as_transcript(loose: Any) -> _GivenTranscript:
    if isinstance(loose, dict) and isinstance(loose.get("transcript"), dict):
        return msgspec.convert(loose, _GivenReport).transcript
    return msgspec.convert(loose, _GivenTranscript)


def on_channels(transcript: Transcript, roles: dict[Role, int]) -> Transcript:
    """The transcript with each turn on its party's channel."""
    turns = tuple(
        replace(turn, channel=roles.get(turn.role) if turn.role else turn.channel)
        for turn in transcript.turns
    )
    return replace(transcript, turns=turns)


def read_turns(
    content: bytes, *, source: str, language: str
) -> list[tuple[list[dict[str, Any]], Transcript]]:
    """The conversations of a turns file: one object a line, a blank line begins the next.

    Returns:
        Per conversation the objects as they were given, and the same as a transcript.

    Raises:
        InvalidTranscript: a line is not a turn.
    """
    conversations: list[list[dict[str, Any]]] = [[]]
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            conversations[-1].append(_object(line, f"{source}, line {number}"))
        elif conversations[-1]:
            conversations.append([])
    return [
        (fields, Transcript(language, "given", tuple(_turn(f) for f in fields)))
        for fields in conversations
        if fields
    ]


def _object(line: bytes, place: str) -> dict[str, Any]:
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
        _turn(fields)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidTranscript(
            f'{place}: {error}. Expected {{"role": "agent", "text": "…"}}.'
        ) from error
    return fields


def _turn(fields: dict[str, Any]) -> Turn:
    return msgspec.convert(fields, _GivenTurn).turn()


def read_bytes(path: Path) -> bytes:
    """A file's content.

    Raises:
        InvalidTranscript: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidTranscript(
            f"cannot read the transcript {printable(path)}: {error.strerror or error}"
        ) from error
