"""Each mistake has facts that must fire and facts that must not."""

from __future__ import annotations

from typing import Any

import pytest
from facts import AGENT_TURNS, GOOD_GREETING, channel, facts, hit, mono, transcript, turn
from msgspec.structs import replace

from callvoice import mistakes
from callvoice.settings import load_settings
from callvoice.types import Facts, Overlap, TextFacts, Verdict

SETTINGS = load_settings()
ACKS = tuple(hit("acknowledgement", "agent", n) for n in (2, 4, 6))


def verdict(name: str, call: Facts) -> Verdict:
    return next(v for v in mistakes.judge(call, SETTINGS) if v.id == name)


def interruption(start_s: float, *, stopped: bool = True, by: int = 0, inside: bool = True) -> Any:
    return Overlap(start_s, start_s + 0.6, by, inside, stopped)


def greeting(**changes: Any) -> Any:
    return replace(GOOD_GREETING, **changes)


def with_runs(pause_s: float, n_pauses: int, length_s: float = 12.0) -> dict[str, Any]:
    """Agent turns of ``length_s`` with little or no pause in them."""
    turns = tuple(
        replace(turn(s, s + length_s), pause_s=pause_s, n_pauses=n_pauses)
        for s in (0.0, 16.0, 32.0, 48.0)
    )
    built = channel(0, "agent", turns)
    kept = built.pauses if n_pauses else ()
    return {"turns": turns, "pauses": kept}


TROUBLE = hit("caller_trouble", "caller", 1, "meine Heizung ist kalt")
FAST = tuple(turn(s, s + 7.0, rate=7.4) for s in (0.0, 16.0, 32.0, 48.0))
HALF_FAST = (*AGENT_TURNS[:2], *FAST[2:])
DOUBTED = transcript(probability=0.3)
TRUSTED = transcript(probability=0.9)

MUST_FIRE: list[tuple[str, Facts]] = [
    ("toneless", facts(agent={"f0_spread_st": 0.8, "flat_share": 0.9})),
    ("toneless", facts(agent={"f0_spread_st": 1.5, "flat_share": 0.55})),
    ("toneless", facts(agent={"f0_spread_st": 1.2, "flat_share": None})),
    ("indifferent", facts(gap_s=2.0, caller={"speech_s": 50.0})),
    ("indifferent", facts(hits=(TROUBLE,), caller={"speech_s": 50.0})),
    ("indifferent", facts(hits=(TROUBLE,), gap_s=1.8)),
    ("impatient", facts(overlaps=tuple(interruption(s) for s in (10.0, 26.0, 42.0)))),
    ("impatient", facts(overlaps=(interruption(10.0), interruption(26.0)))),
    ("impatient", facts(hits=tuple(hit("impatient", "agent", n) for n in (2, 4)))),
    ("impatient", facts(overlaps=(interruption(10.0),), hits=(hit("impatient", "agent", 4),))),
    ("overlong_greeting", facts(greeting=greeting(n_syllables=27, end_s=5.8))),
    ("overlong_greeting", facts(greeting=greeting(n_syllables=52, end_s=11.0))),
    ("overlong_greeting", facts(greeting=greeting(end_s=7.5))),
    ("overlong_greeting", facts(greeting=greeting(antiquated=("zu Ihren Diensten",)))),
    ("overlong_greeting", facts(greeting=greeting(n_syllables=30, start_s=None, end_s=None))),
    ("rushed", facts(agent=with_runs(0.0, 0))),
    ("rushed", facts(agent=with_runs(0.0, 0), gap_s=0.02)),
    ("rushed", facts(agent=with_runs(0.2, 0, 9.5), gap_s=0.05)),
    ("unclear", facts(hits=tuple(hit("caller_repair", "caller", n) for n in (1, 3)))),
    ("unclear", facts(transcript=DOUBTED)),
    ("too_fast", facts(agent={"text_rate_syll_s": 7.4, "turns": FAST})),
    ("too_fast", facts(agent={"text_rate_syll_s": 6.3, "turns": HALF_FAST})),
    ("too_fast", facts(agent={"text_rate_syll_s": None, "articulation_rate_syll_s": 7.0})),
    ("know_it_all", facts(hits=tuple(hit("know_it_all", "agent", n) for n in (2, 4)))),
    (
        "know_it_all",
        facts(hits=(hit("dismissive", "agent", 2), hit("know_it_all", "agent", 4))),
    ),
    ("know_it_all", facts(hits=(TROUBLE, hit("know_it_all", "agent", 2)))),
    (
        "know_it_all",
        facts(
            hits=(TROUBLE, hit("process_first", "agent", 2), hit("excuse", "agent", 4)),
        ),
    ),
]

