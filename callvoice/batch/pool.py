"""Processes that work for this one: started, fed, watched, and ended when they overstep a limit.

A process gets one task at a time through a pipe and sends one answer. It may die, hang or swell:
each is an answer too (:class:`Lost`), and another process takes its place. When this process ends,
however it does, they end.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Final, Protocol

import psutil

from callvoice.errors import WorkerBroken

_READY: Final = "ready"
_FUTILE_STARTS, _START_S = 3, 300.0
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_CONTEXT = multiprocessing.get_context("spawn")  # a fork would copy locks of threads half taken
Setup = Callable[[], Callable[[Any], Any]]


@dataclass(frozen=True)
class Limits:
    """What one task may take. An idle process that holds ``growth_bytes`` more than after its first
    task is replaced.
    """

    base_s: float = 60.0
    per_audio_s: float = 3.0
    memory_bytes: int = 4 << 30
    growth_bytes: int = 256 << 20

    def time_s(self, duration_s: float) -> float:
        """How long a call of that length may take."""
        return self.base_s + self.per_audio_s * duration_s


@dataclass(frozen=True)
class Answer:
    """What a process made of a task."""

    ticket: Any
    value: Any


@dataclass(frozen=True)
class Lost:
    """A process was lost over a task. ``limit`` tells one that was ended from one that died."""

    ticket: Any
    slug: str
    reason: str
    limit: bool


class Workers(Protocol):
    """Whoever works for a batch: processes of this machine (:class:`Pool`), or of many."""

    @property
    def busy(self) -> list[Any]:
        """The tickets of what is being worked at."""

    @property
    def has_room(self) -> bool:
        """Whether a task can be given."""

    @property
    def memory_bytes(self) -> int:
        """Of all workers together, as far as it is known."""

    @property
    def connections(self) -> list[Connection]:
        """What becomes readable when there are events, for :func:`wait_for`."""

    def give(self, ticket: Any, task: Any, *, limit_s: float = float("inf")) -> None:
        """Hand over a task; ``ticket`` is what its event will be known by."""

    def events(self) -> list[Answer | Lost]:
        """What has come of the tasks since; does not wait."""

    def close(self) -> None:
        """End all work, whatever is under way."""


class _Hand:
    """One process. ``ticket`` is whatever its task is known by to who gave it."""

    def __init__(self, setup: Setup) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs, setup), daemon=True)
        self._process.start()
        theirs.close()
        self._memory = psutil.Process(self._process.pid)
        self.ready = self.busy = False
        self.ticket: Any = None
        self.deadline = self.limit_s = float("inf")
        self.baseline_bytes = 0

    def give(self, ticket: Any, task: Any, limit_s: float) -> None:
        self.busy, self.ticket, self.limit_s = True, ticket, limit_s
        self.deadline = time.monotonic() + (limit_s if self.ready else _START_S)
        self.connection.send(task)

    def begin(self) -> None:
        """It has started; only now the time of its first task runs."""
        self.ready = True
        self.deadline = time.monotonic() + self.limit_s

    def rest(self) -> None:
        self.busy, self.ticket, self.deadline = False, None, float("inf")
        self.baseline_bytes = self.baseline_bytes or self.memory_bytes()

    @property
    def has_ended(self) -> bool:
        return not self._process.is_alive()

    def memory_bytes(self) -> int:
        try:
            return int(self._memory.memory_info().rss)
        except psutil.Error:
            return 0

    def end(self) -> int | None:
        """At once; its exit code, negative for a signal."""
        code = self._process.exitcode
        self._process.kill()
        self._process.join()
        self.connection.close()
        return self._process.exitcode if code is None else code


class Pool:
    """``size`` processes, each with what ``setup`` makes in it. Use as a context."""

    def __init__(
        self, setup: Setup, *, size: int = 1, n_threads: int = 1, limits: Limits | None = None
    ) -> None:
        self._setup, self._size, self._n_threads = setup, size, n_threads
        self._limits = limits or Limits()
        self._hands: list[_Hand] = []
        self._futile = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes, whatever they are at."""
        while self._hands:
            self._hands.pop().end()

    @property
    def busy(self) -> list[Any]:
        """The tickets of what is being worked at."""
        return [hand.ticket for hand in self._hands if hand.busy]

    @property
    def has_room(self) -> bool:
        """Whether a task can be given."""
        return len(self.busy) < self._size

    @property
    def memory_bytes(self) -> int:
        """Of all processes together."""
        return sum(hand.memory_bytes() for hand in self._hands)

    def give(self, ticket: Any, task: Any, *, limit_s: float = float("inf")) -> None:
        """Hand a task to an idle process, started if need be."""
        hand = next((hand for hand in self._hands if not hand.busy), None)
        if hand is not None and hand.has_ended:
            self._remove(hand)
            hand = None
        if hand is None:
            with _threads(self._n_threads), _undisturbed():
                hand = _Hand(self._setup)
            self._hands.append(hand)
        try:
            hand.give(ticket, task, limit_s)
        except OSError:  # it dies just now; that it did is found when it is next looked at
            hand.busy, hand.ticket = True, ticket

    def events(self) -> list[Answer | Lost]:
        """What has come of the tasks since; does not wait (see :func:`wait_for`).

        Raises:
            WorkerBroken: processes end before they begin, again and again.
        """
        return [event for hand in list(self._hands) for event in self._look(hand)]

    @property
    def connections(self) -> list[Connection]:
        """What becomes readable when there are events, for :func:`wait_for`."""
        return [hand.connection for hand in self._hands]

    def _look(self, hand: _Hand) -> Iterator[Answer | Lost]:
        while hand.connection.poll():
            try:
                message = hand.connection.recv()
            except (EOFError, OSError):
                yield from self._died(hand)
                return
            if message == _READY:
                hand.begin()
                self._futile = 0
                continue
            yield Answer(hand.ticket, message)
            hand.rest()
        yield from self._over_limit(hand)

    def _died(self, hand: _Hand) -> Iterator[Lost]:
        code = self._remove(hand)
        if not hand.ready:
            self._futile += 1
            if self._futile >= _FUTILE_STARTS:
                raise WorkerBroken(f"worker processes end as they start ({_ending(code)}).")
        if hand.busy:
            yield Lost(hand.ticket, "worker-died", f"the worker's process {_ending(code)}", False)

    def _over_limit(self, hand: _Hand) -> Iterator[Lost]:
        memory, limits = hand.memory_bytes(), self._limits
        if not hand.busy:
            if 0 < hand.baseline_bytes < memory - limits.growth_bytes:
                self._remove(hand)
        elif memory > limits.memory_bytes:
            self._remove(hand)
            reason = f"it took {memory >> 20} MB of memory, {limits.memory_bytes >> 20} are allowed"
            yield Lost(hand.ticket, "memory-limit", reason, True)
        elif time.monotonic() > hand.deadline:
            self._remove(hand)
            yield Lost(hand.ticket, "time-limit", "it took longer than it may", True)

    def _remove(self, hand: _Hand) -> int | None:
        self._hands.remove(hand)
        return hand.end()


def wait_for(pools: Sequence[Workers], timeout_s: float) -> None:
    """Until a worker of one of them has something to say, or ``timeout_s`` have passed."""
    connections = [connection for pool in pools for connection in pool.connections]
    if connections:
        wait(connections, timeout_s)
    else:
        time.sleep(timeout_s)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"


@contextmanager
def _threads(number: int) -> Iterator[None]:
    """What processes started meanwhile are told about threads; libraries read it as they load."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(number)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Processes started meanwhile never hear Ctrl-C: this one ends them itself, in order."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, setup: Setup) -> None:
    """The life of a process: tasks in, answers out, until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _quiet()
    handle = setup()
    connection.send(_READY)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        connection.send(handle(task))


def _end_with_parent() -> None:
    """A parent that is killed closes nothing in order; whatever runs here ends with it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _quiet() -> None:
    """Nothing that a library prints may get into the output or onto the screen."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
