"""Facts of calls whose score is known: one agent who says so many things against somebody."""

from __future__ import annotations

from math import exp, log
from pathlib import Path

import msgspec

from callvoice.types import (
    Call,
    ChannelMeasures,
    Conversation,
    Facts,
    Hit,
    Role,
    TextFacts,
    Transcript,
    Turn,
)


def voice(channel: int, role: Role | None, rate_syll_s: float = 5.2) -> ChannelMeasures:
    """A healthy voice of a minute."""
    return ChannelMeasures(
        channel=channel,
        role=role,
        speech=(),
        pauses=(),
        f0_median_hz=180.0,
        f0_spread_st=3.0,
        f0_range_st=11.0,
        articulation_rate_syll_s=rate_syll_s,
        voiced_s=40.0,
        speech_s=60.0,
        n_syllables=300,
        speech_level_db=-20.0,
        noise_floor_db=-60.0,
        snr_db=40.0,
        clipped_share=0.0,
        text_rate_syll_s=rate_syll_s,
    )


def call(number: int, *, rate_syll_s: float = 5.2, phrases: int = 0) -> Facts:
    """A call of two channels, called ``call-<number>.wav``."""
    hits = tuple(
        Hit("know_it_all", "test", 2, "agent", "…", (0, 1), 9.0, 9.5) for _ in range(phrases)
    )
    roles: tuple[Role, Role] = ("agent", "caller")
    turns = tuple(Turn(roles[i % 2], 8.0 * i, 8.0 * i + 7, "ja gut so weit") for i in range(6))
    digest = f"{number:016x}"
    return Facts(
        call=Call(
            digest, f"call-{number}.wav", digest * 4, 60.0, "de", 2, 8000, {"agent": 0, "caller": 1}
        ),
        channels=(voice(0, "agent", rate_syll_s), voice(1, "caller")),
        conversation=Conversation(separate=True),
        transcript=Transcript("de", "given", turns),
        text=TextFacts("de", True, (4,) * 6, hits, None),
    )


def rate_for(score: float) -> float:
    """The tempo whose raw score by the packaged limits is ``score`` (limit 6.5, scale 0.25)."""
    return 6.5 + 0.25 * log(score / (1 - score))


def logistic(x: float) -> float:
    """1 / (1 + exp(−x))."""
    return 1 / (1 + exp(-x))


def write_facts(folder: Path, calls: list[Facts]) -> Path:
    """Facts files in a folder."""
    folder.mkdir(exist_ok=True)
    for facts in calls:
        (folder / f"{facts.call.source}.json").write_bytes(msgspec.json.encode(facts))
    return folder
