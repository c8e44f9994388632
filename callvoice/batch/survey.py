"""Questions of a batch to the store: what became of its calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, func, select

from callvoice.store import Store
from callvoice.store.schema import calls, failures, runs, verdicts, work

_FAILURE = (work.c.source, failures.c.slug, failures.c.reason, work.c.attempts, work.c.state)
_TELLING = 3  # calls; of fewer, most of the time may be the model's loading
_AT_ONCE = 500  # databases bound the number of parameters


class Failure(Struct, frozen=True):
    """A call without a result: why, and after how many attempts it was left."""

    source: str
    slug: str
    reason: str
    attempts: int
    set_aside: bool


class Tally(Struct, frozen=True):
    """What became of the calls of a run. ``verdicts`` count by mistake and status."""

    states: dict[str, int]
    failures: tuple[Failure, ...]
    verdicts: dict[str, dict[str, int]]

    @property
    def n_done(self) -> int:
        """Calls with a result."""
        return self.states.get("done", 0)


def states(store: Store, keys: Iterable[str]) -> dict[str, str]:
    """The state of each task that the store knows: open, done, failed, poison."""
    found: dict[str, str] = {}
    with store.reading() as connection:
        for some in _parts(keys):
            asked = select(work.c.key, work.c.state).where(work.c.key.in_(some))
            found |= {row.key: row.state for row in connection.execute(asked)}
    return found


def tally(store: Store, keys: Sequence[str]) -> Tally:
    """The sum of a run."""
    state_of = states(store, keys)
    lost = [key for key, state in state_of.items() if state in ("failed", "poison")]
    counted = Counter(state_of.values())
    return Tally(dict(counted), tuple(_failures(store, lost)), _verdicts(store, keys))


def _failures(store: Store, keys: Sequence[str]) -> Iterator[Failure]:
    with store.reading() as connection:
        for some in _parts(keys):
            last = select(func.max(failures.c.id)).where(failures.c.key.in_(some))
            asked = (
                select(*_FAILURE)
                .join(failures, failures.c.key == work.c.key)
                .where(failures.c.id.in_(last.group_by(failures.c.key)))
                .order_by(work.c.source)
            )
            for source, slug, reason, attempts, state in connection.execute(asked):
                yield Failure(source, slug, reason, attempts, state == "poison")


def _verdicts(store: Store, keys: Sequence[str]) -> dict[str, dict[str, int]]:
    counted: dict[str, Counter[str]] = {}
    with store.reading() as connection:
        for some in _parts(keys):
            asked = (
                select(verdicts.c.mistake, verdicts.c.status, func.count())
                .join(calls, calls.c.id == verdicts.c.call)
                .where(calls.c.key.in_(some))
                .group_by(verdicts.c.mistake, verdicts.c.status)
            )
            for mistake, status, n in connection.execute(asked):
                counted.setdefault(mistake, Counter())[status] += n
    return {mistake: dict(statuses) for mistake, statuses in counted.items()}


def drop_superseded(store: Store, recipe: str, key_of: dict[str, str]) -> int:
    """Forget failures of files whose content is another now; ``key_of`` gives tasks by source."""
    with store.writing() as connection:
        return connection.execute(
            delete(work)
            .where(work.c.state.in_(("failed", "poison")), work.c.recipe == recipe)
            .where(work.c.source.in_(list(key_of)), work.c.key.not_in(list(key_of.values())))
        ).rowcount


def drop_refused(store: Store, sources: Iterable[str]) -> None:
    """Forget what was queued of recordings whose consent has been withdrawn since."""
    with store.writing() as connection:
        for some in _parts(sources):
            connection.execute(delete(work).where(work.c.source.in_(some), work.c.state != "done"))


def holders(store: Store) -> list[str]:
    """Who holds claims now."""
    with store.reading() as connection:
        held = select(work.c.worker).where(work.c.state == "open", work.c.lease_until > 0)
        return [name for name in connection.scalars(held.distinct()) if name]


def measured_speed(store: Store, model: str) -> float | None:
    """Seconds of sound a worker does in a second, from the last run with that model that was more
    than loading it.
    """
    with store.reading() as connection:
        ended = select(runs.c.options, runs.c.summary).where(runs.c.ended_at.is_not(None))
        for options, summary in connection.execute(ended.order_by(runs.c.id.desc()).limit(50)):
            if options.get("model") == model and (speed := _speed(options, summary or {})):
                return speed
    return None


def _speed(options: dict[str, Any], summary: dict[str, Any]) -> float | None:
    if summary.get("n_analysed", 0) < _TELLING:
        return None
    heard_s, elapsed_s = summary.get("heard_audio_s", 0.0), summary.get("elapsed_s", 0.0)
    return heard_s / elapsed_s / options.get("n_workers", 1) if heard_s and elapsed_s else None


def _parts(keys: Iterable[str]) -> Iterator[list[str]]:
    whole = list(keys)
    return (whole[at : at + _AT_ONCE] for at in range(0, len(whole), _AT_ONCE))
