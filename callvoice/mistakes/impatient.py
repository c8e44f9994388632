"""3 · Voice expresses impatience: the caller is not let finish.

Definition: the agent takes the floor before the caller is done, or asks for haste in words.

Observables, from one channel per party: the agent takes the floor inside the caller's turn and the
caller breaks off (one sign) or talks through it (half a sign); turns with a hurrying phrase (one
sign each); answering before the caller has ended as a habit (one sign at most). Signs must be
enough in number and for the time that the caller speaks: two in a long call happen to everybody.

Limits: working values; the share of early answers stands well above the 40 % of turns that overlap
in any conversation (Heldner and Edlund 2010, Journal of Phonetics 38, 555-568). Acknowledgements
are no interruptions, whether told by their sound or by their words. False alarms come from a line
with a long delay and from a caller who never pauses.

What it cannot tell: whether an interruption was wanted, or spared a caller a long detour.
"""

from __future__ import annotations

from msgspec.structs import replace

from callvoice.mistakes.evidence import first_in_turn, sure_hits
from callvoice.mistakes.listening import only_listens
from callvoice.mistakes.scoring import (
    Sign,
    above,
    heard_caller,
    missing_words,
    not_assessable,
    text_confidence,
    verdict,
)
from callvoice.settings import Limits
from callvoice.types import ChannelMeasures, Facts, Finding, Overlap, Turn, Verdict

_TEN_MINUTES_S = 600.0


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on interruptions, early answers and hurrying phrases."""
    caller = heard_caller(facts, limits)
    if isinstance(caller, str):
        return not_assessable("impatient", caller)
    reason = missing_words(facts, limits)
    if reason:
        return not_assessable("impatient", reason)
    aside = _acknowledging(facts, limits)
    interruptions = [o for o in _starts(facts) if o.interruption and not _any_meets(aside, o)]
    phrases = _phrases(facts, limits)
    early = _early_answers(facts, limits)
    through = limits["talked_through"].value
    weights = [1.0 if o.other_stopped else through for o in interruptions]
    count = round(sum(weights) + len(phrases) + early.score, 2)
    often = _per_ten_minutes(count, caller, limits)
    signs = Sign(above(count, limits["signs"]), _places(interruptions, phrases, count, limits))
    score = min(signs.score, often.score)
    return verdict("impatient", score, [signs, often, early], text_confidence(facts))


def _starts(facts: Facts) -> list[Overlap]:
    """Where the agent begins while the caller speaks, first those where the caller then stops."""
    agent = facts.call.roles.get("agent")
    mine = [o for o in facts.conversation.overlaps if o.by_channel == agent]
    return sorted(mine, key=lambda o: not o.other_stopped)


def _acknowledging(facts: Facts, limits: Limits) -> list[Turn]:
    """The agent's turns that only acknowledge: "mhm, ja", whatever the caller then does."""
    n_words = int(limits["acknowledging_words"].value)
    mine = (turn for turn in facts.transcript.turns if turn.role == "agent")
    return [turn for turn in mine if only_listens(turn.text, n_words=n_words)]


def _any_meets(turns: list[Turn], overlap: Overlap) -> bool:
    return any(t.start_s < overlap.end_s and overlap.start_s < t.end_s for t in turns)


def _phrases(facts: Facts, limits: Limits) -> tuple[Finding, ...]:
    said = sure_hits(facts, "agent", ("impatient",), limits)
    return tuple(
        Finding("agent", h.start_s, h.end_s, "hurrying_phrase", quote=h.quote)
        for h in first_in_turn(said)
    )


def _places(
    interruptions: list[Overlap], phrases: tuple[Finding, ...], count: float, limits: Limits
) -> tuple[Finding, ...]:
    limit = limits["signs"].value
    taken = tuple(
        Finding("agent", o.start_s, o.end_s, "interruption", count, limit, "count")
        for o in interruptions
    )
    said = tuple(replace(p, value=count, limit=limit, unit="count") for p in phrases)
    stopped = sum(o.other_stopped for o in interruptions)
    return taken[:stopped] + said + taken[stopped:]


def _per_ten_minutes(count: float, caller: ChannelMeasures, limits: Limits) -> Sign:
    limit = limits["signs_per_10_min"]
    spoken_s = max(caller.speech_s, 1.0)  # a configuration may allow a silent caller
    rate = round(count * _TEN_MINUTES_S / spoken_s, 1)
    finding = Finding("agent", None, None, "signs_per_10_min", rate, limit.value, "count")
    return Sign(above(rate, limit), (finding,))


def _early_answers(facts: Facts, limits: Limits) -> Sign:
    """Answers that begin in the last moments of the caller's turn, if most do."""
    agent = facts.call.roles.get("agent")
    early = [o for o in _starts(facts) if o.other_stopped and not o.interruption]
    n_answers = len(early) + sum(g.to_channel == agent for g in facts.conversation.gaps)
    if n_answers < max(limits["early_answers"].value, 1):
        return Sign(0.0)
    limit = limits["early_answer_share"]
    share = round(len(early) / n_answers, 3)
    longest = sorted(early, key=lambda o: o.start_s - o.end_s)[:3]
    findings = tuple(
        Finding("agent", o.start_s, o.end_s, "early_answer", share, limit.value, "share")
        for o in longest
    )
    return Sign(above(share, limit), findings)
