"""4 · Antiquated, overlong greeting.

Definition: the caller waits through a string of formulas before the first word of his or her own.

Observables: syllables and net seconds of the agent's opening without consent notices, the number of
its parts, and formulas out of use. Length decides, a little sooner where many parts are strung
together; each language has its own limit. A formula alone is named as a weak finding.

Limits: the middle between the training text's good and bad examples. A long company name that the
house cannot change raises a false alarm. On one channel the first turn is taken for the agent's,
with low confidence.

What it cannot tell: whether callers like the greeting, and whether it was the agent's to choose.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace

from callvoice.mistakes.scoring import (
    FOUND_FROM,
    Sign,
    above,
    doubtful_words,
    not_assessable,
    verdict,
)
from callvoice.settings import Limit, Limits
from callvoice.types import Confidence, Facts, Finding, Greeting, Turn, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on the opening."""
    if not facts.text.supported:
        return not_assessable("overlong_greeting", "unsupported_language")
    if doubtful_words(facts, limits):
        return not_assessable("overlong_greeting", "noisy_line")
    greeting = facts.text.greeting
    if greeting is None:
        return not_assessable("overlong_greeting", "no_greeting")
    seconds = _seconds(greeting, facts.transcript.turns)
    signs = [
        _length(greeting, _syllable_limit(greeting, limits, facts.text.language)),
        _duration(greeting, seconds, limits),
        _formulas(greeting),
    ]
    score = max(sign.score for sign in signs)
    return verdict("overlong_greeting", score, signs, _confidence(facts))


def is_overlong(greeting: Greeting, limits: Limits, language: str = "de") -> bool:
    """Whether the greeting alone, without the call's turns, is too long."""
    length = _length(greeting, _syllable_limit(greeting, limits, language))
    duration = _duration(greeting, _seconds(greeting, ()), limits)
    return max(length.score, duration.score) >= FOUND_FROM


def _syllable_limit(greeting: Greeting, limits: Limits, language: str) -> Limit:
    limit = limits.get(f"syllables_{language}", limits["syllables"])
    if len(set(greeting.parts)) < limits["parts"].value:
        return limit
    return replace(limit, value=limit.value * limits["with_parts_share"].value)


def _seconds(greeting: Greeting, turns: tuple[Turn, ...]) -> float | None:
    """How long the greeting takes, without the gaps in which the caller speaks."""
    start_s, end_s = greeting.start_s, greeting.end_s
    if start_s is None or end_s is None:
        return None
    inside = [
        number
        for number, turn in enumerate(turns)
        if turn.role == "agent" and turn.start_s < end_s and start_s < turn.end_s
    ]
    gaps = ((turns[a], turns[b]) for a, b in pairwise(inside) if b - a > 1)
    return end_s - start_s - sum(max(b.start_s - a.end_s, 0.0) for a, b in gaps)


def _confidence(facts: Facts) -> Confidence:
    if not facts.call.roles and not any(t.role for t in facts.transcript.turns):
        return "low"
    return "high" if facts.transcript.source == "given" else "medium"


def _finding(greeting: Greeting, measure: str, value: float, limit: float, unit: str) -> Finding:
    quote = greeting.text if measure == "greeting_syllables" else None  # once is enough
    return Finding("agent", greeting.start_s, greeting.end_s, measure, value, limit, unit, quote)


def _length(greeting: Greeting, limit: Limit) -> Sign:
    value = float(greeting.n_syllables)
    finding = _finding(greeting, "greeting_syllables", value, limit.value, "syllables")
    return Sign(above(value, limit), (finding,))


def _duration(greeting: Greeting, seconds: float | None, limits: Limits) -> Sign:
    if seconds is None:
        return Sign(0.0)
    limit = limits["duration_s"]
    value = round(seconds, 2)
    finding = _finding(greeting, "greeting_s", value, limit.value, "s")
    return Sign(above(value, limit), (finding,))


def _formulas(greeting: Greeting) -> Sign:
    """Any formula out of use is just over the line: worth naming, weaker than length."""
    findings = tuple(
        Finding("agent", greeting.start_s, greeting.end_s, "antiquated_formula", quote=formula)
        for formula in greeting.antiquated
    )
    return Sign(FOUND_FROM + 0.02 * len(findings) if findings else 0.0, findings)
