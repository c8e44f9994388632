"""A host of a cluster: one process that works, and what passes tasks to it from afar.

Nothing here knows how tasks come; ``cluster`` makes actors of :class:`Relay`. The process is of a
:class:`Pool` as on a single machine, so the same limits hold and the same things may happen to it.
"""

from __future__ import annotations

import dataclasses
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

import callvoice
from callvoice.batch.job import Analyst, Listener, Refused
from callvoice.batch.owner import is_gone, own_name
from callvoice.batch.pool import Answer, Limits, Lost, Pool, wait_for

if TYPE_CHECKING:
    from callvoice.batch.proof import Proof

_POLL_S = 0.5
_PREFIX = "callvoice-"


@dataclass(frozen=True)
class Station:
    """Makes the function that works on a host of a cluster; it refuses where the host is not fit.

    It is not where it has another callvoice, or does not see the files of the settings or the
    ``proof`` that the run has left.
    """

    analyst: Analyst
    proof: Proof
    hears: bool = False
    version: str = callvoice.__version__

    def __call__(self) -> Callable[[Any], Any]:
        """In the worker's process."""
        trouble = self._trouble()
        if trouble is not None:
            return lambda job: trouble
        work = (Listener(self.analyst) if self.hears else self.analyst)()
        return lambda job: _located(work(job))

    def _trouble(self) -> Refused | None:
        slug, why = self._version() or self._lexicons() or self._place() or ("", "")
        return Refused(slug, f"{socket.gethostname()} {why}", True) if slug else None

    def _version(self) -> tuple[str, str] | None:
        if callvoice.__version__ == self.version:
            return None
        return "worker-broken", f"has callvoice {callvoice.__version__}, this run {self.version}."

    def _lexicons(self) -> tuple[str, str] | None:
        missing = [p for p in self.analyst.recipe.settings.lexicons if not p.is_file()]
        return ("invalid-settings", f"does not see {missing[0]}.") if missing else None

    def _place(self) -> tuple[str, str] | None:
        root = self.proof.root
        try:
            if self.proof.is_seen():
                return None
        except Exception as error:  # every protocol raises its own classes
            return "cannot-write", f"cannot read {root}: {type(error).__name__}: {error}"
        advice = "Name a shared folder or a URL that all hosts reach: --artefacts."
        return "cannot-write", f"does not see what this run keeps in {root}. {advice}"


def _located(done: Any) -> Any:
    """A refusal says on which host."""
    if isinstance(done, Refused):
        return replace(done, reason=f"{done.reason} (on {socket.gethostname()})")
    return done


class Relay:
    """Passes tasks to a process of this host, one at a time, and answers with what came of them."""

    def __init__(self, station: Station, limits: Limits, n_threads: int) -> None:
        self._scratch = _own_scratch()
        analyst = dataclasses.replace(station.analyst, scratch=str(self._scratch))
        setup = dataclasses.replace(station, analyst=analyst)
        self._pool = Pool(setup, n_threads=n_threads, limits=limits)
        self._ends = threading.Event()
        self._at_rest = threading.Event()
        self._at_rest.set()

    def host(self) -> str:
        """Where this is; it answers as soon as it can work."""
        return socket.gethostname()

    def work(self, task: Any, limit_s: float) -> tuple[Answer | Lost | None, int]:
        """What came of a task, and the bytes of memory that the process then held; None for a task
        that was given up.

        Raises:
            WorkerBroken: the process ends before it begins, again and again.
        """
        self._at_rest.clear()
        try:
            self._pool.give(None, task, limit_s=limit_s)
            while not self._ends.is_set():
                wait_for([self._pool], _POLL_S)
                for event in self._pool.events():
                    return event, self._pool.memory_bytes
            return None, 0
        finally:
            self._tidy()
            self._at_rest.set()

    def _tidy(self) -> None:
        """What an ended process had fetched and could not remove."""
        for left in self._scratch.iterdir():
            shutil.rmtree(left, ignore_errors=True)

    def until_end(self) -> None:
        """Returns as it ends."""
        self._ends.wait()

    def end(self) -> None:
        """End the process, whatever it is at, and leave nothing on this host; for another thread
        than that of :meth:`work`.
        """
        self._ends.set()
        self._at_rest.wait(4 * _POLL_S)
        self._pool.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


def _own_scratch() -> Path:
    """A folder of this process; those of killed ones are removed."""
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{_PREFIX}*:*:*"):
        if is_gone(left.name.removeprefix(_PREFIX)):
            shutil.rmtree(left, ignore_errors=True)
    folder = root / f"{_PREFIX}{own_name()}"
    folder.mkdir(mode=0o700)
    return folder
