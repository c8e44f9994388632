"""All ingest tables in one run: recognition, sounds without speech, mono calls, whole calls.

    python benchmarks/ingest.py DATA [--music DIR] [--quick]

DATA is a folder with any of ``emodb``, ``harper_valley``, ``aws_call``; what is missing is left out
and said. ``--quick`` looks at a few sentences and calls only. Each table is also a script of its
own with a documented protocol. Peers are those of the
extra ``bench``. One thread, so that times compare.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tables import HERE, Table, options, run

SAMPLES = HERE.parent / "sample_audio"


def plan(data: Path, music: Path | None, *, quick: bool) -> list[Table]:
    """Title, command and needed folders of each table."""
    emodb, harper, aws = (data / name for name in ("emodb", "harper_valley", "aws_call"))
    calls = [*sorted(harper.glob("*.flac")), *sorted(aws.glob("*.flac"))]
    few = options("limit", 6) if quick else []
    calls += [SAMPLES / f"{name}.flac" for name in ("musterhaft", "vorwurf", "gehetzt", "tonlos")]
    return [
        ("Words, time, word edges", ["ingest_recognition.py", f"{data}", *few], [emodb, harper]),
        (
            "Sounds without speech",
            ["ingest_nonspeech.py", f"{data}", *(options("music", music) if music else [])],
            [emodb],
        ),
        (
            "Two voices on one channel",
            ["ingest_separation.py", *options("harper", harper), *options("emodb", emodb)],
            [harper, emodb],
        ),
        (
            "Agent found, overhead",
            [
                "ingest_call.py",
                *map(str, calls[:: 4 if quick else 1]),
                *options("agent-right", SAMPLES / "ungeduld.wav"),
            ],
            calls,
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--music", type=Path, help="a folder with recordings of music")
    parser.add_argument("--quick", action="store_true", help="a few sentences and calls only")
    arguments = parser.parse_args()
    sys.exit(run(plan(arguments.data, arguments.music, quick=arguments.quick)))


if __name__ == "__main__":
    main()
