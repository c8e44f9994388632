"""Short calls cut from the samples, and batches over them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import soundfile

from callvoice.store import Store, open_store
from callvoice.types import Facts, Report

SAMPLES = Path(__file__).parents[2] / "sample_audio"
sys.path.append(str(Path(__file__).parents[1] / "store"))  # batches on the server of its tests
_CUTS = {"musterhaft.flac": 0.3, "vorwurf.flac": 0.3, "ungeduld.wav": 3.0, "tonlos.flac": 0.3}
_LENGTH_S = 3.2


def cut(folder: Path, names: Iterable[str] = tuple(_CUTS), *, copies: int = 1) -> Path:
    """Short calls with transcripts beside them; copies differ by some samples in length."""
    folder.mkdir(exist_ok=True)
    for name in names:
        for copy in range(copies):
            target = folder / f"{name.partition('.')[0]}{copy}.wav"
            _cut(SAMPLES / name, _CUTS[name], target, copy)
    return folder


def _cut(recording: Path, start_s: float, target: Path, shorter: int) -> None:
    rate_hz = soundfile.info(recording).samplerate
    first = round(start_s * rate_hz)
    last = first + round(_LENGTH_S * rate_hz) - 80 * shorter
    sound, _ = soundfile.read(recording, start=first, stop=last, dtype="int16")
    soundfile.write(target, sound, rate_hz)
    transcript = json.loads(
        (SAMPLES / f"{recording.name.partition('.')[0]}.transcript.json").read_text()
    )
    end_s = (last - first) / rate_hz
    turns = [
        {**turn, "start_s": max(0.0, turn["start_s"] - start_s), "end_s": end, "words": []}
        for turn in transcript["turns"]
        if (end := min(turn["end_s"] - start_s, end_s)) - max(0.0, turn["start_s"] - start_s) > 0.2
    ]
    target.with_suffix(".transcript.json").write_text(
        json.dumps({"language": "de", "turns": turns})
    )


def command(*arguments: object) -> list[str]:
    """``callvoice batch`` with given transcripts and events on stdout."""
    words = ("batch", *arguments, "--transcripts", "--progress", "json")
    return [sys.executable, "-m", "callvoice", *map(str, words)]


def start(*arguments: object, before: Sequence[str] = (), **options: Any) -> subprocess.Popen[str]:
    """The same in a process of its own; ``before`` are the words of a command that starts it."""
    words = [*before, *command(*arguments)]
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@contextlib.contextmanager
def waiting(*arguments: object, pipe: Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A batch of one worker that waits at ``pipe``, after all other calls. What is done meanwhile
    happens then; afterwards the pipe is empty, for everyone who opens it, and the batch goes on.
    """
    process = start(*arguments, "--workers", 1, **options)
    try:
        writer: int | None = until_read(pipe, process)
        yield process
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            if writer is not None:
                os.close(writer)
            time.sleep(0.02)
            writer = _writer_to(pipe)
    finally:
        process.kill()


def until_read(pipe: Path, process: subprocess.Popen[str]) -> int:
    """Wait until a worker has opened the pipe; as long as this end is open, it waits there."""
    until = time.monotonic() + 60
    while (writer := _writer_to(pipe)) is None:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "nobody reads the pipe"
        time.sleep(0.02)
    return writer


def _writer_to(pipe: Path) -> int | None:
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Its workers and its scout."""
    if process.poll() is not None:
        return []
    found = psutil.Process(process.pid).children()
    return [child for child in found if "spawn_main" in " ".join(child.cmdline())]


def events(out: str) -> list[dict[str, Any]]:
    """What it said, line by line."""
    return [json.loads(line) for line in out.splitlines()]


def summary(out: str) -> dict[str, Any]:
    """What it said at its end."""
    return events(out)[-1]


def fifo(folder: Path, name: str = "pipe.wav") -> Path:
    """A recording that never comes to an end."""
    path = folder / name
    os.mkfifo(path)
    return path


def results(store: Store) -> dict[str, tuple[Facts, Report]]:
    """All that a store holds, by call."""
    kept = {}
    for call_id in store.call_ids():
        facts, report = store.facts(call_id), store.report(call_id)
        assert facts is not None
        assert report is not None
        kept[call_id] = (facts, report)
    return kept


def kept(workspace: Path) -> dict[str, tuple[Facts, Report]]:
    """All that the store of a workspace holds, by call."""
    with open_store(workspace, create=False) as store:
        return results(store)


def copied(folder: Path, target: Path) -> Path:
    """A folder of calls of one's own."""
    return Path(shutil.copytree(folder, target))
