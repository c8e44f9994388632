"""``callvoice`` and ``python -m callvoice``.

The command line is imported inside the function: Ctrl-C during the imports, which take a moment on
a busy machine, ends as quietly as Ctrl-C later.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn


def main() -> None:
    """Run the command line and leave with its exit code."""
    signal.signal(signal.SIGINT, _leave)
    from callvoice.cli import main as run

    signal.signal(signal.SIGINT, _interrupt)
    run()


def _leave(signum: int, frame: FrameType | None) -> NoReturn:
    """Leave at once: nothing has been opened yet that wants closing."""
    os._exit(130)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    """Unwind, closing what is open.

    Not as KeyboardInterrupt: once that has passed through an ``exec``, as in the making of a
    dataclass, the interpreter ends by its signal, whatever exit code was asked for.
    """
    from callvoice.cli.common import Interrupted

    raise Interrupted


if __name__ == "__main__":
    main()
