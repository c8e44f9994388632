"""All prosody tables in one run: pitch, melody, rate, pauses, activity, turn-taking, speed, memory.

    python benchmarks/prosody.py DATA

DATA is a folder with any of ``fda``, ``emodb``, ``harper_valley``, ``aws_call``, ``thorsten``; what
is missing is left out and said. Each table is also a script of its own with a documented protocol.
Peers are those of the extra ``bench``. One thread, so that times compare.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tables import Table, options, run


def plan(data: Path, every: int) -> list[Table]:
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
            ["prosody_activity.py", *options("emodb", emodb), *options("harper", harper)],
            [emodb, harper],
        ),
        ("Whole stage: speed and memory", ["prosody_stage.py", f"{call}"], [call]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=3, help="every n-th sentence for melody")
    arguments = parser.parse_args()
    sys.exit(run(plan(arguments.data, arguments.every)))


if __name__ == "__main__":
    main()
