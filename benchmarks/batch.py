"""Batches: speed with two workers, cost beside recognition, kills, re-judging, memory over a night.

    python benchmarks/batch.py [speed] [overhead] [kills] [rejudge] [memory] [--calls N] …

Without a name all tables are printed. Recordings are cut from ``sample_audio``: pieces of a few
seconds, each of another content, so that none is taken for another. One thread a worker.

- ``speed``: the same N calls with one worker and with two, alternating, with the start of processes
  and the loading of models as in any run; the ratio of the better runs' times.
- ``overhead``: one worker on N calls, wall-clock with start-up and loading of the model. The bar
  is against plain recognition: what faster-whisper alone (sequential decoder, VAD filter, beam 1,
  model loaded) takes for both channels of the same calls, before and after the batch in the same
  run, the mean of both. Stricter, and shown too: against the batch's own recogniser, which is
  faster than that, so that prosody, text and start-up weigh more beside it.
- ``kills``: N times a batch in a fresh workspace, SIGKILL of the whole batch or of one of its
  processes after a random time, then the same command again: every call exactly once, the database
  whole, results equal to an undisturbed run.
- ``rejudge``: real facts, perturbed into N calls, judged again by other limits in this process.
- ``memory``: resident size of a worker after 20 and after N short calls.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile
from msgspec.structs import replace

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "sample_audio"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
TWO_CHANNELS = ("musterhaft.flac", "vorwurf.flac", "gehetzt.flac", "tonlos.flac")


def cut(folder: Path, n_calls: int, seconds: float) -> Path:
    """Pieces of the samples, from places spread over them."""
    folder.mkdir(parents=True)
    sounds = [soundfile.read(SAMPLES / name, dtype="int16") for name in TWO_CHANNELS]
    places = np.random.default_rng(7)
    for number in range(n_calls):
        sound, rate_hz = sounds[number % len(sounds)]
        first = int(places.integers(0, len(sound) - round(seconds * rate_hz)))
        piece = sound[first : first + round(seconds * rate_hz)]
        soundfile.write(folder / f"{number:04}.wav", piece, rate_hz)
    return folder


def batch(folder: Path, workspace: Path, *options: object) -> subprocess.Popen[str]:
    words = ("batch", folder, "--workspace", workspace, "--progress", "json", *options)
    return subprocess.Popen(
        [sys.executable, "-m", "callvoice", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **ONE_THREAD},
    )


def ended(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    out, _ = process.communicate()
    return [json.loads(line) for line in out.splitlines()]


@contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="callvoice-bench-") as folder:
        yield Path(folder)


def speed(n_calls: int, seconds: float, repeats: int) -> None:
    print(f"{n_calls} calls of {seconds:g} s, {repeats} × each, one thread a worker:")
    times: dict[int, list[float]] = {1: [], 2: []}
    with scratch() as folder:
        calls = cut(folder / "calls", n_calls, seconds)
        for repeat in range(repeats):
            for workers in (1, 2):
                workspace = folder / f"w{workers}-{repeat}"
                summary = ended(batch(calls, workspace, "--workers", workers, "--threads", 1))[-1]
                assert summary["states"] == {"done": n_calls}, summary
                times[workers].append(summary["elapsed_s"])
    for workers, taken in times.items():
        print(f"  {workers} worker(s)  {', '.join(f'{t:.1f}' for t in taken)} s")
    print(f"  ratio of the best  {min(times[1]) / min(times[2]):.2f}")


def overhead(n_calls: int, seconds: float) -> None:
    """Where the time of a batch goes, beside recognition alone."""
    with scratch() as folder:
        calls = cut(folder / "calls", n_calls, seconds)
        before_s = _plain(calls)
        events = ended(batch(calls, folder / "w", "--workers", 1, "--threads", 1))
        plain_s = (before_s + _plain(calls)) / 2
    summary = events[-1]
    assert summary["states"] == {"done": n_calls}, summary
    inside_s = sum(e["elapsed_s"] for e in events if e["event"] == "call")
    wall_s, heard_s = summary["elapsed_s"], summary["recogniser_s"]
    print(f"{n_calls} calls of {seconds:g} s, one worker, one thread:")
    print(f"  whole batch, with start and model       {wall_s:7.1f} s")
    print(f"  of that start of processes, waiting     {wall_s - inside_s:7.1f} s")
    print(f"  its recogniser, loading included        {heard_s:7.1f} s")
    print(f"  prosody, text, judging, reading files   {inside_s - heard_s:7.1f} s")
    print(f"  plain faster-whisper, model loaded      {plain_s:7.1f} s")
    print(f"  batch / plain faster-whisper            {wall_s / plain_s:7.2f}")
    print(f"  batch / its own recogniser              {wall_s / heard_s:7.2f}")
    print(f"  the same without start-up               {inside_s / heard_s:7.2f}")


_PLAIN = """\
import sys, time
from pathlib import Path
import soundfile, soxr
from callvoice.ingest.whisper import Whisper
whisper = Whisper("base")
whisper.loaded
taken = 0.0
for path in sorted(Path(sys.argv[1]).glob("*.wav")):
    sound, rate_hz = soundfile.read(path, dtype="float32")
    start = time.monotonic()
    for channel in sound.T:
        whisper.transcribe(soxr.resample(channel, rate_hz, 16000), language="de", beam_size=1)
    taken += time.monotonic() - start
