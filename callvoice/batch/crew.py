"""Actors of a Ray cluster that take calls: asked for as needed, replaced when lost."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

from callvoice.batch.job import Heard
from callvoice.batch.pool import Answer, Lost
from callvoice.errors import CallvoiceError, WorkerBroken

_FUTILE_STARTS, _PATIENCE_S = 3, 900.0


@dataclass
class Order:
    """A task on its way; ``heard`` is what came of its first stage."""

    ticket: Any
    task: Any
    limit_s: float
    heard: Heard | None = None


@dataclass(eq=False)
class _Hand:
    """One actor."""

    actor: Any
    host: str | None = None
    order: Order | None = None
    memory_bytes: int = 0


class Bell:
    """Makes a connection readable when an actor has answered."""

    def __init__(self) -> None:
        self.connection, self._rope = multiprocessing.Pipe(duplex=False)

    def ring(self) -> None:
        """Someone has answered."""
        with contextlib.suppress(OSError):  # the run is over
            self._rope.send_bytes(b"!")

    def silence(self) -> None:
        """It has been heard."""
        while self.connection.poll():
            self.connection.recv_bytes()

    def close(self) -> None:
        """Nobody listens any more."""
        self._rope.close()
        self.connection.close()


@dataclass
class Crew:
    """Actors of one kind. As many as there are tasks, up to ``size``, are asked for; whichever the
    cluster has room for takes the next task.
    """

    start: Callable[[], Any]
    size: int
    bell: Bell
    _hands: list[_Hand] = field(default_factory=list)
    _waiting: deque[Order] = field(default_factory=deque)
    _answers: SimpleQueue[tuple[_Hand, Any]] = field(default_factory=SimpleQueue)
    _futile: int = 0
    _staffed: float = field(default_factory=time.monotonic)

    @property
    def orders(self) -> list[Order]:
        """What waits or is worked at."""
        return [*self._waiting, *(hand.order for hand in self._hands if hand.order)]

    @property
    def memory_bytes(self) -> int:
        """At the last answers."""
        return sum(hand.memory_bytes for hand in self._hands)

    def give(self, order: Order) -> None:
        """To the first that is free."""
        self._waiting.append(order)
        self._hand_out()

    def events(self) -> Iterator[tuple[Order, Answer | Lost]]:
        """What has come of orders.

        Raises:
            CallvoiceError: no actor can work.
        """
        with contextlib.suppress(Empty):
            while True:
                yield from self._look(*self._answers.get_nowait())
        self._hand_out()
        if not self._waiting or any(hand.host for hand in self._hands):
            self._staffed = time.monotonic()
        elif time.monotonic() - self._staffed > _PATIENCE_S:
            raise WorkerBroken("the cluster had no room for a worker for long: see `ray status`.")

    def end(self) -> list[Any]:
        """Ask all to end; references to their last answers."""
        return [hand.actor.end.remote() for hand in self._hands if hand.host]

    def kill(self) -> None:
        """At once."""
        while self._hands:
            self._kill(self._hands[-1])

    def _kill(self, hand: _Hand) -> None:
        import ray

        self._hands.remove(hand)
        with contextlib.suppress(Exception):  # it may be gone already
            ray.kill(hand.actor)

    def _hand_out(self) -> None:
        while len(self._hands) < min(self.size, len(self.orders)):
            hand = _Hand(self.start())
            self._hands.append(hand)
            self._follow(hand, hand.actor.host.remote())
            self._follow(hand, hand.actor.until_end.remote())  # tells of a death while idle
        idle = (hand for hand in self._hands if hand.host and hand.order is None)
        for hand in idle:
            if not self._waiting:
                return
            hand.order = self._waiting.popleft()
            self._follow(hand, hand.actor.work.remote(hand.order.task, hand.order.limit_s))

    def _follow(self, hand: _Hand, reference: Any) -> None:
        """Its answer is queued from a thread of Ray."""

        def note(future: Any) -> None:
            self._answers.put((hand, future))
            self.bell.ring()

        reference.future().add_done_callback(note)

    def _look(self, hand: _Hand, future: Any) -> Iterator[tuple[Order, Answer | Lost]]:
        if hand not in self._hands:
            return
        error = future.exception()
        if error is not None:
            yield from self._lost(hand, error)
            return
        answer = future.result()
        if isinstance(answer, str):
            hand.host, self._futile = answer, 0
        elif hand.order is not None:
            event, hand.memory_bytes = answer
            order, hand.order = hand.order, None
            yield order, replace(event, ticket=order.ticket)

    def _lost(self, hand: _Hand, error: BaseException) -> Iterator[tuple[Order, Lost]]:
        self._kill(hand)
        if isinstance(error, CallvoiceError):
            raise _ours(error)
        why = _first_line(error)
        if hand.order is not None:
            reason = f"the worker on {hand.host} was lost: {why}"
            yield hand.order, Lost(hand.order.ticket, "worker-lost", reason, False)
            return
        self._futile += hand.host is None
        if self._futile >= _FUTILE_STARTS:
            raise WorkerBroken(f"workers cannot start on the cluster: {why}")


def _ours(error: CallvoiceError) -> CallvoiceError:
    """One of our errors without the remote traceback that Ray puts into it."""
    cause = getattr(error, "cause", error)
    return type(cause)(*cause.args) if isinstance(cause, CallvoiceError) else error


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
