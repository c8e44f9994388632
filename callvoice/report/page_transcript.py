"""The transcript as the page shows it: turns, words with their times, and what is marked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from callvoice.types import Finding, Report, Role, Turn, Word


@dataclass(frozen=True)
class Run:
    """Words in a row; ``mark`` is "finding" or "strength" where they are part of a quote, or ""."""

    mark: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class ShownTurn:
    """A turn; without word times ``runs`` is empty and ``text`` is shown as a whole."""

    role: Role | None
    start_s: float
    end_s: float
    text: str
    runs: tuple[Run, ...]


def shown_turns(report: Report) -> list[ShownTurn]:
    """The turns of a report's transcript with the words marked that findings quote."""
    findings = [f for mistake in report.mistakes for f in mistake.findings]
    marks = {
        **_quoted_words(report.transcript.turns, findings, "finding"),
        **_quoted_words(report.transcript.turns, report.strengths, "strength"),
    }
    return [_shown(turn, number, marks) for number, turn in enumerate(report.transcript.turns)]


def _shown(turn: Turn, number: int, marks: dict[tuple[int, int], str]) -> ShownTurn:
    by_mark = groupby(enumerate(turn.words), key=lambda at: marks.get((number, at[0]), ""))
    runs = tuple(Run(mark, tuple(word for _, word in run)) for mark, run in by_mark)
    return ShownTurn(turn.role, turn.start_s, turn.end_s, turn.text.strip(), runs)


def _quoted_words(
    turns: Sequence[Turn], findings: Sequence[Finding], mark: str
) -> dict[tuple[int, int], str]:
    """Turn and word numbers of what the findings quote. Unquoted findings mark no words."""
    return {
        (number, place): mark
        for finding in findings
        if finding.quote and finding.start_s is not None and finding.end_s is not None
        for number, turn in enumerate(turns)
        if turn.role == finding.role and _meet(turn, finding.start_s, finding.end_s)
        for place in _between(turn.words, finding.start_s, finding.end_s)
    }


def _meet(turn: Turn, start_s: float, end_s: float) -> bool:
    return turn.start_s < end_s and turn.end_s > start_s


def _between(words: Sequence[Word], start_s: float, end_s: float) -> range:
    """Words whose middle lies in the stretch."""
    middles = [(word.start_s + word.end_s) / 2 for word in words]
    return range(bisect_left(middles, start_s), bisect_left(middles, end_s))
