"""``callvoice`` and ``python -m callvoice``.

The command line is imported inside the function: Ctrl-C during the imports, which take a moment on
a busy machine, ends as quietly as Ctrl-C later.
"""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """Run the command line and leave with its exit code."""
    signal.signal(signal.SIGINT, _leave)
    from callvoice.cli import main as run

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


def _leave(signum: int, frame: FrameType | None) -> None:
    """Leave at once: nothing has been opened yet that wants closing."""
    os._exit(130)


if __name__ == "__main__":
    main()
