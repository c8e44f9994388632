"""Labels and results together: what people agree on, and what scores should mean to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from callvoice.calibrate.agreement import Agreement, agreement
from callvoice.calibrate.fit import (
    FitOptions,
    HeldOut,
    cross_validate,
    enough,
    fit_map,
    found_right,
    mapped_by,
    ordered_pairs,
    raw_limit,
)
from callvoice.calibrate.labels import MISTAKES, Label, Labels, by_name
from callvoice.calibrate.limits import Suggestion, suggest
from callvoice.calibrate.results import Result
from callvoice.errors import InvalidSettings
from callvoice.settings import ScoreMap, Settings
from callvoice.types import MistakeId, Status, Verdict

FOUND_FROM = 0.5


@dataclass(frozen=True)
class Flip:
    """A past call that the mapping judges otherwise."""

    call: str
    before: Status
    after: Status
    raw: float
    mapped: float


@dataclass(frozen=True)
class OfMistake:
    """What the labels say on one mistake.

    ``n_labels`` are yes and no on calls with a score, ``n_yes`` of them yes; ``n_unsure`` and
    ``n_unscored`` (the call was not assessable) are left out of all but the agreement, and unsure
    of that too. ``now`` are the figures of the raw score at its limit on all labels, ``held_out``
    those of the mapping on held-out agents.
    """

    id: MistakeId
    n_labels: int
    n_yes: int
    n_unsure: int
    n_unscored: int
    n_agents: int
    agreement: Agreement
    now: HeldOut
    held_out: HeldOut | None = None
    map: ScoreMap | None = None
    raw_limit: float | None = None
    suggestion: Suggestion | None = None
    flips: tuple[Flip, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """All eight, the agreement over all of them together, and what could not be used."""

    mistakes: tuple[OfMistake, ...]
    agreement: Agreement
    n_reviewers: int
    n_calls: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Row:
    """A label with the call it is on, and whose that is; an unknown agent's stands for itself."""

    label: Label
    result: Result
    agent: str = ""


@dataclass(frozen=True)
class _Judged:
    """The results with their raw verdicts by mistake and call."""

    results: Sequence[Result]
    settings: Settings
    verdicts: dict[str, dict[MistakeId, Verdict]] = field(default_factory=dict)

    def score(self, mistake: MistakeId, call: str) -> float | None:
        return self.verdicts[call][mistake].score


def study(
    labels: Labels,
    results: Sequence[Result],
    settings: Settings,
    options: FitOptions | None = None,
) -> Study:
    """What the labels say about the scores of these calls.

    Raises:
        InvalidSettings: no label is on any of the calls, a label's call is ambiguous, a reviewer
            judges something twice, or a call has two agents.
    """
    rows, unknown = _joined(labels.rows, results)
    verdicts = {r.id: {v.id: v for v in r.verdicts(settings)} for r in results}
    judged = _Judged(results, settings, verdicts)
    return Study(
        tuple(_of_mistake(m, rows, judged, options or FitOptions()) for m in MISTAKES),
        _agreement(rows),
        len({row.label.reviewer for row in rows}),
        len({row.result.id for row in rows}),
        tuple(_notes(rows, unknown)),
    )


def _joined(
    labels: Sequence[Label], results: Sequence[Result]
) -> tuple[list[_Row], dict[str, int]]:
    """Labels with their calls; how many labels are on each call that is not among the results."""
    rows: list[_Row] = []
    unknown: Counter[str] = Counter()
    named = by_name(results)
    for label in labels:
        calls = named(label.call)
        if len(calls) > 1:
            raise InvalidSettings(
                f"line {label.line} of the labels: {len(calls)} results are called {label.call}."
                f" Use their ids instead: {', '.join(c.id for c in calls)}."
            )
        if calls:
            rows.append(_Row(label, calls[0]))
        else:
            unknown[label.call] += 1
    if not rows:
        raise InvalidSettings(
            f"no label is on any of the results: the labels speak of {_some(unknown)}, the results"
            f" are {_some(r.facts.call.source for r in results)}."
        )
    _check_repeated(rows)
    agents = _agents(rows)
    return [replace(row, agent=agents[row.result.id]) for row in rows], unknown


def _check_repeated(rows: Iterable[_Row]) -> None:
    seen: dict[tuple[str, str, str], Label] = {}
    for row in rows:
        label = row.label
        before = seen.setdefault((row.result.id, label.mistake, label.reviewer), label)
        if before is not label:
            raise InvalidSettings(
                f"lines {before.line} and {label.line} of the labels: {label.reviewer} judges"
                f" {label.mistake} in {label.call} twice. Keep one."
            )


