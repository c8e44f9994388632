"""A drop folder: recordings are taken when nobody writes to them any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from callvoice.batch.discover import Found

_EVERY_S = 2.0


def watched(
    look: Callable[[], tuple[Found, ...]], *, every_s: float = _EVERY_S
) -> Iterator[Found | None]:
    """Recordings as they come, without end; None whenever there is none to give now.

    A recording counts as finished when two looks in a row found it with the same size and time of
    change. One that changes later is given again.
    """
    last: dict[str, str] = {}
    given: dict[str, str] = {}
    looked = float("-inf")
    while True:
        if time.monotonic() - looked < every_s:
            yield None
            continue
        looked = time.monotonic()
        now = {found.item.location: found for found in look()}
        for location, found in now.items():
            stable = found.size_bytes > 0 and last.get(location) == found.changed
            if stable and given.get(location) != found.changed:
                given[location] = found.changed
                yield found
        last = {location: found.changed for location, found in now.items()}
        yield None
