"""New limits on what was measured: from stored facts, without sound and without a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from callvoice.batch.intake import kept_of, rekeyed
from callvoice.batch.key import Recipe
from callvoice.batch.stored import stored
from callvoice.judging import ReportLanguage, facts_of, judge, judge_again
from callvoice.pipeline import default_language, read_again
from callvoice.settings import Settings
from callvoice.store import Result, Store, Task
from callvoice.types import MistakeId, Report, Status

_AT_ONCE = 100


@dataclass
class Rejudged:
    """What came of it. ``without_facts`` are calls whose stored facts are gone or damaged;
    ``changes`` count verdicts by (mistake, before, after).
    """

    n_calls: int = 0
    without_facts: list[str] = field(default_factory=list)
    changes: Counter[tuple[MistakeId, Status, Status]] = field(default_factory=Counter)

    def count(self, before: Report, after: Report) -> None:
        """A call that was judged again."""
        self.n_calls += 1
        for old, new in zip(before.mistakes, after.mistakes, strict=True):
            if old.status != new.status:
                self.changes[new.id, old.status, new.status] += 1


def rejudge(
    store: Store,
    settings: Settings,
    *,
    report_language: ReportLanguage | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Rejudged:
    """Judge all calls of a store again and keep the new reports.

    It may be broken off at any moment: every call then has its old or its new report. Where other
    lexicons are in force than when a call was analysed, its text is read again as well.

    Args:
        store: with the facts of analysed calls.
        settings: the limits and lexicons from now on.
        report_language: None for each call's own.
        progress: called with (calls done, calls in all).
    """
    ids, done = store.call_ids(), Rejudged()
    again = _Rejudging(settings, report_language, done)
    for at in range(0, len(ids), _AT_ONCE):
        some = ids[at : at + _AT_ONCE]
        tasks = store.tasks(some)
        judged = [
            result
            for call_id, task in tasks.items()
            if (result := again(task, stored(store.artefacts, call_id)))
        ]
        store.save([r.result for r in judged if r.read_again])
        store.rejudged([r.result for r in judged if not r.read_again])
        if progress:
            progress(at + len(some), len(ids))
    return done


class _Again(NamedTuple):
    result: Result
    read_again: bool


@dataclass(frozen=True)
class _Rejudging:
    settings: Settings
    report_language: ReportLanguage | None
    sum: Rejudged

    def __call__(self, task: Task, before: Report | None) -> _Again | None:
        """The new result; None where the facts are not kept."""
        if before is None:
            self.sum.without_facts.append(task.source)
            return None
        task, other_lexicons = self._rekeyed(task)
        facts, language = facts_of(before), self.report_language or default_language(before.call)
        if other_lexicons:
            facts = read_again(facts, self.settings)
            after = judge(facts, self.settings, language=language, provenance=before.provenance)
        else:
            after = judge_again(before, self.settings, language=language)
        self.sum.count(before, after)
        return _Again(Result(task, after, facts), other_lexicons)

    def _rekeyed(self, task: Task) -> tuple[Task, bool]:
        """The task under the key that a batch with these settings gives it."""
        of_batch = kept_of(task)
        if of_batch is None:  # from elsewhere: its key says nothing of its limits
            return task, False
        made = of_batch.basis.made
        recipe = Recipe(made.model, made.revision, self.settings, self.report_language)
        basis = replace(of_batch.basis, made=replace(made, lexicons=recipe.made.lexicons))
        return rekeyed(task, basis, recipe), basis != of_batch.basis
