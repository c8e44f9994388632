"""Train the phrase classifier of a language.

    python models/train_phrases.py de en

Reads ``callvoice/data/phrases/<lang>.jsonl`` and the examples and counterexamples of the packaged
lexicons, writes ``models/phrases_<lang>.json`` with thresholds, held-out figures and a checksum.

One linear support vector machine per class, its features weighed by the log-count ratio of the
class (Wang & Manning 2012, "Baselines and Bigrams"), on the utterances and noised copies of each.
Margins on groups that were not trained on, and the rules that hit, give each class its probability
by logistic regression (stacking) and its threshold.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np
import scipy.sparse as sp
from noise import noised
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.svm import LinearSVC

from callvoice.text import spelling
from callvoice.text.classifier import Classifier, ClassModel, ModelFile, digest
from callvoice.text.features import fold_token, frames, pieces, tokens, words
from callvoice.text.lexicon import LABELS, load, packaged_files
from callvoice.text.phrases import find
from callvoice.types import Role, Turn

VERSION = "1"
SEED = 7
N_FOLDS = 4
N_FEATURES = 32_000  # keeps a model file about 3 MB
COMMON_IN_GROUPS = 8
MIN_POSITIVES = 20
NOISE_RATES = (0.1, 0.25)
COST, RATIO_POWER, SMOOTHING = 0.3, 0.5, 0.1
FAMILIES = {
    "against": ("know_it_all", "dismissive", "excuse"),
    "caring": ("empathy", "apology"),
}
# How much recall counts beside precision when a threshold is chosen, from where on one is looked
# for, and the share of other utterances that may fire at most.
BETA = {"caring": 1.0}
OTHER_BETA = 0.6
LEAST_THRESHOLD = 0.3
# Not searched for: half of the corpus's groups are minimal pairs, on which a threshold that suits
# calls looks too low. These are for utterances as other people wrote them.
STATED = {"against": 0.42, "caring": 0.36, "impatient": 0.36, "process_first": 0.7}
STATED |= dict.fromkeys(FAMILIES["against"], 0.42)
# Everyday sentences are easy to tell from these; what callers say on the phone is not.
STATED |= {"caller_thanks": 0.5, "caller_trouble": 0.5}
MOST_FALSE_ALARMS = 0.04

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Row:
    """One labelled utterance. ``known``: the labels of which the row says anything; None: all."""

    text: str
    role: Role
    labels: frozenset[str]
    group: str
    near: str | None = None
    known: frozenset[str] | None = None


@dataclass(frozen=True)
class Solution:
    """Vocabulary and weights ``[n_features, n_classes]`` in the order words, pieces, frames."""

    common: frozenset[str]
    blocks: tuple[tuple[str, ...], ...]
    weights: Floats
    bias: Floats


@dataclass(frozen=True)
class Decision:
    """How one class turns a margin into a probability, and where it is decided."""

    slopes: tuple[float, ...]
    offset: float
    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Task:
    """The classes of a language: names, roles, members."""

    names: tuple[str, ...]
    roles: dict[str, Role]
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_rows(path: Path) -> list[Row]:
    """The utterances of a jsonl file; a line without a role is the agent's."""
    return [_row(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line]


def _row(found: dict[str, object]) -> Row:
    return Row(
        text=str(found["text"]),
        role="caller" if found.get("role") == "caller" else "agent",
        labels=frozenset(found["labels"]),  # type: ignore[call-overload]
        group=str(found["group"]),
        near=str(found["near"]) if found.get("near") else None,
    )


def lexicon_rows(language: str) -> Iterator[Row]:
    """Examples of the packaged rules; each says something about its own label only."""
    for name, content in packaged_files(language).items():
        for label, entries in content.items():
            role: Role = "caller" if label.startswith("caller_") else "agent"
            own = frozenset({label})
            for n, entry in enumerate(e for e in entries if not isinstance(e, str)):
                for text in entry.examples:
                    yield Row(text, role, own, f"{name}-{n}", known=own)
                for text in entry.counterexamples:
                    yield Row(text, role, frozenset(), f"{name}-{n}", known=own)


def task_of(rows: Iterable[Row]) -> Task:
    """The classes that have enough utterances, and the families."""
    counts = Counter((label, row.role) for row in rows for label in row.labels)
    roles = {label: role for (label, role), n in counts.items() if n >= MIN_POSITIVES}
    names = tuple(sorted(roles))
    members = {name: few for name, few in FAMILIES.items() if set(few) <= set(names)}
    return Task((*names, *members), {**roles, **dict.fromkeys(members, "agent")}, members)


def target(rows: Sequence[Row], name: str, task: Task) -> tuple[Bools, Bools]:
    """Whether each row is in the class, and whether that is known."""
    among = set(task.members.get(name, (name,)))
    inside = np.array([bool(among & row.labels) for row in rows])
    said = np.array(
        [
            row.role == task.roles[name]
            and (row.known is None or bool(among & row.labels) or among <= row.known)
            for row in rows
        ]
    )
    return inside, said


def with_copies(rows: Sequence[Row], language: str, rng: random.Random) -> list[Row]:
    """The rows and a copy of each with few and one with many words misheard."""
    copies = [
        replace(row, text=noised(row.text, language, rng, rate=rate))
        for rate in NOISE_RATES
        for row in rows
    ]
    return [*rows, *copies]


def solve(rows: Sequence[Row], task: Task, language: str) -> Solution:
    """Fit all classes on rows."""
    split = [_tokens(row.text, language) for row in rows]
    common = frozenset(word for word, n in _in_groups(split, rows).items() if n >= COMMON_IN_GROUPS)
    by_block = _blocks(split, common)
    vocabularies = _vocabularies(by_block, rows)
    x = matrix(by_block, vocabularies)
    fitted = [_fit(x, *target(rows, name, task)) for name in task.names]
    weights = np.stack([w for w, _ in fitted], axis=1)
    return Solution(common, vocabularies, weights, np.array([b for _, b in fitted]))


@cache
def _tokens(text: str, language: str) -> tuple[str, ...]:
    return tuple(tokens(text, spelling.load(language, fold_token)))


@cache
def _plain_features(row: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The features that need no common words: the same in every fold."""
    return words(row), [piece for word in row for piece in pieces(word)]


def _blocks(
    split: Sequence[tuple[str, ...]], common: frozenset[str]
) -> list[Sequence[Sequence[str]]]:
    plain = [_plain_features(row) for row in split]
    return [
        [row_words for row_words, _ in plain],
        [row_pieces for _, row_pieces in plain],
        [frames(row, common) for row in split],
    ]


def _in_groups(features: Sequence[Sequence[str]], rows: Sequence[Row]) -> Counter[str]:
    """In how many groups a feature occurs: one family's words say little about the next."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for names, row in zip(features, rows, strict=True):
        seen[row.group].update(names)
    return Counter(chain.from_iterable(seen.values()))


def _vocabularies(
    by_block: Sequence[Sequence[Sequence[str]]], rows: Sequence[Row]
) -> tuple[tuple[str, ...], ...]:
    counts = [_in_groups(block, rows) for block in by_block]
    spread = sorted((n for count in counts for n in count.values()), reverse=True)
    least = max(2, spread[min(N_FEATURES, len(spread) - 1)])
    kept = [sorted(name for name, n in count.items() if n > least or n >= 4) for count in counts]
    if sum(map(len, kept)) < N_FEATURES // 2:
        kept = [sorted(name for name, n in count.items() if n >= 2) for count in counts]
    return tuple(tuple(names) for names in kept)


def matrix(
    by_block: Sequence[Sequence[Sequence[str]]], vocabularies: Sequence[Sequence[str]]
) -> sp.csr_matrix:
    """Counts over the root of their sum, block by block ``[n_rows, n_features]``."""
    parts = []
    for block, names in zip(by_block, vocabularies, strict=True):
        ids = {name: i for i, name in enumerate(names)}
        known = [[ids[name] for name in row if name in ids] for row in block]
        lengths = np.array([len(row) for row in known])
        data = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), lengths)
        columns = np.array([i for row in known for i in row], dtype=np.int64)
        edges = np.concatenate([[0], np.cumsum(lengths)])
        part = sp.csr_matrix((data, columns, edges), shape=(len(known), len(names)))
        part.sum_duplicates()
        parts.append(part)
    return sp.csr_matrix(sp.hstack(parts))


