"""What goes to a worker and comes back. Light: the process that hands out calls analyses none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct

from callvoice.batch.items import Item
from callvoice.batch.key import Recipe
from callvoice.errors import (
    CallvoiceError,
    CannotWrite,
    CorruptModel,
    DeviceUnavailable,
    InvalidSettings,
    StoreUnavailable,
    UnknownModel,
    WorkerBroken,
)
from callvoice.store.redact import Redactor, redact
from callvoice.types import Facts, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from callvoice.batch.worker import Analysing

EVERY_CALL: dict[str, type[CallvoiceError]] = {
    error.slug: error
    for error in (
        CannotWrite,
        CorruptModel,
        DeviceUnavailable,
        InvalidSettings,
        StoreUnavailable,
        UnknownModel,
        WorkerBroken,
    )
}
"""What is wrong with this machine rather than with one call, by slug."""


class Job(Struct, frozen=True):
    """One call to analyse; ``judge_only`` is the id of a call whose stored facts still hold."""

    item: Item
    judge_only: str | None = None


class Analysed(Struct, frozen=True):
    """What came of a call, how long it took, and how much of that the recogniser. ``n_changed`` is
    how many verdicts are others now where stored facts were judged by other limits; else None.
    """

    report: Report
    facts: Facts
    elapsed_s: float
    heard_s: float = 0.0
    n_changed: int | None = None


class Heard(Struct, frozen=True):
    """A call's words are kept with it: how long that took, and how much of it the recogniser."""

    elapsed_s: float
    heard_s: float


class Refused(Struct, frozen=True):
    """Why a call has no result. ``every_call`` would meet the same."""

    slug: str
    reason: str
    every_call: bool = False


@dataclass(frozen=True)
class Analyst:
    """Makes the function that analyses calls; sent to the worker before its first. ``device`` and
    ``compute_type`` are the speech model's, ``redact`` (a module's function) masks what it hears.
    """

    recipe: Recipe
    artefacts: str
    scratch: str
    device: str = "cpu"
    compute_type: str = "int8"
    redact: Redactor = redact

    def __call__(self) -> Analysing:
        """In the worker's process, which alone loads what analysis needs."""
        from callvoice.batch.worker import Analysing

        return Analysing(self)


@dataclass(frozen=True)
class Listener:
    """Makes the function that recognises calls and does no more, for machines with a GPU."""

    analyst: Analyst

    def __call__(self) -> Callable[[Job], Heard | Refused]:
        """In the worker's process."""
        return self.analyst().hear
