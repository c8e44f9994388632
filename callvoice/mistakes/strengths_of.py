"""What went well: the sources put good examples first, and so does the report.

Words in the classes of ``LABELS``, a short greeting with a name and an offer, and what words and
voice tell together (see ``strengths_heard``).
"""

from __future__ import annotations

from callvoice.mistakes.evidence import sure_hits, with_words
from callvoice.mistakes.scoring import doubtful_words
from callvoice.mistakes.strengths_heard import lively_news, pauses_given
from callvoice.settings import Limits, Settings
from callvoice.types import Facts, Finding, Hit

# The best moments first; the order is the training text's weight.
LABELS = (
    "apology",
    "empathy",
    "good_news",
    "together",
    "ownership",
    "offer",
    "name_use",
    "open_question",
    "humour",
    "warm_close",
)


def strengths(facts: Facts, settings: Settings) -> tuple[Finding, ...]:
    """Places of the agent's worth listening to, the strongest kinds first, each once or more."""
    limits = settings.limits_of("strengths")
    if doubtful_words(facts, limits):
        return ()
    found: list[Finding] = []
    for label in LABELS:
        if label == "good_news":
            found += _news(facts, limits)
        else:
            found += map(_said, _of(label, facts, limits))
    return with_words(found, facts.text.hits) + _greeting(facts, settings)


def _of(label: str, facts: Facts, limits: Limits) -> list[Hit]:
    return sorted(sure_hits(facts, "agent", (label,), limits), key=lambda hit: hit.turn)


def _news(facts: Facts, limits: Limits) -> list[Finding]:
    """Where voice and words agree comes before words alone."""
    told = [(lively_news(hit, facts, limits), hit) for hit in _of("good_news", facts, limits)]
    lively = [finding for finding, _ in told if finding]
    plain = [_said(hit) for finding, hit in told if not finding]
    return [*lively, *pauses_given(facts, limits), *plain]


def _said(hit: Hit) -> Finding:
    return Finding("agent", hit.start_s, hit.end_s, f"strength_{hit.label}", quote=hit.quote)


def _greeting(facts: Facts, settings: Settings) -> tuple[Finding, ...]:
    """A greeting well inside the limit, with a name and an offer to help."""
    greeting = facts.text.greeting
    if greeting is None or greeting.antiquated or not {"name", "offer"} <= set(greeting.parts):
        return ()
    limit = settings.limits["overlong_greeting"]["syllables"]
    if greeting.n_syllables > limit.value - limit.scale:
        return ()
    return (
        Finding(
            "agent",
            greeting.start_s,
            greeting.end_s,
            "strength_greeting",
            float(greeting.n_syllables),
            limit.value,
            "syllables",
            greeting.text,
        ),
    )
