"""3 · Voice expresses impatience: the caller is not let finish.

Observables: the agent takes the floor inside the caller's turn and the caller breaks off (needs one
channel per party), and hurrying phrases. Each is one sign; an interruption that the caller talks
through counts half. Short acknowledgements are no interruptions.
"""

from __future__ import annotations

from callvoice.mistakes.scoring import (
    Sign,
    above,
    heard_caller,
    missing_words,
    not_assessable,
    text_confidence,
    verdict,
)
from callvoice.settings import Limits
from callvoice.types import Facts, Finding, Overlap, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on interruptions and hurrying phrases."""
    caller = heard_caller(facts, limits)
    if isinstance(caller, str):
        return not_assessable("impatient", caller)
    reason = missing_words(facts, limits)
    if reason:
        return not_assessable("impatient", reason)
    limit, talked_through = limits["signs"], limits["talked_through"].value
    interruptions = _interruptions(facts)
    phrases = [h for h in facts.text.hits if h.label == "impatient" and h.role == "agent"]
    count = sum(1.0 if o.other_stopped else talked_through for o in interruptions) + len(phrases)
    findings = tuple(
        Finding("agent", o.start_s, o.end_s, "interruption", count, limit.value, "count")
        for o in interruptions
    ) + tuple(
        Finding(
            "agent", h.start_s, h.end_s, "hurrying_phrase", count, limit.value, "count", h.quote
        )
        for h in phrases
    )
    score = above(count, limit)
    return verdict("impatient", score, [Sign(score, findings)], text_confidence(facts))


def _interruptions(facts: Facts) -> list[Overlap]:
    agent = facts.call.roles.get("agent")
    return [o for o in facts.conversation.overlaps if o.interruption and o.by_channel == agent]
