"""The rows of the page's tables: counts and medians of what was measured, no verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from callvoice.report.page_words import PageWords
from callvoice.types import ChannelMeasures, Gap, Interval, Measures, Overlap, Role

Say = Callable[[ChannelMeasures], str]


@dataclass(frozen=True)
class Row:
    """One measure of both parties. ``key`` names its label ``measure.<key>`` and its hint."""

    key: str
    agent: str
    caller: str


def party_rows(measures: Measures, words: PageWords) -> list[Row]:
    """What was measured on each party's own channel, units included."""
    says: dict[str, Say] = {
        "speech": lambda m: words.with_unit(m.speech_s, "s", 0),
        "rate": lambda m: words.with_unit(
            m.text_rate_syll_s or m.articulation_rate_syll_s, "syll/s", 1
        ),
        "melody_spread": lambda m: words.with_unit(m.f0_spread_st, "st", 1),
        "melody_range": lambda m: words.with_unit(m.f0_range_st, "st", 1),
        "flat_share": lambda m: words.share(m.flat_share),
        "f0_median": lambda m: words.with_unit(m.f0_median_hz, "Hz", 0),
        "level": lambda m: words.with_unit(m.speech_level_db, "dB", 0),
        "level_spread": lambda m: words.with_unit(_level_depth_db(m), "dB", 1),
        "pauses": lambda m: words.number(len(m.pauses), 0),
        "pause_median": lambda m: words.with_unit(_median_s(m.pauses), "s", 2),
        "pause_longest": lambda m: words.with_unit(_longest_s(m.pauses), "s", 1),
        "snr": lambda m: words.with_unit(m.snr_db, "dB", 0),
        "clipped": lambda m: words.share(m.clipped_share),
    }
    none = words("none")
    agent, caller = measures.agent, measures.caller
    return [
        Row(key, say(agent) if agent else none, say(caller) if caller else none)
        for key, say in says.items()
    ]


def turn_rows(measures: Measures, roles: dict[Role, int], words: PageWords) -> list[Row]:
    """Turn-taking by who answered, and by who began to speak inside the other's turn."""
    agent, caller = roles["agent"], roles["caller"]
    gaps, overlaps = measures.conversation.gaps, measures.conversation.overlaps
    says: dict[str, Callable[[int], str]] = {
        "answers": lambda c: words.number(len(_answers(gaps, c)), 0),
        "answer_gap": lambda c: words.with_unit(_median_s(_answers(gaps, c)), "s", 2),
        "answer_longest": lambda c: words.with_unit(_longest_s(_answers(gaps, c)), "s", 1),
        "overlaps": lambda c: words.number(len(_begun(overlaps, c)), 0),
        "interruptions": lambda c: words.number(
            sum(o.interruption for o in _begun(overlaps, c)), 0
        ),
    }
    return [Row(key, say(agent), say(caller)) for key, say in says.items()]


def _answers(gaps: Iterable[Gap], channel: int) -> list[Gap]:
    return [gap for gap in gaps if gap.to_channel == channel]


def _begun(overlaps: Iterable[Overlap], channel: int) -> list[Overlap]:
    return [overlap for overlap in overlaps if overlap.by_channel == channel]


def _median_s(stretches: Iterable[Interval | Gap]) -> float | None:
    lengths = [stretch.end_s - stretch.start_s for stretch in stretches]
    return median(lengths) if lengths else None


def _longest_s(stretches: Iterable[Interval | Gap]) -> float | None:
    return max((stretch.end_s - stretch.start_s for stretch in stretches), default=None)


def _level_depth_db(party: ChannelMeasures) -> float | None:
    return party.effort.level_depth_db if party.effort else None
