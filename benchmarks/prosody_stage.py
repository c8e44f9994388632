"""Speed and memory of the whole prosody stage, beside openSMILE eGeMAPS, in one run.

    OMP_NUM_THREADS=1 python benchmarks/prosody_stage.py CALL [--hours 4]

CALL has two channels. It is repeated to ten minutes for the speed table (processor time of this
process, median of three runs, as times real time of the call) and to ``--hours`` for the memory
figure (largest resident size of a process that decodes and measures it, from the operating system).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

from callvoice.ingest.decode import load
from callvoice.prosody import make_tracks, measure
from callvoice.types import Audio

MINUTES = 10


def repeated(audio: Audio, seconds: float) -> Audio:
    n = round(seconds * audio.rate_hz)
    times = -(-n // audio.pcm.shape[1])
    return Audio(np.ascontiguousarray(np.tile(audio.pcm, (1, times))[:, :n]), audio.rate_hz)


def cpu_s(work: Callable[[], object]) -> float:
    work()

    def once() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return median(once() for _ in range(3))


def speed(audio: Audio) -> None:
    import opensmile

    ten = repeated(audio, 60.0 * MINUTES)
    ours = cpu_s(lambda: measure(make_tracks(ten), roles={"agent": 0, "caller": 1}))
    one = Audio(ten.pcm[:1], ten.rate_hz)
    ours_one = cpu_s(lambda: measure(make_tracks(one), roles={}))
    smile = opensmile.Smile(
        opensmile.FeatureSet.eGeMAPSv02, opensmile.FeatureLevel.Functionals, num_workers=1
    )
    theirs = cpu_s(lambda: smile.process_signal(one.channel(0), one.rate_hz))
    duration_s = ten.duration_s
    print(f"callvoice, two channels      {duration_s / ours:7.0f} × real time")
    print(f"callvoice, one channel       {duration_s / ours_one:7.0f} ×")
    print(f"openSMILE eGeMAPS, one       {duration_s / theirs:7.0f} ×")
    print(f"ratio on one channel         {theirs / ours_one:7.1f}")


def memory(audio: Audio, hours: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        with soundfile.SoundFile(path, "w", audio.rate_hz, 2, subtype="ALAW") as file:
            for _ in range(round(hours * 3600 / audio.duration_s)):
                file.write(audio.samples.T)
        done = subprocess.run(
            [sys.executable, __file__, path, "--inside"], capture_output=True, text=True, check=True
        )
    print(f"{hours:g} h, two channels: {done.stdout.strip()}")


def inside(path: Path) -> None:
    start = time.process_time()
    audio, _ = load(path)
    measure(make_tracks(audio), roles={"agent": 0, "caller": 1})
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{peak_mb:.0f} MB at most, {time.process_time() - start:.0f} s of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("call", type=Path)
    parser.add_argument("--hours", type=float, default=4.0)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        inside(arguments.call)
        return
    audio, _ = load(arguments.call)
    speed(audio)
    if arguments.hours:
        memory(audio, arguments.hours)


if __name__ == "__main__":
    main()
