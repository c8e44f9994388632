"""What all judges share: the score's scale, enough material, and verdicts.

The score is a stated monotone scale, not a probability: 0.50 where a measure meets its limit, 0.73
one ``scale`` beyond it, 0.27 one ``scale`` before it (a logistic). A mistake is found from 0.50 on.
Where the configuration names a calibration, the raw score passes through its mapping and is the
share of listeners who are expected to agree; found from one half of them on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp, log
from statistics import fmean
from typing import Literal

from msgspec.structs import replace

from callvoice.settings import Limit, Limits, ScoreMap
from callvoice.types import ChannelMeasures, Confidence, Facts, Finding, MistakeId, Verdict

FOUND_FROM = 0.5


@dataclass(frozen=True)
class Sign:
    """One observable against its limit: how strongly it speaks for the mistake, and where."""

    score: float
    findings: tuple[Finding, ...] = field(default=())


def above(value: float, limit: Limit) -> float:
    """The score of a measure that speaks for the mistake when it is high."""
    return _logistic((value - limit.value) / limit.scale)


def below(value: float, limit: Limit) -> float:
    """The score of a measure that speaks for the mistake when it is low."""
    return _logistic((limit.value - value) / limit.scale)


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + exp(-max(min(x, 50.0), -50.0)))


def against_self(
    facts: Facts, measure: str, limits: Limits, *, named: str, unit: str, side: Literal[-1, 1]
) -> Sign:
    """How far a measure is from the agent's own earlier calls, above (1) or below (−1) them.

    Speaks only where the limit ``own_z`` is set. Within the usual range it lowers nothing. The
    finding states the own limit in the measure's unit.
    """
    own = facts.baseline.of(measure) if facts.baseline else None
    limit = limits.get("own_z")
    if limit is None or own is None or own.z is None:
        return Sign(0.0)
    bound = round(own.median + side * limit.value * own.deviation, 3)
    finding = Finding("agent", None, None, named, own.value, bound, unit)
    return Sign(above(side * own.z, limit), (finding,))


def together(signs: Sequence[Sign], *, at_least: int) -> float:
    """The score of signs of which ``at_least`` must speak for the mistake.

    The sign that makes up the number decides. How sure the score is follows half from that sign,
    half from the mean of all that were measured, as far as they agree with it: three strong signs
    are more than two, and a clear call is nearer to none the fewer of them it shows.
    """
    known = sorted((_distance(s.score) for s in signs if s.score), reverse=True)
    if len(known) < at_least:
        return 0.0
    deciding = known[at_least - 1]
    agreeing = [max(x, 0.0) if deciding >= 0 else min(x, 0.0) for x in known]
    return _logistic((deciding + fmean(agreeing)) / 2)


def _distance(score: float) -> float:
    """How many scales beyond its limit a measure lies, six at most."""
    return max(min(log(score / (1.0 - score)), 6.0), -6.0) if score < 1 else 6.0


def verdict(
    mistake: MistakeId, score: float, signs: Iterable[Sign], confidence: Confidence
) -> Verdict:
    """Found or clear by the score, with findings of the signs that speak for it.

    Places that can be played come first, strongest sign first; then what holds for the whole call.
    """
    weighed = tuple((sign.score, sign.findings) for sign in signs)
    return _decided(Verdict(mistake, "clear", confidence, score, weighed=weighed), weighed)


def calibrated(verdict: Verdict, mapping: ScoreMap | None) -> Verdict:
    """The verdict with its score, and that of every observable, passed through a mapping."""
    if mapping is None or verdict.score is None:
        return verdict
    mapped = tuple((mapping(round(score, 3)), findings) for score, findings in verdict.weighed)
    return _decided(replace(verdict, score=mapping(verdict.score)), mapped)


def _decided(verdict: Verdict, weighed: Sequence[tuple[float, tuple[Finding, ...]]]) -> Verdict:
    score = verdict.score or 0.0
    if score < FOUND_FROM:
        return replace(verdict, status="clear", score=round(score, 3), findings=())
    strongest = sorted((sign for sign in weighed if sign[0] >= FOUND_FROM), key=lambda s: -s[0])
    findings = [finding for _, those in strongest for finding in those]
    findings.sort(key=lambda finding: finding.start_s is None)
    return replace(verdict, status="found", score=round(score, 3), findings=tuple(findings))


def not_assessable(mistake: MistakeId, reason: str) -> Verdict:
    """No verdict, for a reason that the report explains."""
    return Verdict(mistake, "not_assessable", "low", None, reason)


def agent_voice(facts: Facts, limits: Limits) -> ChannelMeasures | str:
    """The agent's measures if the voice can be judged, else the reason why not."""
    agent = facts.party("agent")
    if agent is None:
        return "one_channel" if len(facts.channels) == 1 else "unknown_agent"
    if agent.speech_s < limits["agent_speech_s"].value:
        return "little_agent_speech"
    # Without any silence to take the noise from, babble is likelier than a voice that never rests.
    if agent.snr_db is None or agent.snr_db < limits["line_snr_db"].value:
        return "noisy_line"
    return agent


def heard_caller(facts: Facts, limits: Limits) -> ChannelMeasures | str:
    """The caller's measures if there is enough to listen to and respond to, else the reason."""
    caller = facts.party("caller")
    if caller is None or not facts.conversation.separate:
        return "one_channel"
    return "little_caller_speech" if caller.speech_s < limits["caller_speech_s"].value else caller


def missing_words(facts: Facts, limits: Limits) -> str | None:
    """Why the agent's words cannot be judged, or None if they can."""
    if not facts.text.supported:
        return "unsupported_language"
    if doubtful_words(facts, limits):
        return "noisy_line"
    if not any(turn.role for turn in facts.transcript.turns):
        return "one_channel" if len(facts.channels) == 1 else "unknown_agent"
    turns = sum(turn.role == "agent" for turn in facts.transcript.turns)
    return "few_agent_turns" if turns < limits["agent_turns"].value else None


def doubtful_words(facts: Facts, limits: Limits) -> bool:
    """Whether words were recognised from noise: such text is not to be held against anybody."""
    if facts.transcript.source == "given":
        return False
    floor = limits["line_snr_db"].value
    return any(c.snr_db is not None and c.snr_db < floor for c in facts.channels)


def voice_confidence(agent: ChannelMeasures, limits: Limits) -> Confidence:
    """Low until there is a minute of voiced speech; never high, for lack of the own baseline."""
    return "medium" if agent.voiced_s >= limits["sure_voiced_s"].value else "low"


def text_confidence(facts: Facts) -> Confidence:
    """Words from a given transcript are certain; recognised ones are not."""
    if facts.transcript.source == "given":
        return "high"
    return "medium" if facts.call.roles_confidence != "low" else "low"
