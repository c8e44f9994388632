"""The eight mistakes: facts and limits in, verdicts out. Every opinion of callvoice lives here.

Judges are pure functions of ``(Facts, Limits)``: changing a limit and judging again needs neither
sound nor model.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from callvoice.mistakes import (
    impatient,
    indifferent,
    know_it_all,
    overlong_greeting,
    rushed,
    toneless,
    too_fast,
    unclear,
)
from callvoice.mistakes.evidence import with_words
from callvoice.mistakes.overlong_greeting import is_overlong
from callvoice.mistakes.scoring import calibrated
from callvoice.mistakes.strengths_of import strengths
from callvoice.settings import Limits, Settings
from callvoice.types import Facts, MistakeId, Verdict

__all__ = ["JUDGES", "is_overlong", "judge", "strengths"]

# The training text's order, which is also the report's.
JUDGES: tuple[tuple[MistakeId, Callable[[Facts, Limits], Verdict]], ...] = (
    ("toneless", toneless.judge),
    ("indifferent", indifferent.judge),
    ("impatient", impatient.judge),
    ("overlong_greeting", overlong_greeting.judge),
    ("rushed", rushed.judge),
    ("unclear", unclear.judge),
    ("too_fast", too_fast.judge),
    ("know_it_all", know_it_all.judge),
)


def judge(facts: Facts, settings: Settings) -> tuple[Verdict, ...]:
    """All eight verdicts, in order; scores are calibrated only where ``settings`` name how."""
    verdicts = (
        calibrated(judge_one(facts, settings.limits_of(name)), settings.score_map(name))
        for name, judge_one in JUDGES
    )
    return tuple(
        replace(verdict, findings=with_words(verdict.findings, facts.text.hits))
        for verdict in verdicts
    )
