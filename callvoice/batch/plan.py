"""What a batch would do: how many calls, how long they are, how long it would take."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from callvoice.batch import survey
from callvoice.batch.discover import Found, name_of
from callvoice.batch.intake import basis_of
from callvoice.batch.items import Item, is_remote, local_path
from callvoice.batch.key import Recipe
from callvoice.batch.pool import Answer, Lost, Pool, wait_for
from callvoice.batch.progress import clock
from callvoice.batch.scout import Seen, scouting
from callvoice.batch.seen import SeenFiles
from callvoice.errors import CallvoiceError
from callvoice.store import Store
from callvoice.types import Audio

if TYPE_CHECKING:
    from callvoice.ingest.recognise import Recogniser

_NAMED = 10
_TRIAL_S = 30.0
_TRIAL_LIMIT_S = 300.0


class Plan(Struct, frozen=True):
    """A batch before it begins. ``n_mono`` recordings have one channel: overlaps and interruptions
    cannot be told in them. ``speed`` is seconds of sound per second and worker, None where it could
    not be measured; ``n_unreadable`` have no header that could be read, ``unreadable`` names some.
    """

    n_files: int
    n_same: int
    n_done: int
    n_set_aside: int
    n_failed: int
    n_mono: int
    n_unreadable: int
    minutes: float
    minutes_left: float
    speed: float | None
    estimated_s: float | None
    n_without_consent: int = 0
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Look:
    found: Found
    seen: Seen
    key: str


def plan(
    found: Sequence[Found],
    recipe: Recipe,
    *,
    store: Store | None,
    workspace: Path | None,
    n_workers: int,
    n_without_consent: int = 0,
) -> Plan:
    """Look at all files and say what would be done; analyses at most half a minute of one."""
    looks = list({look.key: look for look in _looks(found, recipe, workspace)}.values())
    states = survey.states(store, [look.key for look in looks]) if store else {}
    left = [look for look in looks if states.get(look.key, "open") == "open"]
    left_s = sum(look.seen.header.duration_s for look in left)
    speed = (survey.measured_speed(store, recipe.model) if store else None) or (
        _trial(left, recipe) if left else None
    )
    counted = list(states.values())
    unreadable = [name_of(lk.found.item) for lk in looks if lk.seen.header.n_channels is None]
    return Plan(
        n_files=len(found),
        n_same=len(found) - len(looks),
        n_done=counted.count("done"),
        n_set_aside=counted.count("poison"),
        n_failed=counted.count("failed"),
        n_mono=sum(look.seen.header.n_channels == 1 for look in looks),
        n_unreadable=len(unreadable),
        minutes=round(sum(look.seen.header.duration_s for look in looks) / 60, 2),
        minutes_left=round(left_s / 60, 2),
        speed=round(speed, 2) if speed else None,
        estimated_s=round(left_s / speed / n_workers, 1) if speed else None,
        n_without_consent=n_without_consent,
        unreadable=tuple(unreadable[:_NAMED]),
    )


def _looks(found: Sequence[Found], recipe: Recipe, workspace: Path | None) -> Iterator[_Look]:
    cache = SeenFiles(workspace if workspace and workspace.is_dir() else None)
    with Pool(scouting) as scouts:
        for one in found:
            seen = cache.get(one)
            if seen is None:
                seen = _look(scouts, one)
                cache.put(one, seen)
            yield _Look(one, seen, basis_of(one.item, seen, recipe).key(recipe))
    cache.close()


def _look(scouts: Pool, found: Found) -> Seen:
    scouts.give(found, found, limit_s=120.0)
    event = _event(scouts)
    return event.value if isinstance(event, Answer) else Seen.unknown(found)


def _event(pool: Pool) -> Answer | Lost:
    """What comes of the one task that was given."""
    while not (events := pool.events()):
        wait_for([pool], 0.1)
    return events[0]


def _trial(left: Sequence[_Look], recipe: Recipe) -> float | None:
    """Seconds of sound per second, measured on the first half minute of a typical call."""
    local = sorted(
        (look for look in left if not is_remote(look.found.item.location)),
        key=lambda look: look.seen.header.duration_s,
    )
    if not local:
        return None
    item = local[len(local) // 2].found.item
    with Pool(functools.partial(trying, recipe)) as pool:
        pool.give(item, item, limit_s=_TRIAL_LIMIT_S)
        event = _event(pool)
    return event.value if isinstance(event, Answer) else None


def trying(recipe: Recipe) -> Callable[[Item], float | None]:
    """The function that measures a worker's speed, for a process of a pool."""
    from callvoice.ingest.recognise import Recogniser

    recogniser = Recogniser(recipe.model)

    def attempt(item: Item) -> float | None:
        try:
            return _speed(item, recogniser, recipe)
        except CallvoiceError:
            return None

    return attempt


def _speed(item: Item, recogniser: Recogniser, recipe: Recipe) -> float:
    from callvoice.ingest.source import Source, open_source
    from callvoice.pipeline import AnalysisOptions, analyze_opened

    opened = open_source(Source(local_path(item.location)))
    transcript = local_path(item.transcript) if item.transcript else None
    if transcript is None:
        audio = opened.audio
        beginning = audio.pcm[:, : round(_TRIAL_S * audio.rate_hz)]
        opened = dataclasses.replace(opened, audio=Audio(beginning, audio.rate_hz))
        _ = recogniser.whisper.loaded  # loading is paid once a night, not once a call
    options = AnalysisOptions(
        language=item.language, transcript=transcript, settings=recipe.settings
    )
    start = time.monotonic()
    analyze_opened(item.location, opened, recogniser, options=options)
    return opened.audio.duration_s / (time.monotonic() - start)


def in_lines(plan: Plan, n_workers: int) -> Iterator[str]:
    """For a person."""
    yield f"{plan.n_files} recordings, {plan.minutes:.1f} min of sound"
    counts = {
        "the same as another": plan.n_same,
        "rows without consent, left out": plan.n_without_consent,
        "already done": plan.n_done,
        "failed before (see --retry-failed)": plan.n_failed,
        "set aside after three attempts": plan.n_set_aside,
        "with one channel: no overlaps, no interruptions": plan.n_mono,
        "whose header cannot be read": plan.n_unreadable,
    }
    yield from (f"  {n} {what}" for what, n in counts.items() if n)
    yield from (f"    {name}" for name in plan.unreadable)
    if plan.n_unreadable > len(plan.unreadable):
        yield f"    … and {plan.n_unreadable - len(plan.unreadable)} more"
    yield f"to do: {plan.minutes_left:.1f} min of sound"
    if plan.estimated_s is not None:
        yield (
            f"estimated {clock(plan.estimated_s)} with {n_workers} worker{'s' * (n_workers > 1)},"
            f" at {plan.speed:.1f} × real time each"
        )
