"""The transcript as the page shows it: turns, words with their times, and what is marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from callvoice.types import Finding, Report, Role, Turn, Word


@dataclass(frozen=True)
class Run:
    """Words in a row; ``mark`` is "finding" or "strength" where they are part of a quote, or ""."""

    mark: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class ShownTurn:
    """A turn in runs of equally marked words."""

    role: Role | None
    start_s: float
    end_s: float
    runs: tuple[Run, ...]


def has_word_times(report: Report) -> bool:
    """Whether the words' times were heard, not spread evenly for the page."""
    return all(turn.words for turn in report.transcript.turns)


def shown_turns(report: Report) -> list[ShownTurn]:
    """The turns of a report's transcript with the words marked that findings quote."""
    findings = [f for mistake in report.mistakes for f in mistake.findings]
    return [_shown(turn, findings, report.strengths) for turn in report.transcript.turns]


def _shown(turn: Turn, findings: Sequence[Finding], strengths: Sequence[Finding]) -> ShownTurn:
    words = turn.words or _spread(turn)
    marks = dict.fromkeys(_quoted(turn, words, findings), "finding")
    marks |= dict.fromkeys(_quoted(turn, words, strengths), "strength")
    by_mark = groupby(enumerate(words), key=lambda placed: marks.get(placed[0], ""))
    runs = tuple(Run(mark, tuple(word for _, word in run)) for mark, run in by_mark)
    return ShownTurn(turn.role, turn.start_s, turn.end_s, runs)


def _spread(turn: Turn) -> tuple[Word, ...]:
    """Words of a turn without word times, spread over it by their letters."""
    parts = turn.text.split()
    letters = [0, *accumulate(len(part) + 1 for part in parts)]
    s_per_letter = (turn.end_s - turn.start_s) / max(letters[-1], 1)
    edges = [round(turn.start_s + s_per_letter * count, 3) for count in letters]
    return tuple(
        Word(part, start_s, end_s)
        for part, (start_s, end_s) in zip(parts, pairwise(edges), strict=True)
    )


def _quoted(turn: Turn, words: Sequence[Word], findings: Sequence[Finding]) -> set[int]:
    """Which words the findings quote. Findings without a quote or a place mark none."""
    return {
        place
        for finding in findings
        if finding.quote and turn.role == finding.role and _meet(turn, finding)
        for place in _matching(words, finding.quote)
    }


def _meet(turn: Turn, finding: Finding) -> bool:
    if finding.start_s is None or finding.end_s is None:
        return False
    return turn.start_s < finding.end_s and turn.end_s > finding.start_s


def _matching(words: Sequence[Word], quote: str) -> range:
    """Where the quote's words stand among a turn's words; empty where they do not."""
    wanted = [_bare(part) for part in quote.split()]
    said = [_bare(word.text) for word in words]
    for start in range(len(said) - len(wanted) + 1):
        if said[start : start + len(wanted)] == wanted:
            return range(start, start + len(wanted))
    return range(0)


def _bare(word: str) -> str:
    return re.sub(r"\W", "", word).casefold()
