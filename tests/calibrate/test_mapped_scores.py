"""Scores pass through a mapping, limits stay in their ranges, and judges bear all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from calls import call, rate_for
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from callvoice import mistakes
from callvoice.errors import InvalidSettings
from callvoice.settings import (
    Calibration,
    NamedCalibration,
    ScoreMap,
    Settings,
    allowed_range,
    load_settings,
    logit,
)
from callvoice.types import Facts, Verdict

SETTINGS = load_settings()


def with_map(mapping: ScoreMap) -> Settings:
    """The packaged limits, with tempo scores mapped."""
    content = Calibration("1.0", "2026-01-31", 0, "", {"too_fast": mapping})
    return replace(SETTINGS, calibration=NamedCalibration("c.json", "0" * 16, content))


def verdict(facts: Facts, using: Settings, name: str = "too_fast") -> Verdict:
    return next(v for v in mistakes.judge(facts, using) if v.id == name)


def limit_at(raw: float) -> ScoreMap:
    """Half of the listeners agree from ``raw`` on."""
    return ScoreMap("logistic", "", slope=1.0, intercept=-logit(raw))


def test_milder_listeners_clear_a_call() -> None:
    facts = call(1, rate_syll_s=rate_for(0.7))
    assert verdict(facts, SETTINGS).status == "found"
    cleared = verdict(facts, with_map(limit_at(0.9)))
    assert (cleared.status, cleared.findings) == ("clear", ())
    assert cleared.score is not None
    assert cleared.score < 0.5


def test_stricter_listeners_find_it_with_its_evidence() -> None:
    facts = call(1, rate_syll_s=rate_for(0.4))
    assert verdict(facts, SETTINGS).findings == ()
    found = verdict(facts, with_map(limit_at(0.3)))
    assert found.status == "found"
    assert {f.measure for f in found.findings} == {"rate_call_syll_s", "faster_than_caller"}


def test_only_what_was_calibrated_is_mapped() -> None:
    facts = call(1, rate_syll_s=rate_for(0.7), phrases=3)
    mapped = mistakes.judge(facts, with_map(limit_at(0.9)))
    changed = [a.id for a, b in zip(mistakes.judge(facts, SETTINGS), mapped, strict=True) if a != b]
    assert changed == ["too_fast"]


def test_what_cannot_be_told_stays_so() -> None:
    facts = call(1)
    short = replace(facts, channels=(replace(facts.channels[0], speech_s=3.0), facts.channels[1]))
    told = verdict(short, with_map(limit_at(0.01)))
    assert (told.status, told.score) == ("not_assessable", None)


knots = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8, unique_by=lambda k: k[0]
).map(
    lambda pairs: tuple(zip(sorted(x for x, _ in pairs), sorted(y for _, y in pairs), strict=True))
)
maps = st.one_of(
    st.builds(lambda k: ScoreMap("isotonic", "", knots=k), knots),
    st.builds(
        lambda a, b: ScoreMap("logistic", "", a, b), st.floats(0.001, 50), st.floats(-50, 50)
    ),
)


@given(maps, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_every_mapping_rises_and_stays_between_0_and_1(mapping: ScoreMap, at: list[float]) -> None:
    shares = [mapping(score) for score in sorted(at)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("[limits.too_fast]\nfast_share = 3", r"fast_share = 3 is not possible.*0\.4 for 40 %"),
        ("[limits.too_fast]\nrate_too_fast_syll_s = -1", "from 0 to 20 syll/s"),
        ("[limits.toneless]\nf0_spread_st = nan", "= nan is not possible"),
        ("[limits.rushed]\nlongest_run_s = inf", "= inf is not possible"),
        ("[limits.rushed]\nobservables = 0", "at least 1"),
        ("[limits.rushed]\ngaps = 0", "at least 1"),
        ("[limits.unclear]\nwords = 0", "at least 1 words"),
        ("[limits.material]\nagent_turns = 0", "at least 1 turns"),
        ("[limits.material]\ncaller_speech_s = 0", r"at least 0\.1 s"),
        ("[limits.unclear]\ndoubtful_below = 1.5", "from 0 to 1"),
        ("[limits.too_fast]\nfast_share = true", "Expected `float`"),
    ],
)
def test_a_value_that_can_be_no_limit(tmp_path: Path, change: str, says: str) -> None:
    config = tmp_path / "callvoice.toml"
    config.write_text(change + "\n")
    with pytest.raises(InvalidSettings, match=says):
        load_settings(config)


def test_the_packaged_limits_are_possible() -> None:
    for limits in SETTINGS.limits.values():
        for name, limit in limits.items():
            lowest, highest = allowed_range(name, limit.unit)
            assert lowest <= limit.value <= (highest or float("inf"))


@st.composite
def limits(draw: Any) -> dict[str, dict[str, Any]]:
    """Any possible value for every limit at once."""
    drawn: dict[str, dict[str, Any]] = {}
    for section, those in SETTINGS.limits.items():
        drawn[section] = {}
        for name, limit in those.items():
            lowest, highest = allowed_range(name, limit.unit)
            value = draw(st.floats(lowest, 100.0 if highest is None else highest))
            drawn[section][name] = replace(limit, value=value)
    return drawn


@settings(deadline=None, max_examples=60)
@given(limits(), st.integers(0, 5), st.floats(0, 20))
def test_no_possible_limit_breaks_a_judge(
    drawn: dict[str, dict[str, Any]], phrases: int, rate_syll_s: float
) -> None:
    facts = call(1, rate_syll_s=rate_syll_s, phrases=phrases)
    for one in mistakes.judge(facts, replace(SETTINGS, limits=drawn)):
        assert one.score is None or 0 <= one.score <= 1
        assert (one.status == "not_assessable") == (one.score is None)
