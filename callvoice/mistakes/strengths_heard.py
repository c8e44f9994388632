"""Strengths that words and voice tell together.

Good news told with a livelier voice: the melody of the agent's turn with the good news is wider
than that of the agent's other turns by a stated ratio, and the turn is not said more quietly. Each
turn is compared with the same voice in the same call: what counts as lively differs from person to
person. False alarms come from a turn that also asks or exclaims something else.

A pause given to a caller with a trouble: from the trouble on the agent does not take the floor
before the caller has ended, then a moment passes, and the agent answers with an apology, a word on
the caller's situation or an acknowledgement. A line with a long delay makes such pauses by itself.

What is not heard at all: laughter and a smile, on either side. A smile shifts the formants by less
than speakers differ, and there are no labelled calls to measure a detector of laughter on; that
none is named says nothing.
"""

from __future__ import annotations

from statistics import median

from callvoice.mistakes.evidence import sure_hits
from callvoice.mistakes.scoring import agent_voice
from callvoice.settings import Limits
from callvoice.types import Facts, Finding, Gap, Hit, Stretch

_ANSWERS = ("apology", "empathy", "acknowledgement")


def lively_news(hit: Hit, facts: Facts, limits: Limits) -> Finding | None:
    """The good news, if the voice is livelier in its turn than in the agent's other turns."""
    turns = _measured_turns(facts, limits)
    mine = _turn_of(hit, turns)
    others = [turn for turn in turns if turn is not mine]
    if mine is None or len(others) < max(limits["lively_turns"].value, 1):
        return None
    spread, quieter = _beside(mine, others)
    limit = limits["lively_spread"]
    if spread < limit.value or quieter > limits["lively_quieter_db"].value:
        return None
    return Finding(
        "agent",
        hit.start_s,
        hit.end_s,
        "strength_lively_news",
        spread,
        limit.value,
        "ratio",
        hit.quote,
    )


def _measured_turns(facts: Facts, limits: Limits) -> list[Stretch]:
    """The agent's turns with enough voice for a melody; none where the voice cannot be judged."""
    agent = agent_voice(facts, limits)
    if isinstance(agent, str):
        return []
    least = limits["lively_voiced_s"].value
    return [
        t for t in agent.turns if t.voiced_s >= least and t.f0_spread_st and t.level_db is not None
    ]


def _turn_of(hit: Hit, turns: list[Stretch]) -> Stretch | None:
    """The turn that has the middle of the phrase."""
    if hit.start_s is None or hit.end_s is None:
        return None
    middle_s = (hit.start_s + hit.end_s) / 2
    return next((t for t in turns if t.start_s <= middle_s <= t.end_s), None)


def _beside(turn: Stretch, others: list[Stretch]) -> tuple[float, float]:
    """How many times wider in melody, and how many dB quieter, than the others' medians."""
    usual_st = median(t.f0_spread_st or 0.0 for t in others)
    usual_db = median(t.level_db or 0.0 for t in others)
    return round((turn.f0_spread_st or 0.0) / usual_st, 2), usual_db - (turn.level_db or 0.0)


def pauses_given(facts: Facts, limits: Limits) -> list[Finding]:
    """Moments that the agent lets pass after a caller's trouble and then answers kindly."""
    troubles = sure_hits(facts, "caller", ("caller_trouble",), limits)
    gaps = dict.fromkeys(_gap_after(trouble, facts) for trouble in troubles)
    found = (_pause_given(gap, facts, limits) for gap in gaps if gap)
    return [finding for finding in found if finding]


def _gap_after(trouble: Hit, facts: Facts) -> Gap | None:
    """The gap before the agent's answer; None if the agent took the floor earlier."""
    if trouble.start_s is None or trouble.end_s is None:
        return None
    agent, talk = facts.call.roles.get("agent"), facts.conversation
    later = [g for g in talk.gaps if g.to_channel == agent and g.end_s >= trouble.end_s]
    gap = min(later, key=lambda g: g.start_s, default=None)
    taken = (
        o.by_channel == agent
        and (o.interruption or o.other_stopped)
        and o.start_s >= trouble.start_s
        for o in talk.overlaps
        if gap and o.start_s < gap.start_s
    )
    return None if any(taken) else gap


def _pause_given(gap: Gap, facts: Facts, limits: Limits) -> Finding | None:
    length, limit = round(gap.end_s - gap.start_s, 2), limits["calm_gap_s"]
    answer = _answer(gap, facts, limits)
    if answer is None or not limit.value <= length <= limits["calm_gap_most_s"].value:
        return None
    return Finding(
        "agent",
        gap.start_s,
        answer.end_s,
        "strength_pause_given",
        length,
        limit.value,
        "s",
        answer.quote,
    )


def _answer(gap: Gap, facts: Facts, limits: Limits) -> Hit | None:
    """The agent's first kind word after the gap."""
    kind = sure_hits(facts, "agent", _ANSWERS, limits)
    timed = [(h.start_s, h) for h in kind if h.start_s is not None and h.end_s is not None]
    until_s = gap.end_s + limits["calm_answer_s"].value
    soon = [(at_s, h) for at_s, h in timed if gap.start_s <= at_s <= until_s]
    return min(soon, key=lambda one: one[0], default=(0.0, None))[1]
