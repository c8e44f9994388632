"""5 · Rushed voice: speech under pressure, without pauses to follow in.

Observables on the agent's channel: long runs without a pause of 250 ms, few and short pauses, no
gap before answering. At least two must speak for it together. Distinct from mistake 7, which is
tempo alone.
"""

from __future__ import annotations

from statistics import median

from callvoice.mistakes.scoring import (
    Sign,
    above,
    agent_voice,
    below,
    not_assessable,
    together,
    verdict,
    voice_confidence,
)
from callvoice.settings import Limits
from callvoice.types import ChannelMeasures, Facts, Finding, Interval, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on pauses and runs."""
    agent = agent_voice(facts, limits)
    if isinstance(agent, str):
        return not_assessable("rushed", agent)
    signs = [
        _longest_run(agent, limits),
        _runs(agent, limits),
        _pauses(agent, limits),
        _gaps(facts, limits),
    ]
    score = together(signs, at_least=int(limits["observables"].value))
    return verdict("rushed", score, signs, voice_confidence(agent, limits))


def runs_between_pauses(agent: ChannelMeasures) -> list[Interval]:
    """Stretches of the agent's turns that no pause interrupts."""
    runs = []
    for turn in agent.turns:
        inside = [p for p in agent.pauses if turn.start_s < p.start_s and p.end_s < turn.end_s]
        edges = [turn.start_s, *(t for p in inside for t in (p.start_s, p.end_s)), turn.end_s]
        runs += [Interval(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return runs


def _longest_run(agent: ChannelMeasures, limits: Limits) -> Sign:
    limit = limits["longest_run_s"]
    longest = sorted(runs_between_pauses(agent), key=lambda r: r.start_s - r.end_s)[:3]
    if not longest:
        return Sign(0.0)
    findings = tuple(
        Finding("agent", r.start_s, r.end_s, "run_s", r.end_s - r.start_s, limit.value, "s")
        for r in longest
        if r.end_s - r.start_s >= limit.value
    )
    return Sign(above(longest[0].end_s - longest[0].start_s, limit), findings)


def _runs(agent: ChannelMeasures, limits: Limits) -> Sign:
    """The median run, weighted by its length: what a listener mostly hears."""
    rate = agent.text_rate_syll_s or agent.articulation_rate_syll_s
    runs = sorted(r.end_s - r.start_s for r in runs_between_pauses(agent))
    if rate is None or not runs:
        return Sign(0.0)
    limit = limits["run_syllables"]
    half, heard = sum(runs) / 2, 0.0
    typical = runs[-1]
    for run in runs:
        heard += run
        if heard >= half:
            typical = run
            break
    value = round(typical * rate, 1)
    finding = Finding("agent", None, None, "run_syllables", value, limit.value, "syllables")
    return Sign(above(value, limit), (finding,))


def _pauses(agent: ChannelMeasures, limits: Limits) -> Sign:
    limit = limits["pause_share"]
    paused = sum(turn.pause_s for turn in agent.turns)
    spoken = sum(turn.speech_s for turn in agent.turns)
    if not spoken:
        return Sign(0.0)
    share = paused / (paused + spoken)
    finding = Finding("agent", None, None, "pause_share", round(share, 3), limit.value, "share")
    return Sign(below(share, limit), (finding,))


def _gaps(facts: Facts, limits: Limits) -> Sign:
    agent = facts.call.roles.get("agent")
    gaps = [g for g in facts.conversation.gaps if g.to_channel == agent]
    if len(gaps) < limits["gaps"].value:
        return Sign(0.0)
    limit = limits["response_gap_s"]
    value = round(median(g.end_s - g.start_s for g in gaps), 3)
    finding = Finding("agent", None, None, "no_response_gap", value, limit.value, "s")
    return Sign(below(value, limit), (finding,))
