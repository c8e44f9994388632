"""Facts of a healthy call, to be changed in one respect."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from callvoice.types import (
    Backchannel,
    Call,
    ChannelMeasures,
    Clarity,
    Conversation,
    Effort,
    Facts,
    Gap,
    Greeting,
    Hit,
    Interval,
    Melody,
    Overlap,
    Role,
    Stretch,
    Tempo,
    TextFacts,
    Transcript,
    Turn,
    Word,
)


def turn(
    start_s: float,
    end_s: float,
    *,
    rate: float = 5.2,
    spread_st: float = 3.0,
    pause_share: float = 0.15,
    level_db: float = -20.0,
) -> Stretch:
    """A turn of a party with one pause in it, or none."""
    pause_s = (end_s - start_s) * pause_share
    speech_s = end_s - start_s - pause_s
    return Stretch(
        start_s=start_s,
        end_s=end_s,
        speech_s=speech_s,
        n_syllables=round(rate * speech_s),
        articulation_rate_syll_s=rate,
        n_text_syllables=round(rate * speech_s),
        text_rate_syll_s=rate,
        n_pauses=int(pause_s > 0),
        pause_s=pause_s,
        voiced_s=speech_s * 0.6,
        f0_spread_st=spread_st,
        level_db=level_db,
    )


def channel(number: int, role: Role | None, turns: tuple[Stretch, ...], **changes: Any) -> Any:
    """Measures of a healthy voice over ``turns``."""
    pauses = tuple(
        Interval(middle, middle + t.pause_s)
        for t in turns
        if t.pause_s
        for middle in [t.start_s + (t.end_s - t.start_s) * 0.4]
    )
    measures = ChannelMeasures(
        channel=number,
        role=role,
        speech=tuple(Interval(t.start_s, t.end_s) for t in turns),
        pauses=pauses,
        f0_median_hz=180.0,
        f0_spread_st=3.0,
        f0_range_st=11.0,
        articulation_rate_syll_s=5.2,
        voiced_s=round(sum(t.voiced_s for t in turns), 2),
        speech_s=round(sum(t.speech_s for t in turns), 2),
        n_syllables=sum(t.n_syllables for t in turns),
        speech_level_db=-20.0,
        noise_floor_db=-60.0,
        snr_db=40.0,
        clipped_share=0.0,
        flat_share=0.1,
        text_rate_syll_s=5.2,
        syllable_reduction=1.05,
        tempo=Tempo(4.4, 0.05, len(turns), 3.4, 18.0),
        melody=Melody(9, 3, 4, 12.0, 0.0, 0.0),
        effort=Effort(-6.0, -12.0, 380.0, 19.0, 12.0),
        clarity=Clarity(5.5, 4.5, 24.0),
        turns=turns,
        windows=turns,
    )
    return replace(measures, **changes)


AGENT_TURNS = tuple(turn(s, s + 7.0) for s in (0.0, 16.0, 32.0, 48.0))
CALLER_TURNS = tuple(turn(s, s + 7.0) for s in (8.0, 24.0, 40.0, 56.0))


def hit(label: str, role: Role, number: int, quote: str = "…") -> Hit:
    """A phrase in the turn ``number``."""
    start_s = 8.0 * number
    return Hit(label, f"{label}.test", number, role, quote, (0, 1), start_s, start_s + 1.0)


def transcript(
    *, probability: float | None = None, says: dict[int, str] | None = None
) -> Transcript:
    """Eight turns of ten words, the agent's first; ``says`` has other texts for some."""
    turns = []
    for number in range(8):
        role: Role = "agent" if number % 2 == 0 else "caller"
        start_s = 8.0 * number
        words = tuple(
            Word(f"wort{i}", start_s + 0.6 * i, start_s + 0.6 * i + 0.5, probability)
            for i in range(10)
        )
        text = (says or {}).get(number) or " ".join(w.text for w in words)
        turns.append(Turn(role, start_s, start_s + 7.0, text, words, number % 2))
    source = "given" if probability is None else "recognised"
    return Transcript("de", source, tuple(turns))  # type: ignore[arg-type]


GOOD_GREETING = Greeting(
    turn=0,
    text="Guten Tag, Firma Berger, Anna Weiß, was kann ich für Sie tun?",
    n_syllables=15,
    parts=("salutation", "company", "name", "offer"),
    antiquated=(),
    start_s=0.0,
    end_s=3.2,
)


def facts(
    *,
    agent: dict[str, Any] | None = None,
    caller: dict[str, Any] | None = None,
    hits: tuple[Hit, ...] = (),
    gap_s: float = 0.3,
    overlaps: tuple[Overlap, ...] = (),
    backchannels: tuple[Backchannel, ...] = (),
    greeting: Greeting | None = GOOD_GREETING,
    **changes: Any,
) -> Facts:
    """A healthy call with some measures changed; there are no phrases but those in ``hits``."""
    gaps = tuple(Gap(8.0 * n - gap_s, 8.0 * n, (n + 1) % 2, n % 2) for n in range(1, 8))
    whole = Facts(
        call=Call(
            id="0" * 16,
            source="call.wav",
            sha256="0" * 64,
            duration_s=64.0,
            language="de",
            n_channels=2,
            rate_hz=8000,
            roles={"agent": 0, "caller": 1},
            roles_confidence="high",
        ),
        channels=(
            channel(0, "agent", **{"turns": AGENT_TURNS, **(agent or {})}),
            channel(1, "caller", **{"turns": CALLER_TURNS, **(caller or {})}),
        ),
        conversation=Conversation(True, gaps, overlaps, backchannels),
        transcript=transcript(),
        text=TextFacts("de", True, (20,) * 8, hits, greeting),
    )
    return replace(whole, **changes)


def mono() -> Facts:
    """The same call on one channel, with words but without roles."""
    whole = facts()
    turns = tuple(replace(t, role=None, channel=0) for t in whole.transcript.turns)
    return replace(
        whole,
        call=replace(whole.call, n_channels=1, roles={}, roles_confidence=None),
        channels=(channel(0, None, AGENT_TURNS),),
        conversation=Conversation(separate=False),
        transcript=replace(whole.transcript, turns=turns),
    )
