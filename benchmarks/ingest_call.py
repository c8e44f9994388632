"""Whole calls: which channel is the agent's, what all but recognition costs, and long recordings.

    OMP_NUM_THREADS=1 python benchmarks/ingest_call.py CALL... [--agent-right CALL...] [--hours 4]

Every CALL has two channels with the agent on the left, except those after ``--agent-right``.
Agent found: each call in both orders of its channels, whole and in excerpts (the first half minute
and minute, without its first 15 and 30 s), by the words that were recognised in it. Overhead:
processor time of a whole analysis besides recognition, as a share of recognition; what is loaded
once a process was loaded by the first and the last call. ``--hours`` joins the calls to one of that
length, A-law, and reports time and peak memory of its analysis.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from callvoice.ingest import decode, roles
from callvoice.ingest.recognise import Recognised, Recogniser
from callvoice.pipeline import analyze
from callvoice.pipeline.lines import listen
from callvoice.types import Interval, Word

EXCERPTS = ((0.0, 1e9), (0.0, 30.0), (0.0, 60.0), (15.0, 1e9), (30.0, 1e9))


class Timed(Recogniser):
    """A recogniser that knows how much processor time it took."""

    seconds = 0.0

    def recognise(self, *arguments, **options) -> Recognised:
        """As it is, with the clock running."""
        began = time.process_time()
        try:
            return super().recognise(*arguments, **options)
        finally:
            self.seconds += time.process_time() - began


def within(line: Sequence, start_s: float, end_s: float) -> list:
    """Words or intervals of an excerpt."""
    return [item for item in line if item.start_s >= start_s and item.end_s <= end_s]


def verdicts(path: Path, recogniser: Recogniser, *, right: bool) -> Iterator[tuple[str, bool, str]]:
    """For each order and excerpt whether the agent was found, and with what confidence."""
    audio, _ = decode.load(path)
    speech: Sequence[Sequence[Interval]] = listen(audio, path.name).on_channel
    heard = recogniser.recognise(audio, speech, language=None)
    for start_s, end_s in EXCERPTS:
        for swapped in (False, True):
            order = (1, 0) if swapped else (0, 1)
            cut = [within(speech[n], start_s, end_s) for n in order]
            words: list[list[Word]] = [within(heard.words[n], start_s, end_s) for n in order]
            found, sure = roles.assign("auto", cut, words=words, language=heard.language)
            name = f"{path.stem} {start_s:.0f}-{min(end_s, audio.duration_s):.0f} s"
            yield name, found["agent"] == order.index(int(right)), str(sure)


def overhead(paths: Sequence[Path]) -> tuple[float, float, float]:
    """Seconds of calls, of processor time for recognition, and for all else."""
    recogniser = Timed("base")
    recogniser.whisper.loaded  # noqa: B018  loading is not what is measured
    for path in (paths[0], paths[-1]):  # nor are imports and the word lists of both languages
        analyze(path, recogniser)
    recogniser.seconds, length_s = 0.0, 0.0
    began = time.process_time()
    for path in paths:
        length_s += analyze(path, recogniser).audio.duration_s
    total_s = time.process_time() - began
    return length_s, recogniser.seconds, total_s - recogniser.seconds


def long_call(paths: Sequence[Path], hours: float, folder: Path) -> Path:
    """The calls, one after the other, until they last that long."""
    parts: list[NDArray[np.int16]] = []
    length = 0
    while length < hours * 3600 * 8000:
        sound, rate_hz = soundfile.read(paths[len(parts) % len(paths)], dtype="int16")
        assert rate_hz == 8000
        parts.append(sound)
        length += len(sound)
    path = folder / "long.wav"
    soundfile.write(path, np.concatenate(parts), 8000, subtype="ALAW")
    return path


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calls", type=Path, nargs="+")
    parser.add_argument("--agent-right", type=Path, nargs="*", default=[])
    parser.add_argument("--hours", type=float, help="also analyse a call of this length")
    arguments = parser.parse_args()
    if arguments.hours:
        with tempfile.TemporaryDirectory() as folder:
            path = long_call(arguments.calls, arguments.hours, Path(folder))
            began = time.process_time()
            analyze(path, Recogniser("base"))
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            took_s = time.process_time() - began
            print(f"{arguments.hours} h: {took_s:.0f} s of processor time, {peak_mib:.0f} MiB")
        return
    recogniser = Recogniser("base")
    both = [(p, False) for p in arguments.calls] + [(p, True) for p in arguments.agent_right]
    cases = [case for path, right in both for case in verdicts(path, recogniser, right=right)]
    wrong = [f"{name} ({sure})" for name, right, sure in cases if not right]
    print(f"agent found: {len(cases) - len(wrong)} of {len(cases)}; wrong: {wrong}")
    length_s, recognition_s, rest_s = overhead(arguments.calls)
    print(
        f"{length_s:.0f} s of calls: recognition {recognition_s:.1f} s, all else {rest_s:.1f} s"
        f" = {100 * rest_s / recognition_s:.1f} %"
    )


if __name__ == "__main__":
    main()