def _fit(x: sp.csr_matrix, inside: Bools, said: Bools) -> tuple[Floats, float]:
    x, y = x[said], inside[said]
    p = SMOOTHING + np.asarray(x[y].sum(axis=0)).ravel()
    q = SMOOTHING + np.asarray(x[~y].sum(axis=0)).ravel()
    ratio = np.abs(np.log((p / p.sum()) / (q / q.sum()))) ** RATIO_POWER
    machine = LinearSVC(C=COST, class_weight="balanced", tol=1e-3, random_state=SEED)
    machine.fit(x @ sp.diags(ratio), y)
    return machine.coef_[0] * ratio, float(machine.intercept_[0])


def held_out_margins(
    rows: Sequence[Row], language: str, task: Task, seed: int
) -> tuple[list[Row], Floats]:
    """Every row and its noised copies with the margins of a fit that saw nothing of its group."""
    both = with_copies(rows, language, random.Random(seed))  # noqa: S311
    groups = [row.group for row in both]
    margins = np.zeros((len(both), len(task.names)))
    folds = GroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(both, groups=groups):
        solution = solve([both[i] for i in train], task, language)
        margins[test] = plain_model(solution, task, language).scores([both[i].text for i in test])
    return both, margins


def evidence_of(rows: Sequence[Row], language: str) -> list[frozenset[str]]:
    """The labels of the rules that hit each row, said alone."""
    lexicon = load(language)
    turns = [Turn(row.role, 0.0, 0.0, row.text) for row in rows]
    return [frozenset(hit.label for hit in find((turn,), lexicon)) for turn in turns]


def evidence_matrix(fired: Sequence[frozenset[str]]) -> Floats:
    """Which label's rules hit, ``[n_rows, n_labels]`` of 0 and 1."""
    return np.array([[label in one for label in LABELS] for one in fired], dtype=float)


