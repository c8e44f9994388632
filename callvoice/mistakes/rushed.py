"""5 · Rushed voice: speech under pressure, without pauses to follow in.

Definition: one thought follows the other without a pause, and so does the agent on the caller.

Observables on the agent's channel: long runs without a pause of 250 ms, few and short pauses, no
gap before answering, a rate that rises over the call. At least two must speak for it together.
Distinct from mistake 7, which is tempo alone.

Limits: working values beside what conversation has (runs of 8–15 syllables, 15–25 % pauses, gaps of
about 0.2 s). False alarms come from a recorder that cuts silence out, and from reading terms aloud.

What it cannot tell: whether the caller was in a hurry too and glad of it.
"""

from __future__ import annotations

from itertools import accumulate
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
from callvoice.types import ChannelMeasures, Facts, Finding, Interval, Stretch, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on pauses and runs."""
    agent = agent_voice(facts, limits)
    if isinstance(agent, str):
        return not_assessable("rushed", agent)
    signs = [
        _runs(agent, limits),
        _pauses(agent, limits),
        _gaps(facts, limits),
        _rise(agent, limits),
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


def _runs(agent: ChannelMeasures, limits: Limits) -> Sign:
    """Long runs as a habit: the typical one and the longest must both be long."""
    runs = sorted(runs_between_pauses(agent), key=lambda r: r.start_s - r.end_s)
    rate = agent.text_rate_syll_s or agent.articulation_rate_syll_s
    if rate is None or not runs:
        return Sign(0.0)
    seconds, syllables = limits["longest_run_s"], limits["run_syllables"]
    typical = round(_typical_s(runs) * rate, 1)
    lengths = [round(r.end_s - r.start_s, 2) for r in runs]
    places = tuple(
        Finding("agent", r.start_s, r.end_s, "run_s", length, seconds.value, "s")
        for r, length in zip(runs[:3], lengths, strict=False)
        if length >= seconds.value
    )
    habit = Finding("agent", None, None, "run_syllables", typical, syllables.value, "syllables")
    score = min(above(lengths[0], seconds), above(typical, syllables))
    return Sign(score, (*places, habit))


def _typical_s(runs: list[Interval]) -> float:
    """The run in which the middle second of speech lies: what a listener mostly hears."""
    lengths = sorted((r.end_s - r.start_s for r in runs), reverse=True)
    heard = list(accumulate(lengths))
    return next(
        length for length, so_far in zip(lengths, heard, strict=True) if so_far >= heard[-1] / 2
    )


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


def _rise(agent: ChannelMeasures, limits: Limits) -> Sign:
    """The rate's straight line from the first window to the last."""
    slope = agent.tempo.rate_slope_syll_s_min if agent.tempo else None
    if slope is None or not agent.windows or agent.speech_s < limits["rising_speech_s"].value:
        return Sign(0.0)
    limit, windows = limits["rate_rise_syll_s"], agent.windows
    centre_s = [(w.start_s + w.end_s) / 2 for w in windows]
    rise = round(slope * (centre_s[-1] - centre_s[0]) / 60, 2)
    late = max(windows[-(-len(windows) // 2) :] or windows, key=_rate)
    finding = Finding(
        "agent", late.start_s, late.end_s, "rate_rise_syll_s", rise, limit.value, "syll/s"
    )
    return Sign(above(rise, limit), (finding,))


def _rate(window: Stretch) -> float:
    return window.articulation_rate_syll_s or 0.0
