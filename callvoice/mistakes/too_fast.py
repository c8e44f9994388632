"""7 · Speaking too fast.

Observable: the articulation rate, syllables a second of the agent's speech with pauses removed;
from the words where there are any, else from the sound; over the whole call and turn by turn.
Being faster than the caller supports a finding and decides nothing alone; being faster than in the
agent's own earlier calls counts where ``own_z`` is set.
"""

from __future__ import annotations

from callvoice.mistakes.scoring import (
    Sign,
    above,
    against_self,
    agent_voice,
    not_assessable,
    verdict,
    voice_confidence,
)
from callvoice.settings import Limits
from callvoice.types import ChannelMeasures, Facts, Finding, Stretch, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on tempo."""
    agent = agent_voice(facts, limits)
    if isinstance(agent, str):
        return not_assessable("too_fast", agent)
    rate = agent.text_rate_syll_s or agent.articulation_rate_syll_s
    if rate is None:
        return not_assessable("too_fast", "little_agent_speech")
    signs = [_overall(agent, rate, limits), _share(agent, limits)]
    signs.append(_against_self(facts, agent, limits))
    score = max(s.score for s in signs)
    signs.append(_against_caller(facts, rate, limits))
    return verdict("too_fast", score, signs, voice_confidence(agent, limits))


def _rate(turn: Stretch) -> float:
    return turn.text_rate_syll_s or turn.articulation_rate_syll_s or 0.0


def _long_turns(agent: ChannelMeasures, limits: Limits) -> list[Stretch]:
    least = limits["turn_speech_s"].value
    return [t for t in agent.turns if t.speech_s >= least and _rate(t)]


def _overall(agent: ChannelMeasures, rate: float, limits: Limits) -> Sign:
    limit = limits["rate_too_fast_syll_s"]
    whole = Finding("agent", None, None, "rate_call_syll_s", rate, limit.value, "syll/s")
    return Sign(above(rate, limit), (whole, *_fastest(agent, limits)))


def _fastest(agent: ChannelMeasures, limits: Limits) -> tuple[Finding, ...]:
    limit = limits["rate_too_fast_syll_s"]
    fastest = sorted(_long_turns(agent, limits), key=_rate, reverse=True)[:3]
    return tuple(
        Finding("agent", t.start_s, t.end_s, "rate_syll_s", _rate(t), limit.value, "syll/s")
        for t in fastest
        if _rate(t) >= limit.value
    )


def _share(agent: ChannelMeasures, limits: Limits) -> Sign:
    turns = _long_turns(agent, limits)
    spoken = sum(t.speech_s for t in turns)
    if not spoken:
        return Sign(0.0)
    fast = sum(t.speech_s for t in turns if _rate(t) >= limits["rate_too_fast_syll_s"].value)
    limit = limits["fast_share"]
    value = round(fast / spoken, 3)
    finding = Finding("agent", None, None, "fast_share", value, limit.value, "share")
    return Sign(above(value, limit), (finding,))


def _against_self(facts: Facts, agent: ChannelMeasures, limits: Limits) -> Sign:
    measure = "text_rate_syll_s" if agent.text_rate_syll_s else "articulation_rate_syll_s"
    return against_self(facts, measure, limits, named="rate_call_syll_s", unit="syll/s", side=1)


def _against_caller(facts: Facts, rate: float, limits: Limits) -> Sign:
    caller = facts.party("caller")
    theirs = caller and (caller.text_rate_syll_s or caller.articulation_rate_syll_s)
    if not theirs:
        return Sign(0.0)
    limit = limits["faster_than_caller"]
    value = round(rate / theirs, 2)
    finding = Finding("agent", None, None, "faster_than_caller", value, limit.value, "ratio")
    return Sign(above(value, limit), (finding,))