def decide(
    rows: Sequence[Row], margins: Floats, evidence: Floats, name: str, task: Task
) -> Decision:
    """Calibration and threshold of a class from held-out margins and the rules' evidence."""
    inside, said = target(rows, name, task)
    x = np.hstack([margins, evidence]) * _own_role(name, task)
    x, y = x[said], inside[said]
    groups = [row.group for row, use in zip(rows, said, strict=True) if use]
    judge = LogisticRegression(C=0.3, max_iter=1000)
    folds = GroupKFold(N_FOLDS, shuffle=True, random_state=SEED)
    p = cross_val_predict(judge, x, y, groups=groups, cv=folds, method="predict_proba")[:, 1]
    best = STATED.get(name) or max(
        np.arange(LEAST_THRESHOLD, 0.91, 0.01), key=lambda at: _worth(y, p >= at, name)
    )
    judge.fit(x, y)
    slopes = tuple(round(float(v), 4) for v in judge.coef_[0])
    return Decision(
        slopes, float(judge.intercept_[0]), round(float(best), 3), *precision_recall(y, p >= best)
    )


def _own_role(name: str, task: Task) -> Floats:
    """1 for the scores and rules of the class's own role, 0 for the other's."""
    roles = [task.roles[n] for n in task.names]
    roles += ["caller" if label.startswith("caller_") else "agent" for label in LABELS]
    return np.array([float(role == task.roles[name]) for role in roles])


def _worth(inside: Bools, fired: Bools, name: str) -> float:
    precision, recall = precision_recall(inside, fired)
    false_alarms = float(fired[~inside].mean())
    b = BETA.get(name, OTHER_BETA) ** 2
    worth = (1 + b) * precision * recall / max(b * precision + recall, 1e-9)
    return worth if false_alarms <= MOST_FALSE_ALARMS else -false_alarms


def precision_recall(inside: Bools, fired: Bools) -> tuple[float, float]:
    """Precision and recall; 0 where undefined."""
    hits = float((inside & fired).sum())
    return hits / max(int(fired.sum()), 1), hits / max(int(inside.sum()), 1)


def plain_model(solution: Solution, task: Task, language: str) -> Classifier:
    """A classifier from a solution, not calibrated."""
    return Classifier(_file(solution, task, language, {}))


def train(rows: Sequence[Row], language: str, seed: int = SEED) -> ModelFile:
    """The model of a language: calibrated, with thresholds, weights quantised."""
    task = task_of(rows)
    both, margins = held_out_margins(rows, language, task, seed)
    whole = np.array([row.known is None for row in both])
    judged = [row for row, use in zip(both, whole, strict=True) if use]
    evidence = evidence_matrix(evidence_of(judged, language))
    decisions = {name: decide(judged, margins[whole], evidence, name, task) for name in task.names}
    return _file(solve(both, task, language), task, language, decisions)


def _file(
    solution: Solution, task: Task, language: str, decisions: dict[str, Decision]
) -> ModelFile:
    scales = np.abs(solution.weights).max(axis=0) / 127
    steps = np.round(solution.weights / scales).astype(np.int8)
    neutral = Decision((0.0,) * (len(task.names) + len(LABELS)), 0, 0.5, 0, 0)
    classes = tuple(
        _class(name, task, decisions.get(name, neutral), float(bias), float(scale))
        for name, bias, scale in zip(task.names, solution.bias, scales, strict=True)
    )
    model = ModelFile(
        version=VERSION,
        language=language,
        trained=f"models/train_phrases.py {language}, seed {SEED}",
        common=tuple(sorted(solution.common)),
        words=solution.blocks[0],
        pieces=solution.blocks[1],
        frames=solution.blocks[2],
        classes=classes,
        evidence=tuple(LABELS),
        weights=base64.b64encode(steps.tobytes()).decode("ascii"),
        sha256="",
    )
    return msgspec.structs.replace(model, sha256=digest(model))


def _class(name: str, task: Task, decision: Decision, bias: float, scale: float) -> ClassModel:
    return ClassModel(
        label=name,
        role=task.roles[name],
        threshold=decision.threshold,
        slopes=decision.slopes,
        offset=round(decision.offset, 5),
        bias=round(bias, 6),
        scale=scale,
        members=task.members.get(name, ()),
        precision=round(decision.precision, 3),
        recall=round(decision.recall, 3),
    )


def main() -> None:
    """Train and write the models of the languages named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("languages", nargs="+", choices=["de", "en"])
    root = Path(__file__).resolve().parent.parent
    for language in parser.parse_args().languages:
        rows = read_rows(root / "callvoice" / "data" / "phrases" / f"{language}.jsonl")
        model = train([*rows, *lexicon_rows(language)], language)
        path = root / "models" / f"phrases_{language}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=0) + b"\n")
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, sha256 {model.sha256}")
        for one in model.classes:
            print(f"  {one.label:16} from {one.threshold:.2f}: P {one.precision} R {one.recall}")


if __name__ == "__main__":
    main()
