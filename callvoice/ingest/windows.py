"""Windows for the recogniser: speech of one channel, packed without its long silences.

Whisper invents words on silence and wastes time on it. So only speech reaches it: the pieces of
one channel are laid end to end with a short silence between them, up to ``max_s`` a window, and
every window ends in silence, which keeps the last word whole. ``Window.to_call`` maps the word
times back.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from callvoice.types import Audio, Interval


@dataclass(frozen=True)
class WindowOptions:
    """How windows are packed; all in seconds.

    ``max_s`` and ``tail_s`` follow measurements with Whisper base on telephone speech: windows of
    up to 20 s gave its lowest word error rate; a tail of 1 s does as well as one of 1.5 s.
    """

    max_s: float = 20.0
    tail_s: float = 1.0
    pad_s: float = 0.2
    join_s: float = 0.3


@dataclass(frozen=True)
class Piece:
    """A stretch of the call at ``at_s`` of a window; ``speech`` is it without its padding."""

    start_s: float
    end_s: float
    at_s: float
    speech: Interval

    @property
    def until_s(self) -> float:
        """Where the piece ends in its window."""
        return self.at_s + self.end_s - self.start_s


@dataclass(frozen=True)
class Window:
    """Pieces of one channel; ``length_s`` includes the silent tail."""

    channel: int
    pieces: tuple[Piece, ...]
    length_s: float

    @property
    def carried_s(self) -> float:
        """Seconds of the call that this window carries, its padding included."""
        return sum(p.end_s - p.start_s for p in self.pieces)

    @property
    def speech_s(self) -> float:
        """Seconds of speech."""
        return sum(p.speech.end_s - p.speech.start_s for p in self.pieces)

    @property
    def speech(self) -> tuple[Interval, ...]:
        """The speech of each piece, on the window's clock."""
        shifts = (p.at_s - p.start_s for p in self.pieces)
        return tuple(
            Interval(p.speech.start_s + shift, p.speech.end_s + shift)
            for p, shift in zip(self.pieces, shifts, strict=True)
        )

    def halves(self) -> tuple[Window, Window] | None:
        """Two windows of about half the speech each; None where there is but one piece."""
        if len(self.pieces) < 2:
            return None
        half = len(self.pieces) // 2
        cut = min(
            range(1, len(self.pieces)),
            key=lambda k: (abs(self.pieces[k].at_s - self.length_s / 2), abs(k - half)),
        )
        return self.part(0, cut), self.part(cut, len(self.pieces))

    def part(self, first: int, stop: int) -> Window:
        """A window of the pieces ``first`` to ``stop`` - 1 and the same silent tail."""
        tail_s = self.length_s - self.pieces[-1].until_s
        begin_s = self.pieces[first].at_s
        pieces = tuple(replace(p, at_s=p.at_s - begin_s) for p in self.pieces[first:stop])
        return Window(self.channel, pieces, pieces[-1].until_s + tail_s)

    def render(self, audio: Audio) -> NDArray[np.float32]:
        """The window's sound ``[n]`` at the call's own sampling rate."""
        rate_hz = audio.rate_hz
        out = np.zeros(round(self.length_s * rate_hz), np.float32)
        for piece in self.pieces:
            start, at = round(piece.start_s * rate_hz), round(piece.at_s * rate_hz)
            chunk = audio.channel(self.channel, start, round(piece.end_s * rate_hz))
            chunk = chunk[: len(out) - at]
            out[at : at + len(chunk)] = chunk
        return out

    def holder(self, start_s: float, end_s: float) -> int:
        """Which piece a word of the window belongs to."""
        middle = (start_s + end_s) / 2
        away = [max(p.at_s - middle, middle - p.until_s, 0.0) for p in self.pieces]
        return away.index(min(away))

    def to_call(self, start_s: float, end_s: float) -> Interval:
        """A word's time in the window as time in the call, kept inside its piece's speech."""
        piece = self.pieces[self.holder(start_s, end_s)]
        shift = piece.start_s - piece.at_s
        start = min(max(start_s + shift, piece.speech.start_s), piece.speech.end_s)
        end = min(max(end_s + shift, start), piece.speech.end_s)
        return Interval(round(float(start), 3), round(float(end), 3))


def pack(
    speech: Sequence[Interval],
    *,
    channel: int,
    duration_s: float,
    options: WindowOptions | None = None,
) -> list[Window]:
    """Windows that carry all of ``speech``, in order, none longer than ``max_s`` plus tail."""
    options = options or WindowOptions()
    pieces = list(_pieces(speech, duration_s, options))
    windows: list[Window] = []
    batch: list[Piece] = []
    at_s = 0.0
    for piece in pieces:
        length = piece.end_s - piece.start_s
        if batch and at_s + length > options.max_s:
            windows.append(_window(channel, batch, options))
            batch, at_s = [], 0.0
        batch.append(Piece(piece.start_s, piece.end_s, at_s, piece.speech))
        at_s += length + options.join_s
    if batch:
        windows.append(_window(channel, batch, options))
    return windows


def _window(channel: int, pieces: list[Piece], options: WindowOptions) -> Window:
    return Window(channel, tuple(pieces), pieces[-1].until_s + options.tail_s)


def _pieces(
    speech: Sequence[Interval], duration_s: float, options: WindowOptions
) -> Iterator[Piece]:
    """Padded runs of speech; neighbours share the silence between them."""
    runs = list(_runs(speech, options))
    for number, run in enumerate(runs):
        before = runs[number - 1].end_s if number else 0.0
        after = runs[number + 1].start_s if number + 1 < len(runs) else duration_s
        lead = min(options.pad_s, max(run.start_s - before, 0.0) / 2)
        trail = min(options.pad_s, max(after - run.end_s, 0.0) / 2)
        yield from _cut(run, lead, trail, options.max_s)


def _runs(speech: Sequence[Interval], options: WindowOptions) -> Iterator[Interval]:
    """Speech with short pauses left in it, broken at a pause before it grows too long."""
    current: Interval | None = None
    for interval in speech:
        if current is None:
            current = interval
        elif (
            interval.start_s - current.end_s <= options.join_s
            and interval.end_s - current.start_s <= options.max_s - 2 * options.pad_s
        ):
            current = Interval(current.start_s, interval.end_s)
        else:
            yield current
            current = interval
    if current is not None:
        yield current


def _cut(run: Interval, lead: float, trail: float, max_s: float) -> Iterator[Piece]:
    """One piece, or even parts of a run that is longer than a window."""
    start, end = run.start_s - lead, run.end_s + trail
    edges = np.linspace(start, end, int(np.ceil((end - start) / max_s)) + 1)
    for left, right in itertools.pairwise(edges):
        inner = Interval(max(float(left), run.start_s), min(float(right), run.end_s))
        yield Piece(float(left), float(right), 0.0, inner)
