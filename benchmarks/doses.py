"""What is done to composed calls, and what must then be found."""

from __future__ import annotations

from dataclasses import replace

from compose import Recipe

NAMES = (
    "toneless", "indifferent", "impatient", "overlong_greeting",
    "rushed", "unclear", "too_fast", "know_it_all",
)  # fmt: skip
BASE = Recipe()


def _rushed(pressure: float) -> Recipe:
    """From an easy call to one long run: pauses and gaps go, turns grow, the rate stays."""
    return replace(
        BASE,
        pause_s=0.45 - 0.40 * pressure,
        gap_s=0.35 - 0.33 * pressure,
        sentences=2 + round(3 * pressure),
    )


def _indifferent(distance: float) -> Recipe:
    return replace(
        BASE,
        gap_s=0.35 + 2.0 * distance,
        acknowledged=0.7 * (1 - distance),
        short=0.7 * distance,
        cared=distance < 0.5,
    )


# By mistake: dose and recipe, rising from none. Clear are those from ``CLEAR`` on.
DOSES: dict[str, dict[float, Recipe]] = {
    "toneless": {1 - m: replace(BASE, melody=m) for m in (1.0, 0.75, 0.5, 0.35, 0.2, 0.0)},
    "indifferent": {d: _indifferent(d) for d in (0.0, 0.25, 0.5, 0.75, 1.0)},
    "impatient": {
        n: replace(BASE, interruptions=n - n // 3, hurrying=n // 3) for n in (0, 1, 2, 3, 4, 6)
    },
    "overlong_greeting": {n: replace(BASE, greeting=n) for n in (9, 14, 18, 23, 31, 42, 52)},
    "rushed": {p: _rushed(p) for p in (0.0, 0.3, 0.6, 0.8, 1.0)},
    "unclear": {n: replace(BASE, repairs=n, slur_s=0.02 * n) for n in (0, 1, 2, 3, 4)},
    "too_fast": {r: replace(BASE, rate_syll_s=r) for r in (4.8, 5.4, 6.0, 6.5, 7.0, 7.6)},
    "know_it_all": {n: replace(BASE, against=n, cared=n < 2) for n in (0, 1, 2, 3, 5)},
}
CLEAR = {
    "toneless": 0.8, "indifferent": 1.0, "impatient": 4, "overlong_greeting": 31,
    "rushed": 1.0, "unclear": 3, "too_fast": 7.0, "know_it_all": 3,
}  # fmt: skip
NONE = {"overlong_greeting": 18, "too_fast": 5.4}  # doses up to here are none; else the first
# What must be at the place of a finding, where it has one.
PLACES = {
    "toneless": {"voice", "greeting"},
    "indifferent": {"gap", "short", "trouble", "voice"},
    "impatient": {"interruption", "hurrying"},
    "overlong_greeting": {"greeting"},
    "rushed": {"voice", "greeting"},
    "unclear": {"repair"},
    "too_fast": {"voice", "greeting"},
    "know_it_all": {"against", "answer", "trouble"},
}
# Mistakes that consist of single events, of which each must be named.
EVENTS = {
    "impatient": {"interruption", "hurrying"},
    "overlong_greeting": {"greeting"},
    "unclear": {"repair"},
    "know_it_all": {"against", "trouble"},
}
LINES = {
    "plain": BASE,
    "20 dB": replace(BASE, snr_db=20.0),
    "gain control": replace(BASE, agc=True),
    "quiet": replace(BASE, level_db=-40.0),
    "GSM": replace(BASE, codec="gsm"),
    "bleed": replace(BASE, bleed_db=-25.0),
}
# One sign at a time: the recipe and what must then be found, and nothing else.
SIGNS: dict[str, tuple[Recipe, tuple[str, ...]]] = {
    "answers before the end": (replace(BASE, gap_s=-0.3), ()),
    "ever quieter": (replace(BASE, fade_db=12.0), ()),
    "ever faster": (replace(BASE, rise_syll_s=1.6), ()),
    "slurred, never asked": (replace(BASE, slur_s=0.04), ()),
    "slow answers": (replace(BASE, gap_s=2.2), ()),
    "one interruption": (replace(BASE, interruptions=1), ()),
    "numbers at 4.6": (replace(BASE, numbers=3), ()),
    "numbers at 7.0": (replace(BASE, numbers=3, number_syll_s=7.0), ("too_fast",)),
    "quieter, slow answers": (replace(BASE, fade_db=12.0, gap_s=2.2), ("indifferent",)),
    "faster, no gaps": (replace(BASE, rise_syll_s=2.4, gap_s=0.0), ("rushed",)),
}
# Clear doses in every other turn only: what is named must lie in those.
HALVES: dict[str, Recipe] = {
    "rushed": replace(_rushed(1.0), sentences=6, every=2),
    "too_fast": replace(BASE, rate_syll_s=7.8, every=2),
}
# What went well: the recipe and the strengths that must be named, of those that need the voice.
HEARD = {"strength_lively_news", "strength_pause_given"}
WELL: dict[str, tuple[Recipe, set[str]]] = {
    "news, livelier": (replace(BASE, news=1, news_melody=1.8), {"strength_lively_news"}),
    "news, as all else": (replace(BASE, news=1), set()),
    "news, flatter": (replace(BASE, news=1, news_melody=0.6), set()),
    "a pause, kind words": (replace(BASE, first_gap_s=1.1), {"strength_pause_given"}),
    "a pause, cold words": (replace(BASE, first_gap_s=1.1, cared=False), set()),
    "no pause": (replace(BASE, first_gap_s=0.3), set()),
}
VOICE = ("toneless", "rushed", "too_fast", "unclear")
# What cannot be judged: the recipe and the mistakes that must then be not_assessable.
POOR = {
    "one channel": (replace(BASE, mono=True), ("indifferent", "impatient")),
    "two short turns": (replace(BASE, turns=1, sentences=1), ("toneless", "rushed", "too_fast")),
    "babble at 3 dB": (replace(BASE, snr_db=3.0, babble=True), VOICE),
}