MUST_NOT: list[tuple[str, Facts]] = [
    ("toneless", facts()),
    ("toneless", facts(agent={"f0_spread_st": 1.4, "flat_share": 0.1})),
    ("toneless", facts(agent={"f0_spread_st": 2.2, "flat_share": 0.6})),
    ("indifferent", facts(hits=ACKS)),
    ("indifferent", facts(hits=ACKS, gap_s=2.5)),  # looking things up takes time
    ("indifferent", facts(hits=(*ACKS, TROUBLE))),
    ("indifferent", facts(hits=(TROUBLE, hit("empathy", "agent", 2)))),
    ("impatient", facts()),
    ("impatient", facts(overlaps=(interruption(10.0),))),
    ("impatient", facts(overlaps=tuple(interruption(s, by=1) for s in (1.0, 17.0, 33.0)))),
    (
        "impatient",
        facts(overlaps=tuple(interruption(s, inside=False) for s in (10.0, 26.0, 42.0))),
    ),
    ("impatient", facts(hits=tuple(hit("impatient", "caller", n) for n in (1, 3, 5)))),
    ("overlong_greeting", facts()),
    ("overlong_greeting", facts(greeting=greeting(n_syllables=9, end_s=1.9))),
    ("overlong_greeting", facts(greeting=greeting(n_syllables=18, end_s=4.4))),
    ("rushed", facts()),
    ("rushed", facts(gap_s=0.02)),
    ("rushed", facts(agent={"text_rate_syll_s": 7.5, "turns": FAST})),  # fast, with pauses
    ("unclear", facts()),
    ("unclear", facts(transcript=TRUSTED)),
    ("unclear", facts(hits=(hit("caller_repair", "caller", 1),))),
    ("unclear", facts(hits=tuple(hit("caller_repair", "agent", n) for n in (2, 4)))),
    ("too_fast", facts()),
    ("too_fast", facts(agent={"text_rate_syll_s": 6.2})),
    ("too_fast", facts(caller={"text_rate_syll_s": 3.5})),
    ("know_it_all", facts(hits=(hit("know_it_all", "agent", 4),))),
    ("know_it_all", facts(hits=tuple(hit("know_it_all", "caller", n) for n in (1, 3, 5)))),
    ("know_it_all", facts(hits=(TROUBLE, hit("apology", "agent", 2)))),
]


@pytest.mark.parametrize(("name", "call"), MUST_FIRE)
def test_must_fire(name: str, call: Facts) -> None:
    found = verdict(name, call)
    assert found.status == "found"
    assert found.score is not None
    assert found.score >= 0.5
    assert found.findings
    assert found.reason is None


@pytest.mark.parametrize(("name", "call"), MUST_NOT)
def test_must_not_fire(name: str, call: Facts) -> None:
    clear = verdict(name, call)
    assert clear.status == "clear"
    assert clear.score is not None
    assert clear.score < 0.5
    assert clear.findings == ()


def test_a_healthy_call_is_clear_of_all_eight() -> None:
    verdicts = mistakes.judge(facts(hits=ACKS), SETTINGS)
    assert [v.status for v in verdicts] == ["clear"] * 8


def test_one_channel_without_roles_says_what_it_cannot_tell() -> None:
    by_name = {v.id: v for v in mistakes.judge(mono(), SETTINGS)}
    assert by_name.pop("overlong_greeting").status == "clear"
    assert {v.status for v in by_name.values()} == {"not_assessable"}
    assert {v.reason for v in by_name.values()} == {"one_channel"}