print(taken)
"""


def _plain(calls: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _PLAIN, calls],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    )
    return float(done.stdout)


# --- kills ---------------------------------------------------------------------------------------


def kills(n_calls: int, n_kills: int, seed: int) -> None:
    draw = random.Random(seed)
    with scratch() as folder:
        calls = transcribed(folder / "calls", n_calls)
        started = time.monotonic()
        ended(batch(calls, folder / "whole", "--transcripts", "--workers", 2))
        length_s = time.monotonic() - started
        truth = results(folder / "whole")
        assert len(truth) == n_calls
        whom = {"whole": 0, "one process": 0, "nobody, it was over": 0}
        for number in range(n_kills):
            workspace = folder / f"w{number}"
            process = batch(calls, workspace, "--transcripts", "--workers", 2)
            time.sleep(draw.uniform(0.0, length_s))
            whom[_kill(process, draw)] += 1
            summary = ended(batch(calls, workspace, "--transcripts", "--workers", 2))[-1]
            assert summary["states"] == {"done": n_calls}, summary
            assert results(workspace) == truth
            _check(workspace, n_calls)
            shutil.rmtree(workspace)
    print(f"{n_kills} kills in batches of {n_calls} calls: {whom}")
    print("  after each: every call exactly once, database whole, results equal: yes")


def _kill(process: subprocess.Popen[str], draw: random.Random) -> str:
    """SIGKILL for the batch and all its processes, or for one of those."""
    with_children = draw.random() < 0.5
    try:
        children = psutil.Process(process.pid).children()
        if process.poll() is not None:
            return "nobody, it was over"
        if with_children or not children:
            process.kill()
            process.communicate()
            return "whole"
        draw.choice(children).kill()
        process.communicate()
    except psutil.NoSuchProcess:
        process.communicate()
        return "nobody, it was over"
    return "one process"


def _check(workspace: Path, n_calls: int) -> None:
    with sqlite3.connect(workspace / "callvoice.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM calls").fetchone() == (n_calls,)
        assert database.execute("SELECT count(*) FROM work").fetchone() == (n_calls,)


def transcribed(folder: Path, n_calls: int) -> Path:
    """Short calls with one turn each, so that no model is needed."""
    cut(folder, n_calls, 3.0)
    turns = [{"role": "agent", "start_s": 0.2, "end_s": 2.8, "text": "Guten Tag, Firma Berger."}]
    for call in folder.glob("*.wav"):
        content = json.dumps({"language": "de", "turns": turns})
        call.with_suffix(".transcript.json").write_text(content)
    return folder


def results(workspace: Path) -> dict[str, Any]:
    from callvoice.store import open_store

    with open_store(workspace, create=False) as store:
        return {i: (store.facts(i), store.report(i)) for i in store.call_ids()}


# --- re-judging ----------------------------------------------------------------------------------


def rejudge(n_calls: int) -> None:
    from callvoice.batch.rejudge import rejudge as rejudge_all
    from callvoice.settings import load_settings
    from callvoice.store import open_store

    with scratch() as folder, open_store(folder / "w") as store:
        _fill(store, n_calls)
        config = folder / "strict.toml"
        config.write_text("[limits.overlong_greeting]\nsyllables = 12\n")
        wall, cpu = time.monotonic(), time.process_time()
        done = rejudge_all(store, load_settings(config))
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        assert done.n_calls == n_calls
        print(f"{n_calls} calls judged again: {wall:.1f} s, {cpu:.1f} s of processor time")
        print(
            f"  per 10,000: {wall / n_calls * 1e4:.0f} s; {done.changes.total()} verdicts changed"
        )


def _fill(store: Any, n_calls: int) -> None:
    """Facts of the samples with every time and level moved a little, under other names."""
    from callvoice.judging import facts_of, judge
    from callvoice.pipeline import AnalysisOptions, analyze
    from callvoice.settings import load_settings
    from callvoice.store import Result, Task

    settings, draw = load_settings(), random.Random(3)
    real = []
    for name in TWO_CHANNELS:
        path = SAMPLES / name
        transcript = SAMPLES / f"{path.stem}.transcript.json"
        real.append(analyze(path, options=AnalysisOptions(transcript=transcript)).report)
    batch_ = []
    for number in range(n_calls):
        base = real[number % len(real)]
        facts = _perturbed(facts_of(base), draw, number)
        report = judge(facts, settings, language="de", provenance=base.provenance)
        task = Task(
            key=f"{number:016x}", source=facts.call.source, duration_s=facts.call.duration_s
        )
        batch_.append(Result(task, report, facts))
        if len(batch_) == 200 or number == n_calls - 1:
            store.save(batch_, durable=False)
            batch_ = []


def _perturbed(facts: Any, draw: random.Random, number: int) -> Any:
    sha256 = f"{number:016x}" * 4
    call = replace(facts.call, id=sha256[:16], sha256=sha256, source=f"{number}.wav")

    def near(value: float | None, share: float = 0.1) -> float | None:
        return None if value is None else round(value * (1 + draw.uniform(-share, share)), 3)

    channels = tuple(
        replace(
            channel,
            f0_spread_st=near(channel.f0_spread_st),
            articulation_rate_syll_s=near(channel.articulation_rate_syll_s),
            text_rate_syll_s=near(channel.text_rate_syll_s),
        )
        for channel in facts.channels
    )
    return replace(facts, call=call, channels=channels)


# --- memory --------------------------------------------------------------------------------------


def memory(n_calls: int) -> None:
    """Of one worker's process, as its own answers show it between calls."""
    with scratch() as folder:
        calls = cut(folder / "calls", n_calls, 2.0)
        process = batch(calls, folder / "w", "--workers", 1, "--threads", 1)
        seen: list[tuple[int, float]] = []
        assert process.stdout is not None
        done = 0
        for line in process.stdout:
            event = json.loads(line)
            done += event["event"] == "call"
            if event["event"] == "call":
                seen.append((done, _worker_mb(process)))
        process.wait()
    for at in sorted({20, 100, 250, n_calls}):
        near = [mb for n, mb in seen if mb and at - 5 <= n <= at + 5]
        if near:
            print(f"  after {at:4} calls  {max(near):6.0f} MB")
    early = max(mb for n, mb in seen if 15 <= n <= 25)
    late = max(mb for n, mb in seen if n > n_calls - 10)
    print(f"{n_calls} short calls: {100 * (late / early - 1):+.1f} % against 20")


def _worker_mb(process: subprocess.Popen[str]) -> float:
    try:
        children = psutil.Process(process.pid).children()
        return max(child.memory_info().rss for child in children) / 2**20
    except (psutil.Error, ValueError):
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tables", nargs="*", metavar="TABLE")
    parser.add_argument("--calls", type=int, default=40, help="of speed and overhead")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of their calls")
    parser.add_argument("--repeats", type=int, default=2, help="of speed")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--kill-calls", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--facts", type=int, default=10_000, help="calls judged again")
    parser.add_argument("--short-calls", type=int, default=500, help="of memory")
    chosen = parser.parse_args()
    tables = {
        "speed": lambda: speed(chosen.calls, chosen.seconds, chosen.repeats),
        "overhead": lambda: overhead(chosen.calls, chosen.seconds),
        "kills": lambda: kills(chosen.kill_calls, chosen.kills, chosen.seed),
        "rejudge": lambda: rejudge(chosen.facts),
        "memory": lambda: memory(chosen.short_calls),
    }
    for name in chosen.tables or tables:
        if name not in tables:
            parser.error(f"no table '{name}': {', '.join(tables)}")
        print(f"\n## {name}\n", flush=True)
        tables[name]()


if __name__ == "__main__":
    main()
