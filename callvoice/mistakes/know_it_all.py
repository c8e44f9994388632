"""8 · Lack of empathy, know-it-all behaviour. A sequence, not a word.

Observables in the agent's words: contradiction and lecturing, belittling, excuses, the customer
number before any word on the trouble, show-off language; and a stated trouble that gets no word at
all. Signs add up by weight; one alone is not enough.
"""

from __future__ import annotations

from callvoice.mistakes.scoring import (
    Sign,
    above,
    missing_words,
    not_assessable,
    text_confidence,
    verdict,
)
from callvoice.settings import Limits
from callvoice.types import Facts, Finding, Verdict

AGAINST = ("know_it_all", "dismissive", "excuse", "process_first", "imposing")
_KINDNESS = ("empathy", "apology")


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on phrasing."""
    reason = missing_words(facts, limits)
    if reason:
        return not_assessable("know_it_all", reason)
    limit = limits["signs"]
    weights = {label: limits[f"weight_{label}"].value for label in AGAINST}
    hits = [h for h in facts.text.hits if h.label in weights and h.role == "agent"]
    hits.sort(key=lambda h: (-weights[h.label], h.turn))
    cold = _trouble_without_a_word(facts)
    weight = round(sum(weights[h.label] for h in hits) + len(cold), 2)
    findings = tuple(
        Finding(
            "agent", h.start_s, h.end_s, f"phrase_{h.label}", weight, limit.value, "count", h.quote
        )
        for h in hits
    )
    score = above(weight, limit)
    return verdict("know_it_all", score, [Sign(score, findings + cold)], text_confidence(facts))


def _trouble_without_a_word(facts: Facts) -> tuple[Finding, ...]:
    """The first stated trouble, if the agent finds no word of empathy or apology in the call."""
    hits = facts.text.hits
    if any(h.role == "agent" and h.label in _KINDNESS for h in hits):
        return ()
    trouble = next((h for h in hits if h.label == "caller_trouble" and h.role == "caller"), None)
    if trouble is None:
        return ()
    return (
        Finding(
            "caller", trouble.start_s, trouble.end_s, "unanswered_trouble", quote=trouble.quote
        ),
    )
