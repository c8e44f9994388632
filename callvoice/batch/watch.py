"""A drop folder: recordings are taken when nobody writes to them any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from callvoice.batch.discover import Found

_EVERY_S = 2.0
_STILL_S = 10.0  # an upload over a poor line may pause for seconds


def watched(
    look: Callable[[], tuple[Found, ...]], *, every_s: float = _EVERY_S, still_s: float = _STILL_S
) -> Iterator[Found | None]:
    """Recordings as they come, without end; None whenever there is none to give now.

    A recording counts as finished when all looks of ``still_s`` seconds, two at least, found it of
    the same size and time of change. One that changes later is given again.
    """
    last: dict[str, tuple[str, float]] = {}
    given: dict[str, str] = {}
    looked = float("-inf")
    while True:
        if time.monotonic() - looked < every_s:
            yield None
            continue
        looked = time.monotonic()
        before, last = last, {}
        for found in look():
            location, changed = found.item.location, found.changed
            known, since = before.get(location, ("", looked))
            last[location] = (changed, since if known == changed else looked)
            still = known == changed and looked - since >= still_s
            if still and found.size_bytes > 0 and given.get(location) != changed:
                given[location] = changed
                yield found
        yield None
