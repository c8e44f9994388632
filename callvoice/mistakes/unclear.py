"""6 · Careless, unclear articulation. The least certain of all.

Observables: the caller asks to repeat, and the recogniser's own doubt about the agent's words, both
only on a line good enough that the doubt is not its fault. An accent must never count: doubt alone
stays a weak finding, and the confidence is always low.
"""

from __future__ import annotations

from callvoice.mistakes.scoring import (
    Sign,
    above,
    agent_voice,
    missing_words,
    not_assessable,
    verdict,
)
from callvoice.settings import Limits
from callvoice.types import ChannelMeasures, Facts, Finding, Turn, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on intelligibility."""
    agent = agent_voice(facts, limits)
    if isinstance(agent, str):
        return not_assessable("unclear", agent)
    reason = missing_words(facts, limits) or _line(agent, limits)
    if reason:
        return not_assessable("unclear", reason)
    signs = [_repairs(facts, limits), _doubt(facts, limits)]
    return verdict("unclear", max(s.score for s in signs), signs, "low")


def _line(agent: ChannelMeasures, limits: Limits) -> str | None:
    """Doubt on a poor line is the line's; an unknown line counts as poor."""
    good = agent.snr_db is not None and agent.snr_db >= limits["good_line_snr_db"].value
    return None if good else "noisy_line"


def _repairs(facts: Facts, limits: Limits) -> Sign:
    limit = limits["repair_requests"]
    asked = [h for h in facts.text.hits if h.label == "caller_repair" and h.role == "caller"]
    findings = tuple(
        Finding(
            "caller",
            h.start_s,
            h.end_s,
            "repair_request",
            len(asked),
            limit.value,
            "count",
            h.quote,
        )
        for h in asked
    )
    return Sign(above(len(asked), limit), findings)


def _doubt(facts: Facts, limits: Limits) -> Sign:
    turns = [t for t in facts.transcript.turns if t.role == "agent"]
    odds = [w.probability for t in turns for w in t.words if w.probability is not None]
    if len(odds) < limits["words"].value:
        return Sign(0.0)
    limit, even = limits["doubtful_share"], limits["doubtful_below"].value
    share = sum(p < even for p in odds) / len(odds)
    worst = sorted(turns, key=lambda turn: _doubtful(turn, even), reverse=True)[:3]
    findings = tuple(
        Finding("agent", t.start_s, t.end_s, "doubtful_share", share, limit.value, "share", t.text)
        for t in worst
    )
    return Sign(above(share, limit), findings)


def _doubtful(turn: Turn, even: float) -> int:
    return sum(w.probability is not None and w.probability < even for w in turn.words)
