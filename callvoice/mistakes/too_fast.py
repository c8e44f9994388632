"""7 · Speaking too fast.

Definition: more syllables a second than a listener follows with ease.

Observable: the articulation rate, syllables a second of the agent's speech with pauses removed;
from the words where there are any and the line is good, else from the sound; over the whole call,
turn by turn and in stretches of ten seconds. Numbers and addresses, which a caller writes down, are
too fast from the "noticeable" rate on. Being faster than the caller supports a finding and decides
nothing alone; being faster than in the agent's own earlier calls counts where ``own_z`` is set.

Limits: German conversation lies at about 5–6 syll/s; noticeable above 6.0, too fast above 6.5.
Another language has other rates: set its limits. False alarms come from a transcript with words
that were not said.

What it cannot tell: whether the caller followed. A fast pair of speakers may both be at ease.
"""

from __future__ import annotations

from msgspec.structs import replace

from callvoice.mistakes.dictation import is_for_writing_down
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
from callvoice.types import ChannelMeasures, Facts, Finding, Stretch, Turn, Verdict


def judge(facts: Facts, limits: Limits) -> Verdict:
    """The verdict on tempo."""
    agent = agent_voice(facts, limits)
    if isinstance(agent, str):
        return not_assessable("too_fast", agent)
    trusted = facts.transcript.source == "given" or _well_heard(agent, limits)
    if not trusted:
        agent = _by_sound(agent)
    rate = agent.text_rate_syll_s or agent.articulation_rate_syll_s
    if rate is None:
        return not_assessable("too_fast", "little_agent_speech")
    signs = [
        _overall(agent, rate, limits),
        _share(agent, limits),
        _windows(agent, limits),
        _numbers(facts, agent, limits) if trusted else Sign(0.0),
        _against_self(facts, agent, limits),
    ]
    score = max(s.score for s in signs)
    signs.append(_against_caller(facts, rate, limits))
    return verdict("too_fast", score, signs, voice_confidence(agent, limits))


def _well_heard(agent: ChannelMeasures, limits: Limits) -> bool:
    return (agent.snr_db or 0.0) >= limits["words_line_snr_db"].value


def _by_sound(agent: ChannelMeasures) -> ChannelMeasures:
    """Without the rates from words: of noise a recogniser loses words and makes up others."""
    turns, windows = (
        tuple(replace(one, text_rate_syll_s=None) for one in few)
        for few in (agent.turns, agent.windows)
    )
    return replace(agent, text_rate_syll_s=None, turns=turns, windows=windows)


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


def _windows(agent: ChannelMeasures, limits: Limits) -> Sign:
    windows = [w for w in agent.windows if w.speech_s >= limits["window_speech_s"].value]
    if len(windows) < max(limits["windows"].value, 1):
        return Sign(0.0)
    rate, limit = limits["rate_too_fast_syll_s"], limits["fast_window_share"]
    fast = sorted((w for w in windows if _rate(w) >= rate.value), key=_rate, reverse=True)
    share = round(len(fast) / len(windows), 3)
    places = tuple(
        Finding("agent", w.start_s, w.end_s, "fast_window", _rate(w), rate.value, "syll/s")
        for w in fast[:3]
    )
    whole = Finding("agent", None, None, "fast_window_share", share, limit.value, "share")
    return Sign(above(share, limit), (*places, whole))


def _numbers(facts: Facts, agent: ChannelMeasures, limits: Limits) -> Sign:
    """Turns with something to write down; the fastest of them decides."""
    n_digits, limit = int(limits["number_digits"].value), limits["rate_noticeable_syll_s"]
    said = [
        (_rate_of_words(turn, n_syllables, agent, limits), turn)
        for turn, n_syllables in zip(facts.transcript.turns, facts.text.syllables, strict=False)
        if turn.role == "agent" and is_for_writing_down(turn.text, n_digits=n_digits)
    ]
    said.sort(key=lambda one: -one[0])
    findings = tuple(
        Finding("agent", t.start_s, t.end_s, "fast_number", rate, limit.value, "syll/s", t.text)
        for rate, t in said[:3]
        if rate >= limit.value
    )
    return Sign(above(said[0][0], limit), findings) if said else Sign(0.0)


def _rate_of_words(turn: Turn, n_syllables: int, agent: ChannelMeasures, limits: Limits) -> float:
    """Syllables of a turn's words over its time without pauses; 0 where that is too short."""
    paused = (min(p.end_s, turn.end_s) - max(p.start_s, turn.start_s) for p in agent.pauses)
    spoken_s = turn.end_s - turn.start_s - sum(max(s, 0.0) for s in paused)
    return round(n_syllables / spoken_s, 2) if spoken_s >= limits["turn_speech_s"].value else 0.0


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
