"""1 · Toneless voice: the melody hardly moves.

Definition: speech whose pitch, phrase after phrase, stays near one height.

Observables, all on the agent's own channel: the robust spread of F0 in semitones over the whole
call; the share of stretches with hardly any melody; the share of phrases that end without a fall or
a rise. The spread must speak for it and one of the shares with it. A small distance of loud and
soft voice supports a finding and decides nothing. Where ``own_z`` is set, a spread far below the
agent's own earlier calls is enough.

Limits: conversational German has a spread of about 2–4 st; the others are working values. A voice
that stays low in pitch for other reasons (a cold, creak, a language with less melody) and a read
announcement raise false alarms.

What it cannot tell: melody is not the whole of a toneless voice. Bored speech need not be flat, so
``clear`` means "melody moves".
"""

from __future__ import annotations

from callvoice.mistakes.scoring import (
    Sign,
    above,
    against_self,
    agent_voice,
    below,
    not_assessable,
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
    spread = _spread(agent, agent.f0_spread_st, limits)
    shares = [*_flat(agent, limits), *_endings(agent, limits)]
    own = against_self(facts, "f0_spread_st", limits, named="f0_spread_call_st", unit="st", side=-1)
    score = max(_with_one_of(spread, shares), own.score)
    signs = [spread, *shares, own, *_depth(agent, limits)]
    return verdict("toneless", score, signs, voice_confidence(agent, limits))


def _with_one_of(spread: Sign, shares: list[Sign]) -> float:
    """The spread, held back until one of the shares speaks too; alone where there is none."""
    return min(spread.score, max((share.score for share in shares), default=1.0))


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


def _flat(agent: ChannelMeasures, limits: Limits) -> tuple[Sign, ...]:
    if agent.flat_share is None:
        return ()
    limit, share = limits["flat_share"], agent.flat_share
    finding = Finding("agent", None, None, "flat_share", share, limit.value, "share")
    return (Sign(above(share, limit), (finding,)),)


def _endings(agent: ChannelMeasures, limits: Limits) -> tuple[Sign, ...]:
    melody = agent.melody
    n = melody.n_falls + melody.n_rises + melody.n_level if melody else 0
    if melody is None or n < max(limits["endings"].value, 1):
        return ()
    limit, share = limits["level_ending_share"], round(melody.n_level / n, 3)
    finding = Finding("agent", None, None, "level_ending_share", share, limit.value, "share")
    return (Sign(above(share, limit), (finding,)),)


def _depth(agent: ChannelMeasures, limits: Limits) -> tuple[Sign, ...]:
    if agent.effort is None:
        return ()
    limit, depth_db = limits["level_depth_db"], agent.effort.level_depth_db
    finding = Finding("agent", None, None, "level_depth_db", depth_db, limit.value, "dB")
    return (Sign(below(depth_db, limit), (finding,)),)
