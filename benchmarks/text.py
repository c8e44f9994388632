"""Phrases on utterances of groups that were neither trained on nor used to choose a threshold.

    python benchmarks/text.py [--languages de,en] [--folds 5] [--seed 3] [--data PATH]

Rules alone, classifier alone, and together, on clean words and on words garbled in two ways
(``models/noise.py``, about 20 % word errors): as in training, and with words taken for others,
which training never sees. Without ``--data``: nested cross-validation over the groups of
``callvoice/data/phrases`` (each outer fold trains, calibrates and chooses thresholds anew on the
other folds). With it: the packaged models on a file, or on every ``*.jsonl`` of a folder,
``{"text", "labels", "group", "near"?, "role"?}`` a line; the language is in the file's name
(``…de….jsonl``, ``…en….jsonl``). ``benchmarks/utterances`` has such files: written by others, who
saw neither rules nor training material, never trained on.

The rules were partly written without these utterances, partly beside them; the classifier also
learns from the rules' examples, which are not measured here.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from callvoice import text
from callvoice.text import classifier, labelling, lexicon, normalise, phrases
from callvoice.types import Transcript, Turn

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "models"))
import train_phrases as training  # noqa: E402
from noise import Confusion, noised  # noqa: E402

GROUPS = {
    "know_it_all ∪ dismissive ∪ excuse": {"know_it_all", "dismissive", "excuse"},
    "impatient": {"impatient"},
    "empathy ∪ apology": {"empathy", "apology"},
}
WAYS = ("rules", "model", "both")
# Shares of words changed that come to 20 % word errors.
MISHEARD_RATE, CONFUSED_RATE = 0.17, 0.2


@dataclass
class Outcome:
    """One utterance, and by way the classes decided and the probabilities."""

    row: training.Row
    decided: dict[str, set[str]]
    probability: dict[str, dict[str, float]]


def judge(rows: Sequence[training.Row], model: classifier.Classifier, language: str):
    """Every row said alone."""
    rules = lexicon.load(language)
    nothing = lexicon.Lexicon((), {}, ())
    for row in rows:
        turn = (Turn(row.role, 0.0, 0.0, row.text),)
        decided, probability = {}, {}
        ways = ((rules, None), (nothing, model), (rules, model))
        for way, (words, trained) in zip(WAYS, ways, strict=True):
            labeller = labelling.labellers(trained, [turn])[0] if trained else None
            hits, labels = phrases.survey(turn, words, labeller)
            decided[way] = {hit.label for hit in hits} - {"acknowledgement"}
            probability[way] = labels[0]
        yield Outcome(row, decided, probability)


def nested(language: str, folds: int, seed: int) -> dict[str, list[Outcome]]:
    """Outcomes of all folds, by what was done to the words."""
    path = ROOT / "callvoice" / "data" / "phrases" / f"{language}.jsonl"
    rows = training.read_rows(path)
    extra = list(training.lexicon_rows(language))
    found: dict[str, list[Outcome]] = defaultdict(list)
    splits = GroupKFold(folds, shuffle=True, random_state=seed)
    for train, test in splits.split(rows, groups=[row.group for row in rows]):
        file = training.train([*(rows[i] for i in train), *extra], language)
        held = [rows[i] for i in test]
        for kind, some in in_kinds(held, classifier.Classifier(file), language, seed).items():
            found[kind] += some
    return found


def in_kinds(
    rows: Sequence[training.Row], model: classifier.Classifier, language: str, seed: int
) -> dict[str, list[Outcome]]:
    """Outcomes of the rows, clean and garbled in each way."""
    confusion = Confusion([row.text for row in rows])
    rng = random.Random(seed)
    misheard = [noised(row.text, language, rng, rate=MISHEARD_RATE) for row in rows]
    confused = [confusion.confused(row.text, rng, rate=CONFUSED_RATE) for row in rows]
    kinds = {"clean": [row.text for row in rows], "misheard": misheard, "confused": confused}
    return {
        kind: list(
            judge(
                [training.replace(row, text=text) for row, text in zip(rows, texts, strict=True)],
                model,
                language,
            )
        )
        for kind, texts in kinds.items()
    }


def figures(inside: np.ndarray, fired: np.ndarray) -> str:
    precision, recall = training.precision_recall(inside, fired)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return f"P {precision:.2f} R {recall:.2f} F1 {f1:.2f}"


def table(outcomes: Sequence[Outcome], title: str) -> None:
    print(f"\n{title}: {len(outcomes)} utterances")
    classes = sorted({label for one in outcomes for label in one.row.labels})
    for name, among in {**GROUPS, **{label: {label} for label in classes}}.items():
        if not set(classes) & among:
            continue
        mine = [o for o in outcomes if (o.row.role == "caller") == name.startswith("caller_")]
        inside = np.array([bool(o.row.labels & among) for o in mine])
        cells = []
        for way in WAYS:
            fired = np.array([bool(o.decided[way] & among) for o in mine])
            p = [max(o.probability[way].get(label, 0.0) for label in among) for o in mine]
            cells.append(f"{way} {figures(inside, fired)} AUC {roc_auc_score(inside, p):.3f}")
        print(f"  {name:34} n={inside.sum():<4} " + " | ".join(cells))


def false_alarms(outcomes: Sequence[Outcome]) -> None:
    """How often an utterance with no class, or with a kind one, is held against the agent."""
    against = set().union(*(GROUPS[k] for k in list(GROUPS)[:2]))
    agents = [o for o in outcomes if o.row.role == "agent"]
    kinds = {
        "hard negatives": [o for o in agents if o.row.near and not o.row.labels],
        "neutral": [o for o in agents if not o.row.near and not o.row.labels],
        "empathy, apology": [o for o in agents if o.row.labels & GROUPS["empathy ∪ apology"]],
    }
    for kind, some in ((kind, some) for kind, some in kinds.items() if some):
        shares = (
            f"{way} {np.mean([bool(o.decided[way] & against) for o in some]):.1%}" for way in WAYS
        )
        print(f"  held against the agent, {kind} (n={len(some)}): " + ", ".join(shares))


def confusion(outcomes: Sequence[Outcome]) -> None:
    counts = Counter(
        (true, said)
        for o in outcomes
        for true in (o.row.labels or {"none"})
        for said in (o.decided["both"] or {"none"})
    )
    names = sorted({name for pair in counts for name in pair})
    print("\nconfusion, both, clean: rows true, columns decided")
    print(" " * 16 + " ".join(name[:7].rjust(7) for name in names))
    for true in names:
        print(f"{true:16}" + " ".join(str(counts[true, said]).rjust(7) for said in names))


def worst(outcomes: Sequence[Outcome], n: int = 20) -> None:
    def error(o: Outcome) -> tuple[float, str]:
        found = o.probability["both"]
        wrong = [
            (p, f"not {k}")
            for k, p in found.items()
            if k not in o.row.labels and k in o.decided["both"]
        ]
        missed = [(1 - found.get(k, 0.0), k) for k in o.row.labels if k not in o.decided["both"]]
        return max(wrong + missed, default=(0.0, ""))

    print(f"\nthe {n} worst errors")
    for o in sorted(outcomes, key=error, reverse=True)[:n]:
        print(f"  {error(o)[0]:.2f} {error(o)[1]:20} {o.row.text}")


def speed(rows: Sequence[training.Row], language: str) -> None:
    turns = [Turn(row.role, 0.0, 0.0, row.text) for row in rows]
    calls = [
        Transcript(language, "given", tuple(turns[i : i + 20])) for i in range(0, len(turns), 20)
    ]
    rules, model = lexicon.load(language), classifier.load(language)
    ways = {
        "rules and model": lambda: surveyed(calls, rules, model),
        "with greeting and syllables": lambda: list(text.analyze_each(calls)),
    }
    for way, run in ways.items():
        run()  # compiles what is used
        rates = sorted(len(turns) / timed(run) for _ in range(5))
        print(f"  {way}: {rates[2]:.0f} turns/s, best {rates[-1]:.0f}, one core")


def surveyed(
    calls: Sequence[Transcript], rules: lexicon.Lexicon, model: classifier.Classifier
) -> None:
    readers = labelling.labellers(model, [call.turns for call in calls])
    for call, reader in zip(calls, readers, strict=True):
        phrases.survey(call.turns, rules, reader)


def timed(run: Callable[[], object]) -> float:
    """Processor seconds of a run that has folded none of its texts before."""
    normalise.fold.cache_clear()
    begun = time.process_time()
    run()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--languages", default="de,en")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--data", type=Path)
    args = parser.parse_args()
    for language in args.languages.split(","):
        if args.data:
            files = [args.data] if args.data.is_file() else sorted(args.data.glob("*.jsonl"))
            paths = [path for path in files if language in path.stem]
            if not paths:
                continue
            rows = [row for path in paths for row in training.read_rows(path)]
            found = in_kinds(rows, classifier.load(language), language, args.seed)
            how = "packaged model"
        else:
            found = nested(language, args.folds, args.seed)
            how = f"{args.folds} folds"
        for kind, outcomes in found.items():
            table(outcomes, f"{language}, {kind}, {how}, seed {args.seed}")
            false_alarms(outcomes)
        clean = found["clean"]
        confusion(clean)
        worst(clean)
        speed([o.row for o in clean], language)


if __name__ == "__main__":
    main()
