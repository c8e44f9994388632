"""1 · Toneless voice: the melody hardly moves.

Observables: robust spread of F0 in semitones over the whole call and the share of stretches with
hardly any melody, both on the agent's own channel. Both must speak for it. Where ``own_z`` is set,
a spread far below the agent's own earlier calls is enough. Melody alone is not the
whole of a toneless voice: bored speech need not be flat, so ``clear`` means "melody moves".
"""

from __future__ import annotations

from callvoice.mistakes.scoring import (
    Sign,
    above,
    against_self,
    agent_voice,
    below,
    not_assessable,
    together,
    verdict,
    voice_confidence,
)
from callvoice.settings import Limits
from callvoice.types import ChannelMeasures, Facts, Finding, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on the agent's melody."""
    agent = agent_voice(facts, limits)
    if isinstance(agent, str):
        return not_assessable("toneless", agent)
    if agent.f0_spread_st is None or agent.voiced_s < limits["agent_voiced_s"].value:
        return not_assessable("toneless", "little_voiced_speech")
    signs = [_spread(agent, agent.f0_spread_st, limits)]
    if agent.flat_share is not None:
        signs.append(_flat(agent, agent.flat_share, limits))
    score = together(signs, at_least=len(signs))
    own = against_self(facts, "f0_spread_st", limits, named="f0_spread_call_st", unit="st", side=-1)
    score, signs = max(score, own.score), [*signs, own]
    return verdict("toneless", score, signs, voice_confidence(agent, limits))


def _spread(agent: ChannelMeasures, spread_st: float, limits: Limits) -> Sign:
    limit = limits["f0_spread_st"]
    least = limits["turn_voiced_s"].value
    spoken = [t for t in agent.turns if t.f0_spread_st is not None and t.voiced_s >= least]
    flattest = sorted(spoken, key=lambda t: t.f0_spread_st or 0.0)[:3]
    places = tuple(
        Finding("agent", t.start_s, t.end_s, "f0_spread_st", t.f0_spread_st, limit.value, "st")
        for t in flattest
    )
    whole = Finding("agent", None, None, "f0_spread_call_st", spread_st, limit.value, "st")
    return Sign(below(spread_st, limit), (whole, *places))


def _flat(agent: ChannelMeasures, share: float, limits: Limits) -> Sign:
    limit = limits["flat_share"]
    finding = Finding("agent", None, None, "flat_share", share, limit.value, "share")
    return Sign(above(share, limit), (finding,))
