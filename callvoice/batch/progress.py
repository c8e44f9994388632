"""How far a batch is: one line that stays in place on a terminal, JSON lines for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Literal, Protocol

from callvoice.batch.job import Analysed
from callvoice.errors import printable
from callvoice.store import Progress, Task


@dataclass(frozen=True)
class Now:
    """A moment of a run. Minutes are of recorded sound; ``times_real_time`` counts this run's
    analysed sound, not what was only judged again, over the time since it began; ``eta_s`` is None
    until something is done.
    """

    elapsed_s: float
    n_done: int
    n_failed: int
    n_running: int
    n_waiting: int
    minutes_done: float
    minutes_left: float
    times_real_time: float
    eta_s: float | None
    memory_mb: int
    looking: bool


@dataclass
class State:
    """What this run has done so far. Of ``n_done`` calls ``n_judged`` had been measured before and
    were only judged by other limits, which changed ``n_changed`` verdicts.
    """

    n_done: int = 0
    n_judged: int = 0
    n_changed: int = 0
    n_failed: int = 0
    n_tried: int = 0
    audio_s: float = 0.0
    judged_audio_s: float = 0.0
    heard_audio_s: float = 0.0
    recogniser_s: float = 0.0
    sources: set[str] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    @property
    def elapsed_s(self) -> float:
        """Since the run began, until it ended."""
        return (self.ended or time.monotonic()) - self.began

    @property
    def n_analysed(self) -> int:
        """Calls that were measured in this run."""
        return self.n_done - self.n_judged

    @property
    def analysed_audio_s(self) -> float:
        """Their sound."""
        return self.audio_s - self.judged_audio_s

    @property
    def times_real_time(self) -> float:
        """Seconds of sound analysed in a second."""
        return self.analysed_audio_s / max(self.elapsed_s, 1e-9)

    def end(self) -> None:
        """The run is over."""
        self.ended = time.monotonic()

    def note_done(self, task: Task, done: Analysed) -> None:
        """A call has its result. Sound counts as heard where a recogniser was at work."""
        duration_s = done.report.call.duration_s
        self.n_done += 1
        self.sources.add(task.source)
        self.n_tried += 1
        self.audio_s += duration_s
        if done.n_changed is not None:
            self.n_judged += 1
            self.n_changed += done.n_changed
            self.judged_audio_s += duration_s
        self.recogniser_s += done.heard_s
        self.heard_audio_s += duration_s if done.heard_s else 0.0

    def note_failed(self, *, tried_again: bool) -> None:
        """A call failed; one that is tried again is not counted yet."""
        self.n_failed += not tried_again
        self.n_tried += not tried_again

    def now(self, queue: Progress, *, memory_bytes: int, looking: bool) -> Now:
        """With what the queue says of all that is left."""
        left_s = queue.seconds["waiting"] + queue.seconds["running"]
        speed = self.audio_s / max(self.elapsed_s, 1e-9)
        return Now(
            elapsed_s=round(self.elapsed_s, 1),
            n_done=self.n_done,
            n_failed=self.n_failed,
            n_running=queue.counts["running"],
            n_waiting=queue.counts["waiting"],
            minutes_done=round(self.audio_s / 60, 2),
            minutes_left=round(left_s / 60, 2),
            times_real_time=round(self.times_real_time, 2),
            eta_s=round(left_s / speed) if speed else None,
            memory_mb=memory_bytes >> 20,
            looking=looking,
        )


class Screen(Protocol):
    """Where progress is shown. ``every_s`` is how often it wants to be told."""

    every_s: float

    def show(self, now: Now) -> None:
        """How far the run is."""

    def call(self, task: Task, status: str, **fields: Any) -> None:
        """What became of a call."""

    def close(self) -> None:
        """Nothing more will come."""


class Nothing:
    """Not a word."""

    every_s = 60.0

    def show(self, now: Now) -> None:
        """Nowhere."""

    def call(self, task: Task, status: str, **fields: Any) -> None:
        """Nowhere."""

    def close(self) -> None:
        """Nothing is open."""


class JsonLines:
    """An object a line: ``event`` is "progress", "call" or, from the command, "summary"."""

    every_s = 2.0

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stdout

    def show(self, now: Now) -> None:
        """As an event."""
        self.event("progress", asdict(now))

    def call(self, task: Task, status: str, **fields: Any) -> None:
        """As an event."""
        own = {"source": task.source, "key": task.key, "duration_s": task.duration_s}
        self.event("call", {**own, "status": status, **fields})

    def event(self, name: str, fields: dict[str, Any]) -> None:
        """Any event, at once on the stream."""
        print(json.dumps({"event": name, **fields}), file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is open."""


class Lines:
    """For a log: now and then a line, and one for each failure."""

    every_s = 60.0

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr

    def show(self, now: Now) -> None:
        """In words."""
        print(f"callvoice: {in_words(now)}", file=self._stream, flush=True)

    def call(self, task: Task, status: str, **fields: Any) -> None:
        """Only what failed."""
        if status == "failed":
            print(f"callvoice: {_failure(task, fields)}", file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is open."""


class Terminal:
    """One line that stays in place, failures above it."""

    every_s = 0.5

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        columns = (SpinnerColumn(), BarColumn(20), TextColumn("{task.description}", markup=False))
        self._bar = Progress(*columns, console=console, transient=True)
        self._bar.start()
        self._task = self._bar.add_task("looking at the recordings …", total=None)

    def show(self, now: Now) -> None:
        """The line and its bar, in minutes of sound."""
        total = None if now.looking else now.minutes_done + now.minutes_left
        self._bar.update(
            self._task, description=in_words(now), completed=now.minutes_done, total=total
        )

    def call(self, task: Task, status: str, **fields: Any) -> None:
        """Only what failed."""
        if status == "failed":
            self._bar.console.print(_failure(task, fields))

    def close(self) -> None:
        """Clear the line."""
        self._bar.stop()


def screen_for(form: Literal["auto", "json", "none"]) -> Screen:
    """JSON lines on stdout, nothing, or what suits stderr."""
    if form == "json":
        return JsonLines()
    if form == "none":
        return Nothing()
    return Terminal() if sys.stderr.isatty() else Lines()


def in_words(now: Now) -> str:
    """A moment of a run as a line."""
    parts: Sequence[str] = (
        f"{now.n_done} calls done",
        f"{now.minutes_done:.0f} of {now.minutes_done + now.minutes_left:.0f} min",
        f"{now.times_real_time:.1f} × real time",
        "looking at files" if now.looking else f"{clock(now.eta_s)} left",
        f"{now.n_failed} failed",
    )
    return " · ".join(parts)


def clock(seconds: float | None) -> str:
    """Hours and minutes, or minutes and seconds."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _failure(task: Task, fields: dict[str, Any]) -> str:
    return printable(f"failed [{fields['slug']}]: {task.source}: {fields['reason']}")
