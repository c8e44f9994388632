"""4 · Antiquated, overlong greeting.

Observables: syllables and seconds of the agent's opening without consent notices, and formulas out
of use. Length decides; a formula alone is named as a weak finding. On one channel the first turn is
taken for the agent's, with low confidence.
"""

from __future__ import annotations

from callvoice.mistakes.scoring import (
    FOUND_FROM,
    Sign,
    above,
    doubtful_words,
    not_assessable,
    verdict,
)
from callvoice.settings import Limits
from callvoice.types import Confidence, Facts, Finding, Greeting, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on the opening."""
    if not facts.text.supported:
        return not_assessable("overlong_greeting", "unsupported_language")
    if doubtful_words(facts, limits):
        return not_assessable("overlong_greeting", "noisy_line")
    greeting = facts.text.greeting
    if greeting is None:
        return not_assessable("overlong_greeting", "no_greeting")
    signs = [_length(greeting, limits), _duration(greeting, limits), _formulas(greeting)]
    score = max(sign.score for sign in signs)
    return verdict("overlong_greeting", score, signs, _confidence(facts))


def is_overlong(greeting: Greeting, limits: Limits) -> bool:
    """Whether the greeting alone, without the call's clock where it has none, is too long."""
    signs = (_length(greeting, limits), _duration(greeting, limits))
    return max(sign.score for sign in signs) >= FOUND_FROM


def _confidence(facts: Facts) -> Confidence:
    if not facts.call.roles and not any(t.role for t in facts.transcript.turns):
        return "low"
    return "high" if facts.transcript.source == "given" else "medium"


def _finding(greeting: Greeting, measure: str, value: float, limit: float, unit: str) -> Finding:
    quote = greeting.text if measure == "greeting_syllables" else None  # once is enough
    return Finding("agent", greeting.start_s, greeting.end_s, measure, value, limit, unit, quote)


def _length(greeting: Greeting, limits: Limits) -> Sign:
    limit = limits["syllables"]
    value = float(greeting.n_syllables)
    finding = _finding(greeting, "greeting_syllables", value, limit.value, "syllables")
    return Sign(above(value, limit), (finding,))


def _duration(greeting: Greeting, limits: Limits) -> Sign:
    if greeting.start_s is None or greeting.end_s is None:
        return Sign(0.0)
    limit = limits["duration_s"]
    value = round(greeting.end_s - greeting.start_s, 2)
    finding = _finding(greeting, "greeting_s", value, limit.value, "s")
    return Sign(above(value, limit), (finding,))


def _formulas(greeting: Greeting) -> Sign:
    """Any formula out of use is just over the line: worth naming, weaker than length."""
    findings = tuple(
        Finding("agent", greeting.start_s, greeting.end_s, "antiquated_formula", quote=formula)
        for formula in greeting.antiquated
    )
    return Sign(FOUND_FROM + 0.02 * len(findings) if findings else 0.0, findings)