@pytest.mark.parametrize(
    ("changes", "names", "reason"),
    [
        (
            {"agent": {"speech_s": 10.0}},
            {"toneless", "rushed", "unclear", "too_fast"},
            "little_agent_speech",
        ),
        ({"agent": {"snr_db": 5.0}}, {"toneless", "rushed", "unclear", "too_fast"}, "noisy_line"),
        ({"agent": {"voiced_s": 3.0}}, {"toneless"}, "little_voiced_speech"),
        ({"agent": {"f0_spread_st": None}}, {"toneless"}, "little_voiced_speech"),
        ({"agent": {"snr_db": 13.0}}, {"unclear"}, "noisy_line"),
        ({"caller": {"speech_s": 3.0}}, {"indifferent", "impatient"}, "little_caller_speech"),
        ({"greeting": None}, {"overlong_greeting"}, "no_greeting"),
        (
            {"text": TextFacts("fr", False, (0,) * 8, (), None)},
            {"indifferent", "impatient", "overlong_greeting", "unclear", "know_it_all"},
            "unsupported_language",
        ),
    ],
)
def test_too_little_material_is_said(changes: dict[str, Any], names: set[str], reason: str) -> None:
    verdicts = mistakes.judge(facts(**changes), SETTINGS)
    silent = {v.id for v in verdicts if v.status == "not_assessable"}
    assert silent == names
    assert {v.reason for v in verdicts if v.reason} == {reason}
    assert all(v.score is None for v in verdicts if v.status == "not_assessable")


@pytest.mark.parametrize(
    ("name", "make", "doses"),
    [
        ("toneless", lambda d: {"agent": {"f0_spread_st": d, "flat_share": None}}, (4, 2, 1, 0.2)),
        (
            "impatient",
            lambda d: {"overlaps": tuple(map(interruption, range(10, 10 + d)))},
            range(8),
        ),
        (
            "overlong_greeting",
            lambda d: {"greeting": greeting(n_syllables=d)},
            (8, 15, 20, 24, 27, 35),
        ),
        ("too_fast", lambda d: {"agent": {"text_rate_syll_s": d}}, (4.0, 5.5, 6.2, 6.6, 8.0)),
        (
            "know_it_all",
            lambda d: {"hits": tuple(hit("know_it_all", "agent", 2) for _ in range(d))},
            range(6),
        ),
    ],
)
def test_more_of_it_is_a_higher_score(name: str, make: Any, doses: Any) -> None:
    scores = [verdict(name, facts(**make(dose))).score or 0.0 for dose in doses]
    assert scores == sorted(scores)
    assert scores[0] < 0.5 < scores[-1]


def test_a_changed_limit_changes_the_verdict_without_sound(tmp_path: Any) -> None:
    config = tmp_path / "callvoice.toml"
    config.write_text("[limits.too_fast]\nrate_too_fast_syll_s = 5.0\n")
    strict = load_settings(config)
    call = facts()
    assert verdict("too_fast", call).status == "clear"
    judged = next(v for v in mistakes.judge(call, strict) if v.id == "too_fast")
    assert judged.status == "found"
    assert 5.0 in {finding.limit for finding in judged.findings}


def test_words_recognised_from_noise_are_held_against_nobody() -> None:
    lecturing = (hit("know_it_all", "agent", n) for n in (2, 4))
    hits = (*lecturing, hit("apology", "agent", 6))
    noisy = facts(transcript=TRUSTED, agent={"snr_db": 7.0}, hits=hits)
    assert {v.status for v in mistakes.judge(noisy, SETTINGS)} == {"not_assessable"}
    assert mistakes.strengths(noisy, SETTINGS) == ()


def test_strengths_come_in_the_order_of_their_weight() -> None:
    call = facts(
        hits=(
            hit("warm_close", "agent", 6),
            hit("apology", "agent", 2),
            hit("empathy", "caller", 3),
        )
    )
    found = [s.measure for s in mistakes.strengths(call, SETTINGS)]
    assert found == ["strength_apology", "strength_warm_close", "strength_greeting"]


def test_a_long_greeting_is_no_strength() -> None:
    call = facts(greeting=greeting(n_syllables=27))
    assert mistakes.strengths(call, SETTINGS) == ()
