"""The eight mistakes on composed calls with known truth: doses, clean calls, poor material.

    python benchmarks/mistakes.py DATA [--calls 3] [--seed 1] [--only too_fast,rushed] [--jobs 2]
        [--part dose,half,line,sign,well,poor]

``DATA`` as for ``compose.py``. For each mistake calls are made at rising doses, the speakers in
turn as agents; the last doses are clear ones (``CLEAR``), the first is none. ``--part`` leaves out
the other kinds of calls. Printed, by mistake: the share found at each dose and Spearman's
correlation of score and dose; by call, precision and recall at clear doses (a verdict counts as
right if its own dose is clear, as wrong if it has none; between, it is not counted); by finding,
precision (right if at least half of what its party says in it lies where something was done, wrong
in a call where nothing was) and, of mistakes that consist of single events, recall (the share of
events that a finding overlaps). Then the clean calls' false alarms, what one sign at a time does,
strengths told by the voice, and what became of calls that carry no verdict.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from compose import Composed, Recipe, compose
from doses import CLEAR, DOSES, EVENTS, HALVES, HEARD, LINES, NAMES, NONE, PLACES, POOR, SIGNS, WELL
from numpy.typing import NDArray
from scipy.stats import spearmanr
from voices import Voice, pairs, read_voices

from callvoice.pipeline import AnalysisOptions, analyze
from callvoice.types import Finding, Mistake, Report

PARTS = ("dose", "half", "line", "sign", "well", "poor")
_SLACK_S = 0.3  # edges of words and turns are not sharper
Place = tuple[str, float, float]


@dataclass(frozen=True)
class Case:
    """One call to be made and judged; ``number`` is that of the pair of speakers."""

    kind: str  # a mistake, or a part other than "dose"
    dose: float | str
    recipe: Recipe
    number: int


@dataclass(frozen=True)
class Judged:
    """What became of it."""

    case: Case
    agent: str
    mistakes: dict[str, Mistake]
    strengths: frozenset[str]
    places: tuple[Place, ...]
    said: tuple[Place, ...]  # by whom, from when to when


def cases(calls: int, only: Sequence[str], parts: Sequence[str]) -> Iterator[Case]:
    """All calls to be made; each mistake begins with another speaker, so that few have all."""
    if "dose" in parts:
        for name in only:
            first = NAMES.index(name)
            for dose, recipe in DOSES[name].items():
                yield from (Case(name, dose, recipe, first + n) for n in range(calls))
    others = {
        "half": {name: recipe for name, recipe in HALVES.items() if name in only},
        "line": LINES,
        "sign": {sign: recipe for sign, (recipe, _) in SIGNS.items()},
        "well": {what: recipe for what, (recipe, _) in WELL.items()},
        "poor": {poor: recipe for poor, (recipe, _) in POOR.items()},
    }
    for part, recipes in others.items():
        each = 2 * calls if part == "line" else calls
        for what, recipe in recipes.items() if part in parts else ():
            yield from (Case(part, what, recipe, n) for n in range(each))


@cache
def _voices(data: Path) -> tuple[Voice, ...]:
    return tuple(read_voices(data))


def judge(case: Case, data: Path, seed: int) -> Judged:
    """Make the call, analyse it as a file with its transcript."""
    agent, caller = next(islice(pairs(_voices(data)), case.number, None))
    if case.kind == "well":
        agent = agent.plain()
    call = compose(case.recipe, agent, caller, seed + case.number)
    report = _analyzed(call)
    return Judged(
        case,
        agent.name,
        {mistake.id: mistake for mistake in report.mistakes},
        frozenset(finding.measure for finding in report.strengths),
        tuple(call.places),
        tuple((turn.role, turn.start_s, turn.end_s) for turn in call.turns),
    )


def _analyzed(call: Composed) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        sound, words = Path(folder, "call.wav"), Path(folder, "words.json")
        sound.write_bytes(call.wav())
        words.write_bytes(call.transcript())
        agent = "auto" if len(call.samples) == 1 else "left"
        return analyze(sound, options=AnalysisOptions(transcript=words, agent=agent)).report


def judge_all(todo: Sequence[Case], data: Path, seed: int, jobs: int) -> list[Judged]:
    """All calls, those of one pair of speakers after each other: their sentences are kept."""
    n_speakers = len(_voices(data))
    ordered = sorted(todo, key=lambda case: case.number % n_speakers)
    n = len(ordered)
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(judge, ordered, [data] * n, [seed] * n, chunksize=-(-n // jobs)))


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


def calls_table(done: Sequence[Judged], only: Sequence[str]) -> None:
    print("\nby call: precision, recall at clear doses")
    for name in only:
        clear, none = _clear(done, name), _none(done, name)
        hits, false = (sum(_found(j, name) for j in those) for those in (clear, none))
        print(
            f"  {name:18} P {hits / max(hits + false, 1):.3f}  R {hits / max(len(clear), 1):.3f}"
            f"  ({hits} of {len(clear)}; {false} of {len(none)} without)"
        )


def findings_table(done: Sequence[Judged], only: Sequence[str]) -> None:
    print("\nby finding: precision; recall of single events at clear doses")
    for name in only:
        half = [j for j in done if j.case.kind == "half" and j.case.dose == name]
        clear, none = _clear(done, name), _none(done, name)
        right = [_lies(f, j, name) for j in (*clear, *half) for f in _placed(j, name)]
        right += [False for j in none for _ in _placed(j, name)]
        events = EVENTS.get(name, set())
        named = [_named(p, j, name) for j in clear for p in j.places if p[0] in events]
        recall = f"  R {np.mean(named):.3f} ({sum(named)} of {len(named)})" if named else ""
        precision = f"P {np.mean(right):.3f} ({sum(right)} of {len(right)})" if right else "nothing"
        print(f"  {name:18} {precision}{recall}")


def _clear(done: Sequence[Judged], name: str) -> list[Judged]:
    return [j for j in done if j.case.kind == name and float(j.case.dose) >= CLEAR[name]]


def _none(done: Sequence[Judged], name: str) -> list[Judged]:
    return [j for j in done if _without(j, name)]


def _placed(judged: Judged, name: str) -> list[Finding]:
    return [f for f in judged.mistakes[name].findings if f.start_s is not None]


def _lies(finding: Finding, judged: Judged, name: str) -> bool:
    """Whether half of it or more lies in places of the mistake, these a little widened; of a
    finding in which its party speaks only that counts, for a stretch of ten seconds has both.
    """
    at_s = np.arange(finding.start_s or 0.0, finding.end_s or 0.0, 0.02)
    spoken = _inside(at_s, [place for place in judged.said if place[0] == finding.role])
    at_s = at_s[spoken] if spoken.any() else at_s
    done = [place for place in judged.places if place[0] in PLACES[name]]
    return bool(_inside(at_s, done, _SLACK_S).mean() >= 0.5)


def _inside(
    at_s: NDArray[np.float64], places: Sequence[Place], slack_s: float = 0.0
) -> NDArray[np.bool_]:
    inside = np.zeros(len(at_s), bool)
    for _, start_s, end_s in places:
        inside |= (start_s - slack_s <= at_s) & (at_s < end_s + slack_s)
    return inside


def _named(place: Place, judged: Judged, name: str) -> bool:
    _, start_s, end_s = place
    return any(
        (f.start_s or 0.0) < end_s and start_s < (f.end_s or 0.0) for f in _placed(judged, name)
    )


def _found(judged: Judged, name: str) -> bool:
    return judged.mistakes[name].status == "found"


def _without(judged: Judged, name: str) -> bool:
    """Whether nothing of this mistake was done: another's dose, or this one's at none.

    Doses of others that are also signs of this one are left out.
    """
    case = judged.case
    if case.kind not in (*NAMES, "line"):
        return False
    if case.kind == name:
        return float(case.dose) <= NONE.get(name, next(iter(DOSES[name])))
    return (case.kind, name) not in {
        ("indifferent", "know_it_all"),
        ("know_it_all", "indifferent"),
        ("rushed", "impatient"),
    }


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


def well_table(done: Sequence[Judged]) -> None:
    print("\nstrengths told by the voice: named where they must be, and nowhere else")
    for what, (_, expected) in WELL.items():
        mine = [j.strengths & HEARD for j in done if j.case.kind == "well" and j.case.dose == what]
        more = [name for named in mine for name in sorted(named - expected)]
        right = sum(expected <= named for named in mine)
        print(f"  {what:24} {right} of {len(mine)}; else {more or 'nothing'}")


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
    parser.add_argument("--calls", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--part", default=",".join(PARTS))
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    only = args.only.split(",")
    parts = args.part.split(",")
    done = judge_all(list(cases(args.calls, only, parts)), args.data, args.seed, args.jobs)
    print(f"{len(done)} calls, seed {args.seed}, agents {sorted({j.agent for j in done})}")
    if "dose" in parts:
        for table in (doses_table, calls_table, findings_table):
            table(done, only)
    tables = {"line": clean_table, "sign": signs_table, "well": well_table, "poor": poor_table}
    for tabled in (tables[part] for part in tables if part in parts):
        tabled(done)


if __name__ == "__main__":
    main()
