"""All prosody tables in one run: pitch, melody, rate, pauses, activity, turn-taking, speed, memory.

    python benchmarks/prosody.py DATA

DATA is a folder with any of ``fda``, ``emodb``, ``harper_valley``, ``aws_call``, ``thorsten``; what
is missing is left out and said. Each table is also a script of its own with a documented protocol.
Peers are those of the extra ``bench``. One thread, so that times compare.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def options(name: str, value: object) -> list[str]:
    return [f"--{name}", f"{value}"]


def plan(data: Path, every: int) -> list[tuple[str, list[str], list[Path]]]:
    """Title, command and needed folders of each table."""
    call = data / "aws_call" / "auto_repairs_40.flac"
    fda, emodb, harper = data / "fda", data / "emodb", data / "harper_valley"
    return [
        (
            "Pitch, melody, speed of F0",
            [
                "prosody_pitch.py",
                *options("fda", fda),
                *options("melody", emodb),
                *options("every", every),
                *options("speed", call),
            ],
            [fda, emodb, call],
        ),
        ("Rate, effort, clarity", ["prosody_rate.py", f"{data}"], [emodb]),
        (
            "Pauses, activity, turn-taking",
            ["prosody_activity.py", "--emodb", f"{emodb}", "--harper", f"{harper}"],
            [emodb, harper],
        ),
        ("Whole stage: speed and memory", ["prosody_stage.py", f"{call}"], [call]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=3, help="every n-th sentence for melody")
    arguments = parser.parse_args()
    failed = 0
    for title, command, needed in plan(arguments.data, arguments.every):
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
    sys.exit(failed)


if __name__ == "__main__":
    main()
