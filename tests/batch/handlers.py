"""What runs in the processes of a pool under test; apart, so that they start fast."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

_HELD: list[bytes] = []


def behaving() -> Callable[[Any], Any]:
    """The function that does as it is told."""
    return behave


def behave(task: tuple[str, Any]) -> Any:
    what, value = task
    if what == "die":
        os._exit(value)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "sleep":
        time.sleep(value)
    if what == "swell":
        megabytes, seconds = value
        _HELD.append(b"x" * (megabytes << 20))
        time.sleep(seconds)
    if what == "env":
        return os.environ[value]
    return os.getpid()


def broken() -> Callable[[Any], Any]:
    """A process that cannot even begin."""
    raise OSError("no such device")
