"""Runs the scripts behind a stage's tables one after the other, on one thread, so times compare."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
Table = tuple[str, list[str], list[Path]]


def options(name: str, value: object) -> list[str]:
    """``--name value``."""
    return [f"--{name}", f"{value}"]


def run(tables: Sequence[Table]) -> int:
    """Print each table: title, command, needed paths. What is missing is left out and said."""
    failed = 0
    for title, command, needed in tables:
        print(f"\n## {title}\n", flush=True)
        missing = [str(path) for path in needed if not path.exists()]
        if missing:
            print(f"left out, missing: {', '.join(missing)}")
            continue
        done = subprocess.run(
            [sys.executable, HERE / command[0], *command[1:]],
            env={**os.environ, **ONE_THREAD},
            check=False,
        )
        failed |= done.returncode
    return failed