def _agents(rows: Iterable[_Row]) -> dict[str, str]:
    """Whose each call is: one agent for all its labels, or folds would share a call."""
    agents: dict[str, str] = {}
    for row in rows:
        call, said = row.result.id, row.label.agent
        if said and agents.setdefault(call, said) != said:
            raise InvalidSettings(
                f"line {row.label.line} of the labels: {row.label.call} is of agent {said}, further"
                f" up of {agents[call]}. A call has one agent."
            )
    return {r.result.id: agents.get(r.result.id) or r.result.agent or r.result.id for r in rows}


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _notes(rows: Sequence[_Row], unknown: dict[str, int]) -> Iterable[str]:
    if unknown:
        yield (
            f"{sum(unknown.values())} labels are on calls that are not among the results"
            f" ({_some(unknown)}) and count for nothing"
        )
    if any(row.agent == row.result.id for row in rows):
        yield (
            "some calls name no agent; each stands for an agent of its own, so held-out figures may"
            " be too good where the same person speaks in several"
        )


def _of_mistake(
    mistake: MistakeId, rows: Sequence[_Row], judged: _Judged, options: FitOptions
) -> OfMistake:
    own = [row for row in rows if row.label.mistake == mistake]
    sure = [row for row in own if row.label.verdict != "unsure"]
    scored = [row for row in sure if judged.score(mistake, row.result.id) is not None]
    raw = np.array([judged.score(mistake, row.result.id) for row in scored], dtype=np.float64)
    yes = np.array([row.label.verdict == "yes" for row in scored], dtype=np.bool_)
    agents = np.array([row.agent for row in scored], dtype=np.str_)
    counted = OfMistake(
        id=mistake,
        n_labels=len(scored),
        n_yes=int(yes.sum()),
        n_unsure=len(own) - len(sure),
        n_unscored=len(sure) - len(scored),
        n_agents=len(set(agents)),
        agreement=_agreement(own),
        now=_now(raw, yes),
    )
    if not enough(yes, options):
        return _noted(counted, *_too_few(counted, options))
    return _fitted(counted, raw, yes, agents, judged, options)


def _noted(of: OfMistake, *notes: str) -> OfMistake:
    return replace(of, notes=(*of.notes, *notes))


def _too_few(of: OfMistake, options: FitOptions) -> Iterable[str]:
    if of.n_labels and of.n_yes in (0, of.n_labels):
        answer = "no" if of.n_yes == 0 else "yes"
        yield f"all {of.n_labels} labels say {answer}: nothing to tell apart, no mapping"
    elif of.n_labels:
        told = (
            (of.n_labels, "labels", options.labels),
            (of.n_yes, "yes", options.of_each),
            (of.n_labels - of.n_yes, "no", options.of_each),
        )
        yield "; ".join(
            f"{n} {what} {'is' if n == 1 else 'are'} too few: a mapping needs {least}"
            for n, what, least in told
            if n < least
        )


def _fitted(
    of: OfMistake,
    raw: NDArray[np.float64],
    yes: NDArray[np.bool_],
    agents: NDArray[np.str_],
    judged: _Judged,
    options: FitOptions,
) -> OfMistake:
    digest = judged.settings.limits_digest(of.id)
    held_out = cross_validate(raw, yes, agents, mapped_by(options), folds=options.folds)
    of = replace(of, held_out=held_out if held_out.n else None)
    if of.n_agents < 2:
        of = _noted(of, "all labels are on calls of one agent: nothing can be held out")
    mapping = fit_map(raw, yes, limits_digest=digest, options=options)
    if mapping is None:
        return _noted(of, "higher scores do not get more yes: no mapping is suggested")
    at = raw_limit(mapping)
    if at is None:
        of = _noted(of, "even at the highest score fewer than half say yes: nothing would be found")
    calls = [result.facts for result in judged.results]
    suggestion = suggest(of.id, calls, judged.settings, at) if at else None
    flips = tuple(_flips(of.id, mapping, judged))
    return replace(of, map=mapping, raw_limit=at, suggestion=suggestion, flips=flips)


def _now(raw: NDArray[np.float64], yes: NDArray[np.bool_]) -> HeldOut:
    """Figures of the raw score at its limit; nothing was fitted, so nothing is held out."""
    right, pairs = ordered_pairs(raw, yes)
    precision, recall = found_right(raw >= FOUND_FROM, yes)
    auc = round(float(right / pairs), 3) if pairs else None
    return HeldOut(auc, precision, recall, len(raw))


def _flips(mistake: MistakeId, mapping: ScoreMap, judged: _Judged) -> Iterable[Flip]:
    for result in judged.results:
        verdict = judged.verdicts[result.id][mistake]
        if verdict.score is None:
            continue
        mapped = mapping(verdict.score)
        after: Status = "found" if mapped >= FOUND_FROM else "clear"
        if after != verdict.status:
            name = result.facts.call.source
            yield Flip(name, verdict.status, after, verdict.score, round(mapped, 3))


def _agreement(rows: Sequence[_Row]) -> Agreement:
    """Over yes and no; unsure is no third value but a missing one."""
    sure = [row for row in rows if row.label.verdict != "unsure"]
    units = sorted(sure, key=_unit)
    counts, clusters = [], []
    for (call, _), those in groupby(units, key=_unit):
        answers = [row.label.verdict for row in those]
        counts.append([answers.count("yes"), answers.count("no")])
        clusters.append(call)
    return agreement(np.array(counts, dtype=np.float64).reshape(-1, 2), clusters)


def _unit(row: _Row) -> tuple[str, str]:
    return row.result.id, row.label.mistake
