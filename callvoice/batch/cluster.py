"""The engine of many machines: a batch's workers as actors of a Ray cluster.

The batch's own process keeps the store and hands out calls, as with one machine. What travels are
places of recordings there, facts and reports back; each host fetches the sound itself. An actor has
one call at a time: a second one would wait behind a long call while others are idle.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from callvoice.batch.crew import Bell, Crew, Order
from callvoice.batch.job import Analysed, Analyst, Heard, Job
from callvoice.batch.pool import Answer, Lost, Workers
from callvoice.batch.proof import Proof
from callvoice.batch.relay import Relay, Station
from callvoice.errors import UnknownPlace
from callvoice.store import Artefacts

if TYPE_CHECKING:
    from callvoice.batch.run import BatchOptions, Engine

_CONNECT_S, _END_S = 5.0, 5.0


def connect(address: str) -> None:
    """Join the Ray cluster at ``address`` ("auto": the one that this machine belongs to).

    Raises:
        UnknownPlace: there is none, or ray is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError as error:
        raise UnknownPlace("Ray is not installed: pip install 'callvoice[ray]'.") from error
    if ray.is_initialized():
        return
    place = _resolved(address)
    _check_port(place)
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=place, log_to_driver=False, logging_level=logging.CRITICAL)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise _no_cluster(place, str(error)) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # Ray would leave at once, with calls under way


def _resolved(address: str) -> str:
    """What "auto" means here: as the environment says, else the cluster last started; only where
    neither is known it is left to Ray.
    """
    if address != "auto":
        return address
    noted = Path(os.environ.get("RAY_TMPDIR") or "/tmp", "ray", "ray_current_cluster")  # noqa: S108
    named = noted.read_text().strip() if noted.is_file() else ""
    return os.environ.get("RAY_ADDRESS") or named or address


def _check_port(place: str) -> None:
    """Ray itself would try for minutes."""
    if place == "auto":
        return
    host, _, port = place.rpartition(":")
    if "://" in place or not host or not port.isdigit():
        raise UnknownPlace(
            f"{place} is no address of a cluster: name HOST:PORT, or start callvoice on one of its"
            " machines with --address auto."
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
    except OSError as error:
        raise _no_cluster(place, error.strerror or str(error)) from error


def _no_cluster(place: str, why: str) -> UnknownPlace:
    at = "on this machine" if place == "auto" else f"at {place}"
    return UnknownPlace(f"no Ray cluster to join {at}: {' '.join(why.split())[:300]}")


@contextlib.contextmanager
def joined(address: str) -> Iterator[None]:
    """The cluster, for so long; ``sys.stdout`` leads nowhere meanwhile: Ray prints of its troubles.

    Raises:
        UnknownPlace: as :func:`connect`.
    """
    connect(address)
    import ray

    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            yield
        finally:
            ray.shutdown()


def resources() -> tuple[int, int]:
    """Cores and GPUs that the cluster has now; with autoscaling it may get more."""
    import ray

    cluster: Any = ray
    total = cluster.cluster_resources()
    return int(total.get("CPU", 0)), int(total.get("GPU", 0))


# --- the engine ----------------------------------------------------------------------------------


class Cluster:
    """Actors in place of processes: the :class:`Workers` of a batch on a connected cluster.

    With ``n_listeners`` calls are recognised first, by that many actors with a GPU each, and then
    analysed by actors without a speech model; otherwise an actor does all of it.
    """

    def __init__(self, analyst: Analyst, options: BatchOptions, *, n_listeners: int = 0) -> None:
        self._proof = Proof.put(Artefacts(analyst.artefacts))
        self._bell = Bell()
        station = Station(analyst, self._proof)
        start = partial(_started, station, options)
        self._analysts = Crew(start, options.n_workers, self._bell)
        hearing = partial(_started, replace(station, hears=True), options, n_gpus=1)
        self._listeners = Crew(hearing, n_listeners, self._bell)

    @property
    def busy(self) -> list[Any]:
        """Tickets of all that was given and has not come back."""
        return [order.ticket for order in self._orders]

    @property
    def has_room(self) -> bool:
        """Whether fewer calls are under way than there may be actors."""
        return len(self._orders) < self._analysts.size + self._listeners.size

    @property
    def _orders(self) -> list[Order]:
        return [*self._listeners.orders, *self._analysts.orders]

    @property
    def memory_bytes(self) -> int:
        """Of all hosts' processes, when each last answered."""
        return self._analysts.memory_bytes + self._listeners.memory_bytes

    @property
    def connections(self) -> list[Connection]:
        """Readable when an actor has answered."""
        return [self._bell.connection]

    def give(self, ticket: Any, task: Job, *, limit_s: float = float("inf")) -> None:
        """Hand over a call; each of its stages may take ``limit_s``."""
        hears = self._listeners.size > 0 and task.item.transcript is None
        (self._listeners if hears else self._analysts).give(Order(ticket, task, limit_s))

    def events(self) -> list[Answer | Lost]:
        """What has come of the calls since; does not wait.

        Raises:
            CallvoiceError: no actor can work.
        """
        self._bell.silence()
        out: list[Answer | Lost] = []
        for order, event in self._listeners.events():
            if isinstance(event, Answer) and isinstance(event.value, Heard):
                self._analysts.give(replace(order, heard=event.value))
            else:
                out.append(event)
        return out + [_in_all(order, event) for order, event in self._analysts.events()]

    def close(self) -> None:
        """End all actors, whatever they are at; what they fetched is removed."""
        import ray

        ends = self._listeners.end() + self._analysts.end()
        with contextlib.suppress(ray.exceptions.RayError):
            ray.wait(ends, num_returns=len(ends), timeout=_END_S) if ends else None
        self._listeners.kill()
        self._analysts.kill()
        self._bell.close()
        self._proof.remove()


def _in_all(order: Order, event: Answer | Lost) -> Answer | Lost:
    """With the time of both stages."""
    if order.heard and isinstance(event, Answer) and isinstance(event.value, Analysed):
        elapsed_s = event.value.elapsed_s + order.heard.elapsed_s
        value = msgspec.structs.replace(
            event.value, elapsed_s=elapsed_s, heard_s=order.heard.heard_s
        )
        return replace(event, value=value)
    return event


def _started(station: Station, options: BatchOptions, *, n_gpus: int = 0) -> Any:
    """A new actor, as soon as the cluster has room for it. It is not restarted: what it was at is
    tried again by whoever is free.
    """
    import ray

    n_threads = options.n_threads or 1
    made = ray.remote(Relay).options(
        num_cpus=0 if n_gpus else n_threads,  # who analyses must not keep a GPU idle
        num_gpus=n_gpus,
        max_restarts=0,
        max_task_retries=0,
        max_concurrency=3,  # a call, the word that it is to end, and who waits for the end
    )
    return made.remote(station, options.limits, n_threads)


def on_cluster(*, n_listeners: int = 0) -> Engine:
    """The engine for a batch, once :func:`connect` has joined a cluster."""

    def engine(analyst: Analyst, options: BatchOptions) -> Workers:
        return Cluster(analyst, options, n_listeners=n_listeners)

    return engine
