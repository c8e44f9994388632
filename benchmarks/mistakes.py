"""The eight mistakes on composed calls with known truth: doses, clean calls, poor material.

    python benchmarks/mistakes.py DATA [--calls 6] [--seed 1] [--only too_fast,rushed] [--jobs 2]
        [--part dose,line,sign,poor]

``DATA`` as for ``compose.py``. For each mistake calls are made at rising doses, every speaker in
turn as agent; the last doses are clear ones (``CLEAR``), the first is none. ``--part`` leaves out
the other kinds of calls. Printed: by mistake the share found at each dose, Spearman's correlation
of score and dose, precision and recall at clear doses (a finding counts as right if its own dose is
clear, as wrong if it has none; between, it is not counted), places found (a finding with a place is
right if it overlaps one of the places where something was done); the clean calls' false alarms;
what one sign at a time does; and what became of calls that carry no verdict.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from compose import Composed, Recipe, Voice, compose, pairs, read_voices
from scipy.stats import spearmanr

from callvoice.pipeline import AnalysisOptions, analyze
from callvoice.types import Mistake

NAMES = (
    "toneless", "indifferent", "impatient", "overlong_greeting",
    "rushed", "unclear", "too_fast", "know_it_all",
)  # fmt: skip
BASE = Recipe()


def _rushed(pressure: float) -> Recipe:
    """From an easy call to one long run: pauses and gaps go, turns grow, the rate stays."""
    return replace(
        BASE,
        pause_s=0.45 - 0.40 * pressure,
        gap_s=0.35 - 0.33 * pressure,
        sentences=2 + round(3 * pressure),
    )


def _indifferent(distance: float) -> Recipe:
    return replace(
        BASE,
        gap_s=0.35 + 2.0 * distance,
        acknowledged=0.7 * (1 - distance),
        short=0.7 * distance,
        cared=distance < 0.5,
    )


# By mistake: dose and recipe, rising from none. Clear are those from ``CLEAR`` on.
DOSES: dict[str, dict[float, Recipe]] = {
    "toneless": {1 - m: replace(BASE, melody=m) for m in (1.0, 0.75, 0.5, 0.35, 0.2, 0.0)},
    "indifferent": {d: _indifferent(d) for d in (0.0, 0.25, 0.5, 0.75, 1.0)},
    "impatient": {
        n: replace(BASE, interruptions=n - n // 3, hurrying=n // 3) for n in (0, 1, 2, 3, 4, 6)
    },
    "overlong_greeting": {n: replace(BASE, greeting=n) for n in (9, 14, 18, 23, 31, 42, 52)},
    "rushed": {p: _rushed(p) for p in (0.0, 0.3, 0.6, 0.8, 1.0)},
    "unclear": {n: replace(BASE, repairs=n, slur_s=0.02 * n) for n in (0, 1, 2, 3, 4)},
    "too_fast": {r: replace(BASE, rate_syll_s=r) for r in (4.8, 5.4, 6.0, 6.5, 7.0, 7.6)},
    "know_it_all": {n: replace(BASE, against=n, cared=n < 2) for n in (0, 1, 2, 3, 5)},
}
CLEAR = {
    "toneless": 0.8, "indifferent": 1.0, "impatient": 4, "overlong_greeting": 31,
    "rushed": 1.0, "unclear": 3, "too_fast": 7.0, "know_it_all": 3,
}  # fmt: skip
NONE = {"overlong_greeting": 18, "too_fast": 5.4}  # doses up to here are none; else the first
PLACES = {
    "impatient": {"interruption", "hurrying"},
    "overlong_greeting": {"greeting"},
    "unclear": {"repair"},
    "know_it_all": {"against", "answer"},
}
LINES = {
    "plain": BASE,
    "20 dB": replace(BASE, snr_db=20.0),
    "gain control": replace(BASE, agc=True),
    "quiet": replace(BASE, level_db=-40.0),
    "GSM": replace(BASE, codec="gsm"),
    "bleed": replace(BASE, bleed_db=-25.0),
}
# One sign at a time: the recipe and what must then be found, and nothing else.
SIGNS: dict[str, tuple[Recipe, tuple[str, ...]]] = {
    "answers before the end": (replace(BASE, gap_s=-0.3), ()),
    "ever quieter": (replace(BASE, fade_db=12.0), ()),
    "ever faster": (replace(BASE, rise_syll_s=1.6), ()),
    "slurred, never asked": (replace(BASE, slur_s=0.04), ()),
    "slow answers": (replace(BASE, gap_s=2.2), ()),
    "one interruption": (replace(BASE, interruptions=1), ()),
    "numbers at 4.6": (replace(BASE, numbers=3), ()),
    "numbers at 7.0": (replace(BASE, numbers=3, number_syll_s=7.0), ("too_fast",)),
    "quieter, slow answers": (replace(BASE, fade_db=12.0, gap_s=2.2), ("indifferent",)),
    "faster, no gaps": (replace(BASE, rise_syll_s=2.4, gap_s=0.0), ("rushed",)),
}
VOICE = ("toneless", "rushed", "too_fast", "unclear")
# What cannot be judged: the recipe and the mistakes that must then be not_assessable.
POOR = {
    "one channel": (replace(BASE, mono=True), ("indifferent", "impatient")),
    "two short turns": (replace(BASE, turns=1, sentences=1), ("toneless", "rushed", "too_fast")),
    "babble at 3 dB": (replace(BASE, snr_db=3.0, babble=True), VOICE),
}


@dataclass(frozen=True)
class Case:
    """One call to be made and judged."""

    kind: str  # a mistake, "line", "sign" or "poor"
    dose: float | str
    recipe: Recipe
    number: int


@dataclass(frozen=True)
class Judged:
    """What became of it."""

    case: Case
    agent: str
    mistakes: dict[str, Mistake]
    places: tuple[tuple[str, float, float], ...]


PARTS = ("dose", "line", "sign", "poor")


def cases(calls: int, only: Sequence[str], parts: Sequence[str]) -> Iterator[Case]:
    for name in only if "dose" in parts else ():
        for dose, recipe in DOSES[name].items():
            yield from (Case(name, dose, recipe, n) for n in range(calls))
    for line, recipe in LINES.items() if "line" in parts else ():
        yield from (Case("line", line, recipe, n) for n in range(2 * calls))
    for sign, (recipe, _) in SIGNS.items() if "sign" in parts else ():
        yield from (Case("sign", sign, recipe, n) for n in range(calls))
    for poor, (recipe, _) in POOR.items() if "poor" in parts else ():
        yield from (Case("poor", poor, recipe, n) for n in range(calls))


@cache
def _pairs(data: Path, calls: int) -> list[tuple[Voice, Voice]]:
    return list(islice(pairs(read_voices(data)), 2 * calls))


def judge(case: Case, data: Path, calls: int, seed: int) -> Judged:
    """Make the call, analyse it as a file with its transcript."""
    agent, caller = _pairs(data, calls)[case.number]
    call = compose(case.recipe, agent, caller, seed + case.number)
    return Judged(case, agent.name, _analyzed(call), tuple(call.places))


def _analyzed(call: Composed) -> dict[str, Mistake]:
    with tempfile.TemporaryDirectory() as folder:
        sound, words = Path(folder, "call.wav"), Path(folder, "words.json")
        sound.write_bytes(call.wav())
        words.write_bytes(call.transcript())
        agent = "auto" if len(call.samples) == 1 else "left"
        report = analyze(sound, options=AnalysisOptions(transcript=words, agent=agent)).report
    return {mistake.id: mistake for mistake in report.mistakes}


# --- tables ---------------------------------------------------------------------------------------


def doses_table(done: Sequence[Judged], only: Sequence[str]) -> None:
    print("\nfound at each dose (share; dose in brackets), Spearman of score and dose")
    for name in only:
        mine = [j for j in done if j.case.kind == name]
        cells = []
        for dose in DOSES[name]:
            at = [j.mistakes[name].status == "found" for j in mine if j.case.dose == dose]
            mark = "*" if float(dose) >= CLEAR[name] else ""
            cells.append(f"{np.mean(at):.2f} ({dose:g}{mark})")
        rho, n = _spearman(mine, name)
        print(f"  {name:18} {rho:+.2f} of {n}  " + "  ".join(cells))


def _spearman(mine: Sequence[Judged], name: str) -> tuple[float, int]:
    scored = [(float(j.case.dose), j.mistakes[name].score) for j in mine]
    known = [(dose, score) for dose, score in scored if score is not None]
    return float(spearmanr(*zip(*known, strict=True)).statistic), len(known)


def precision_table(done: Sequence[Judged], only: Sequence[str]) -> None:
    print("\nby call: precision, recall at clear doses; right places of those found")
    for name in only:
        clear = [j for j in done if j.case.kind == name and float(j.case.dose) >= CLEAR[name]]
        none = [j for j in done if _without(j, name)]
        hits = sum(_found(j, name) for j in clear)
        false = sum(_found(j, name) for j in none)
        precision = hits / max(hits + false, 1)
        places = _places(clear, name) if name in PLACES else ""
        print(
            f"  {name:18} P {precision:.3f}  R {hits / max(len(clear), 1):.3f}"
            f"  ({hits} of {len(clear)}; {false} of {len(none)} without){places}"
        )


def _found(judged: Judged, name: str) -> bool:
    return judged.mistakes[name].status == "found"


def _without(judged: Judged, name: str) -> bool:
    """Whether nothing of this mistake was done: another's dose, or this one's at none.

    Doses of others that are also signs of this one are left out.
    """
    case = judged.case
    if case.kind in ("poor", "sign"):
        return False
    if case.kind == name:
        return float(case.dose) <= NONE.get(name, next(iter(DOSES[name])))
    return (case.kind, name) not in {
        ("indifferent", "know_it_all"),
        ("know_it_all", "indifferent"),
        ("rushed", "impatient"),
    }


def _places(clear: Sequence[Judged], name: str) -> str:
    """Findings that lie where something was done."""
    right = total = 0
    for j in clear:
        done = [(a, b) for what, a, b in j.places if what in PLACES[name]]
        for one in j.mistakes[name].findings:
            if one.start_s is None or one.end_s is None:
                continue
            total += 1
            right += any(one.start_s < b + 0.3 and a - 0.3 < one.end_s for a, b in done)
    return f"  places {right} of {total}"


def clean_table(done: Sequence[Judged]) -> None:
    print("\nclean calls by line: found of calls")
    alarms = calls = 0
    for line in LINES:
        mine = [j for j in done if j.case.kind == "line" and j.case.dose == line]
        found = [name for j in mine for name in NAMES if _found(j, name)]
        open_ = [name for j in mine for name in NAMES if j.mistakes[name].status != "clear"]
        alarms += sum(any(_found(j, name) for name in NAMES) for j in mine)
        calls += len(mine)
        print(f"  {line:14} found {found or 'nothing'}; not clear {len(open_)} of {8 * len(mine)}")
    print(f"  calls with a false alarm: {alarms} of {calls} ({alarms / max(calls, 1):.1%})")


def signs_table(done: Sequence[Judged]) -> None:
    print("\none sign at a time: found what must be, and nothing else")
    for sign, (_, expected) in SIGNS.items():
        mine = [j for j in done if j.case.kind == "sign" and j.case.dose == sign]
        right = sum(all(_found(j, name) for name in expected) for j in mine)
        more = [n for j in mine for n in NAMES if _found(j, n) and n not in expected]
        print(f"  {sign:24} {right} of {len(mine)}; else {more or 'nothing'}")


def poor_table(done: Sequence[Judged]) -> None:
    print("\nnot assessable where it must be")
    for poor, (_, names) in POOR.items():
        mine = [j for j in done if j.case.kind == "poor" and j.case.dose == poor]
        for name in names:
            right = sum(j.mistakes[name].status == "not_assessable" for j in mine)
            print(f"  {poor:16} {name:18} {right} of {len(mine)}")


def main() -> None:
    """Make, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", type=Path)
    parser.add_argument("--calls", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--part", default=",".join(PARTS))
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    only = args.only.split(",")
    parts = args.part.split(",")
    todo = list(cases(args.calls, only, parts))
    n = len(todo)
    with ProcessPoolExecutor(args.jobs) as pool:
        done = list(pool.map(judge, todo, [args.data] * n, [args.calls] * n, [args.seed] * n))
    print(f"{n} calls, seed {args.seed}, agents {sorted({j.agent for j in done})}")
    if "dose" in parts:
        doses_table(done, only)
        precision_table(done, only)
    tables = {"line": clean_table, "sign": signs_table, "poor": poor_table}
    for table in (tables[part] for part in tables if part in parts):
        table(done)


if __name__ == "__main__":
    main()
