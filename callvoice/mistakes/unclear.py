"""6 · Careless, unclear articulation. The least certain of all.

Definition: sounds and syllables run together until words are hard to make out.

Observables, all on a line good enough that they are not its fault: the caller asks to repeat; the
recogniser's own doubt about the agent's words; and as weak signs, of which one alone is not enough,
a dull sound (syllables and sounds hardly stand out from each other), swallowed syllables (fewer
heard than the words have) and a single request to repeat.

Limits: working values; those of the dull sound from speech smeared on purpose. A narrow codec and
fast speech come close to the weak signs: hence two of them. An accent must never count, and the
confidence is always low.

What it cannot tell: whether the caller's line, hearing or language was the reason to ask again.
"""

from __future__ import annotations

from callvoice.mistakes.evidence import first_in_turn, sure_hits
from callvoice.mistakes.scoring import (
    FOUND_FROM,
    Sign,
    above,
    agent_voice,
    below,
    missing_words,
    not_assessable,
    together,
    verdict,
)
from callvoice.settings import Limit, Limits
from callvoice.types import ChannelMeasures, Facts, Finding, Turn, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on intelligibility."""
    agent = agent_voice(facts, limits)
    if isinstance(agent, str):
        return not_assessable("unclear", agent)
    reason = missing_words(facts, limits) or _line(agent, limits)
    if reason:
        return not_assessable("unclear", reason)
    repairs = _repairs(facts, limits, limits["repair_requests"])
    doubt = _doubt(facts, agent, limits)
    single = _repairs(facts, limits, limits["single_repair"])
    weak = [_dull(agent, limits), _swallowed(agent, limits)]
    pair = together([*weak, single], at_least=int(limits["weak_signs"].value))
    score = max(repairs.score, doubt.score, pair)
    asked = repairs if repairs.score >= FOUND_FROM else single
    return verdict("unclear", score, [asked, doubt, *weak], "low")


def _line(agent: ChannelMeasures, limits: Limits) -> str | None:
    """Doubt on a poor line is the line's; an unknown line counts as poor."""
    good = agent.snr_db is not None and agent.snr_db >= limits["good_line_snr_db"].value
    return None if good else "noisy_line"


def _repairs(facts: Facts, limits: Limits, limit: Limit) -> Sign:
    asked = first_in_turn(sure_hits(facts, "caller", ("caller_repair",), limits))
    n = float(len(asked))
    findings = tuple(
        Finding("caller", h.start_s, h.end_s, "repair_request", n, limit.value, "count", h.quote)
        for h in asked
    )
    return Sign(above(n, limit), findings)


def _doubt(facts: Facts, agent: ChannelMeasures, limits: Limits) -> Sign:
    if (agent.snr_db or 0.0) < limits["doubt_line_snr_db"].value:
        return Sign(0.0)
    turns = [t for t in facts.transcript.turns if t.role == "agent"]
    odds = [w.probability for t in turns for w in t.words if w.probability is not None]
    if len(odds) < limits["words"].value:
        return Sign(0.0)
    limit, even = limits["doubtful_share"], limits["doubtful_below"].value
    share = round(sum(p < even for p in odds) / len(odds), 3)
    worst = sorted(turns, key=lambda turn: _doubtful(turn, even), reverse=True)[:3]
    findings = tuple(
        Finding("agent", t.start_s, t.end_s, "doubtful_share", share, limit.value, "share", t.text)
        for t in worst
    )
    return Sign(above(share, limit), findings)


def _doubtful(turn: Turn, even: float) -> int:
    return sum(w.probability is not None and w.probability < even for w in turn.words)


def _dull(agent: ChannelMeasures, limits: Limits) -> Sign:
    """Both measures of the sound must say so: each alone follows voice and codec too."""
    if agent.clarity is None:
        return Sign(0.0)
    swing, change = limits["modulation_db"], limits["spectral_change_db"]
    swing_db, change_db = agent.clarity.modulation_db, agent.clarity.spectral_change_db
    findings = (
        Finding("agent", None, None, "modulation_db", swing_db, swing.value, "dB"),
        Finding("agent", None, None, "spectral_change_db", change_db, change.value, "dB"),
    )
    return Sign(min(below(swing_db, swing), below(change_db, change)), findings)


def _swallowed(agent: ChannelMeasures, limits: Limits) -> Sign:
    heard = agent.syllable_reduction
    if heard is None:
        return Sign(0.0)
    limit = limits["syllable_reduction"]
    finding = Finding("agent", None, None, "syllable_reduction", heard, limit.value, "ratio")
    return Sign(below(heard, limit), (finding,))
