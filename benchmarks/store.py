"""A store of many calls: how long `stats`, `show` and the export of a week take.

Real facts of the sample calls (with their transcripts, so no speech model is needed) are perturbed
into as many calls as asked for, spread over a year, ten queues and two hundred agents, and written
through the store's own way of writing, in bulk. ``--folder`` keeps the database for the next run.

    python benchmarks/store.py --calls 100000
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from callvoice.pipeline import AnalysisOptions, analyze
from callvoice.store import Result, Store, Task, open_store
from callvoice.store.export import export
from callvoice.store.scope import Scope, find
from callvoice.store.show import show
from callvoice.store.stats import stats

SAMPLES = Path(__file__).parent.parent / "sample_audio"
FIRST = date(2026, 1, 1)
DAYS = 364
AT_ONCE = 1000


def real_results() -> list[Result]:
    """Facts and reports of the sample calls."""
    from callvoice.judging import facts_of

    results = []
    for path in sorted(SAMPLES.glob("*.transcript.json")):
        sound = next(p for p in SAMPLES.glob(f"{path.name.split('.')[0]}.*") if p != path)
        options = AnalysisOptions(agent="left", transcript=path)
        report = analyze(sound, options=options).report
        results.append(
            Result(Task(key=sound.name, source=str(sound), duration_s=1), report, facts_of(report))
        )
    return results


def perturbed(real: list[Result], number: int) -> Result:
    """Another call: other times, scores, statuses and values, the same sentences."""
    chance = random.Random(number)
    base = chance.choice(real)
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    duration_s = round(base.facts.call.duration_s * chance.uniform(0.5, 6), 3)
    call = replace(
        base.facts.call,
        id=sha256[:16],
        sha256=sha256,
        source=f"call-{number:06d}.wav",
        duration_s=duration_s,
    )
    channels = tuple(_shifted(channel, chance) for channel in base.facts.channels)
    facts = replace(base.facts, call=call, channels=channels)
    mistakes = tuple(
        replace(m, score=round(chance.random(), 3), status=chance.choice(["found", "clear"]))
        if m.score is not None
        else m
        for m in base.report.mistakes
    )
    task = Task(
        key=f"key-{sha256}",
        source=f"/calls/{call.source}",
        duration_s=duration_s,
        queue=f"queue {number % 10}",
        agent=f"agent {number % 200}",
        date=FIRST + timedelta(days=number % DAYS),
    )
    return Result(task, replace(base.report, call=call, mistakes=mistakes), facts)


def _shifted(channel: Any, chance: random.Random) -> Any:
    names = ("articulation_rate_syll_s", "f0_spread_st", "f0_median_hz", "snr_db")
    values = {name: getattr(channel, name) for name in names}
    return replace(
        channel, **{n: v and round(v * chance.uniform(0.8, 1.2), 3) for n, v in values.items()}
    )


def fill(store: Store, n_calls: int) -> None:
    """Write what is not there yet; rows only, for artefacts are files like any others."""
    start = len(store.call_ids())
    real = real_results() if start < n_calls else []
    for first in range(start, n_calls, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, n_calls))
        store.save([perturbed(real, number) for number in numbers], artefacts=())


def timed(question: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, the better of two, and the answer."""
    times = []
    for _ in range(2):
        began = time.perf_counter()
        answer = question()
        times.append(time.perf_counter() - began)
    return min(times), answer


def questions(store: Store, folder: Path, n_calls: int) -> Iterator[tuple[str, float, float, str]]:
    """Name, seconds, bar in seconds, what came of it."""
    for by in (("mistake", "queue", "week"), ("mistake",)):
        took_s, groups = timed(lambda by=by: stats(store, by))
        yield f"stats by {','.join(by)}", took_s, 1.0, f"{len(groups)} groups"
    name = f"call-{n_calls // 2:06d}.wav"
    took_s, shown = timed(lambda: show(store, find(store, name)[0]))
    yield "show", took_s, 0.2, f"{len(shown.turns)} turns"
    week = Scope(FIRST + timedelta(days=140), FIRST + timedelta(days=146))
    for form, table in (("parquet", "summary"), ("csv", "summary"), ("parquet", "turns")):
        path = folder / f"week.{form}"
        took_s, rows = timed(
            lambda path=path, form=form, table=table: export(
                store, path, form=form, table=table, scope=week
            )
        )
        yield f"export a week, {table} as {form}", took_s, 5.0, f"{rows} rows"


def main() -> None:
    """Fill and ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch)
        with open_store(folder / "workspace") as store:
            began = time.perf_counter(), time.process_time()
            fill(store, chosen.calls)
            wall_s, cpu_s = time.perf_counter() - began[0], time.process_time() - began[1]
            size = (folder / "workspace" / "callvoice.db").stat().st_size
            print(f"{chosen.calls} calls, {size / 1e6:.0f} MB, written in {wall_s:.1f} s", end="")
            print(f" ({cpu_s:.1f} s of CPU)")
            for name, took_s, bar_s, what in questions(store, folder, chosen.calls):
                print(f"{name:32} {took_s:7.3f} s  (bar {bar_s:g} s)  {what}")


if __name__ == "__main__":
    main()
