"""2 · Indifferent voice: the caller hears no sign of being listened to.

Definition: what a listener does to show that he or she is there does not happen.

Observables on both channels: acknowledgements, as words and as the short "mhm" while the caller
speaks; the gap before answering; one-word answers; no word on a stated trouble; a voice that gets
quieter over the call. At least two must speak for it together. That the caller's name never falls
supports a finding and decides nothing.

Limits: working values; a gap of 0.2 s is usual and noticed from 0.6 s on. Looking something up
makes long gaps, a caller who asks yes-or-no questions makes short answers, a handset that slips
makes a quieter voice: hence two.

What it cannot tell: what the agent felt, and whether the caller missed anything.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import linear_regression, median

from callvoice.mistakes.evidence import sure_hits
from callvoice.mistakes.scoring import (
    Sign,
    above,
    below,
    heard_caller,
    missing_words,
    not_assessable,
    text_confidence,
    together,
    verdict,
)
from callvoice.settings import Limits
from callvoice.types import ChannelMeasures, Facts, Finding, Gap, Hit, Turn, Verdict

_ANSWERS = ("empathy", "apology", "together", "ownership")


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on signs of listening."""
    caller = heard_caller(facts, limits)
    if isinstance(caller, str):
        return not_assessable("indifferent", caller)
    reason = missing_words(facts, limits)
    if reason:
        return not_assessable("indifferent", reason)
    signs = [
        _acknowledgements(facts, caller, limits),
        _gaps(facts, limits),
        _short_answers(facts, limits),
        _troubles(facts, limits),
        _falling_level(facts, limits),
    ]
    score = together(signs, at_least=int(limits["observables"].value))
    signs.append(_no_name(facts, caller, limits))
    return verdict("indifferent", score, signs, text_confidence(facts))


def _acknowledgements(facts: Facts, caller: ChannelMeasures, limits: Limits) -> Sign:
    limit = limits["acknowledgements_per_min"]
    if caller.speech_s < limits["acknowledged_speech_s"].value:
        return Sign(0.0)
    agent = facts.call.roles.get("agent")
    said = sum(h.label == "acknowledgement" and h.role == "agent" for h in facts.text.hits)
    heard = sum(b.by_channel == agent for b in facts.conversation.backchannels)
    rate = (said + heard) / (caller.speech_s / 60)
    finding = Finding(
        "agent", None, None, "acknowledgements_per_min", round(rate, 2), limit.value, "1/min"
    )
    return Sign(below(rate, limit), (finding,))


def _answers(facts: Facts) -> list[Gap]:
    agent = facts.call.roles.get("agent")
    return [gap for gap in facts.conversation.gaps if gap.to_channel == agent]


def _gaps(facts: Facts, limits: Limits) -> Sign:
    gaps = _answers(facts)
    if not gaps:
        return Sign(0.0)
    limit = limits["response_gap_s"]
    typical = median(g.end_s - g.start_s for g in gaps)
    longest = sorted(gaps, key=lambda g: g.start_s - g.end_s)[:3]
    lengths = [round(g.end_s - g.start_s, 2) for g in longest]
    findings = tuple(
        Finding("agent", g.start_s, g.end_s, "response_gap_s", length, limit.value, "s")
        for g, length in zip(longest, lengths, strict=True)
    )
    return Sign(above(typical, limit), findings)


def _short_answers(facts: Facts, limits: Limits) -> Sign:
    limit, n_words = limits["short_answer_share"], limits["short_answer_words"].value
    turns = [t for t in facts.transcript.turns if t.role == "agent"]
    apart_s = limits["short_answer_apart_s"].value
    alone = [a and b for a, b in pairwise([True, *_apart(turns, apart_s), True])]
    short = [
        t for t, own in zip(turns, alone, strict=True) if own and len(t.text.split()) <= n_words
    ]
    share = round(len(short) / len(turns), 3)
    findings = tuple(
        Finding("agent", t.start_s, t.end_s, "short_answer", share, limit.value, "share", t.text)
        for t in short[:3]
    )
    return Sign(above(share, limit), findings)


def _apart(turns: list[Turn], seconds: float) -> list[bool]:
    """Whether each turn but the last is over well before the party's next: else the two are pieces
    of one answer, into which the other has spoken.
    """
    return [b.start_s - a.end_s >= seconds for a, b in pairwise(turns)]


def _troubles(facts: Facts, limits: Limits) -> Sign:
    limit = limits["unanswered_troubles"]
    troubles = sure_hits(facts, "caller", ("caller_trouble",), limits)
    within = int(limits["answer_within_turns"].value)
    unanswered = [] if _any_answer(facts, troubles, within) else troubles[:1]
    findings = tuple(
        Finding(
            "caller", h.start_s, h.end_s, "unanswered_trouble", 1.0, limit.value, "count", h.quote
        )
        for h in unanswered
    )
    return Sign(above(len(unanswered), limit), findings)


def _any_answer(facts: Facts, troubles: list[Hit], within: int) -> bool:
    """Whether some trouble is followed soon by a word of the agent's on it."""
    return any(
        hit.role == "agent" and hit.label in _ANSWERS and 0 < hit.turn - trouble.turn <= within
        for hit in facts.text.hits
        for trouble in troubles
    )


def _falling_level(facts: Facts, limits: Limits) -> Sign:
    """How much the straight line through the levels of the agent's turns falls."""
    agent = facts.party("agent")
    turns = [t for t in agent.turns if t.level_db is not None] if agent else []
    if len(turns) < max(limits["falling_turns"].value, 2):
        return Sign(0.0)
    times_s = [(t.start_s + t.end_s) / 2 for t in turns]
    line = linear_regression(times_s, [t.level_db or 0.0 for t in turns])
    limit, fall_db = limits["level_fall_db"], line.slope * (times_s[0] - times_s[-1])
    late = min(turns[len(turns) // 2 :], key=lambda t: t.level_db or 0.0)
    finding = Finding(
        "agent", late.start_s, late.end_s, "level_fall_db", round(fall_db, 1), limit.value, "dB"
    )
    return Sign(above(fall_db, limit), (finding,))


def _no_name(facts: Facts, caller: ChannelMeasures, limits: Limits) -> Sign:
    if caller.speech_s < limits["acknowledged_speech_s"].value:
        return Sign(0.0)
    limit = limits["name_uses"]
    uses = sum(h.label == "name_use" and h.role == "agent" for h in facts.text.hits)
    finding = Finding("agent", None, None, "name_uses", float(uses), limit.value, "count")
    return Sign(below(uses, limit), (finding,))
