"""Each mistake has facts that must fire and facts that must not."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from facts import GOOD_GREETING, facts, hit, mono, transcript, turn
from hypothesis import given
from hypothesis import strategies as st
from msgspec import convert
from msgspec.structs import replace
from read_cases import Case, facts_of, read_cases

from callvoice import mistakes
from callvoice.mistakes import indifferent, scoring, strengths_of
from callvoice.settings import load_settings
from callvoice.types import Facts, Hit, Overlap, TextFacts, Verdict

SETTINGS = load_settings()
ACKS = tuple(hit("acknowledgement", "agent", n) for n in (2, 4, 6))


def verdict(name: str, call: Facts) -> Verdict:
    return next(v for v in mistakes.judge(call, SETTINGS) if v.id == name)


def greeting(**changes: Any) -> Any:
    return replace(GOOD_GREETING, **changes)


TRUSTED = transcript(probability=0.9)

CASES = [
    pytest.param(name, case, id=f"{name}: {case.name}")
    for name, _ in mistakes.JUDGES
    for case in read_cases(name)
]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_call_is_judged_as_a_listener_would(name: str, case: Case) -> None:
    judged = verdict(name, facts_of(case))
    assert judged.status == case.expect, case.why
    assert judged.reason == case.reason
    assert bool(judged.findings) == (case.expect == "found")
    assert case.measure is None or case.measure in {f.measure for f in judged.findings}
    if judged.score is not None:
        assert (judged.score >= 0.5) == (case.expect == "found")
    else:
        assert case.expect == "not_assessable"


@pytest.mark.parametrize("name", [name for name, _ in mistakes.JUDGES])
def test_each_mistake_has_its_cases(name: Any) -> None:
    expected = [case.expect for case in read_cases(name)]
    assert min(expected.count("found"), expected.count("clear")) >= 8
    names = [case.name for case in read_cases(name)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("name", "case"), CASES)
def test_findings_are_true_to_their_measure_and_can_be_played(name: str, case: Case) -> None:
    findings = verdict(name, facts_of(case)).findings
    placed = [f.start_s is not None for f in findings]
    assert placed == sorted(placed, reverse=True)
    for finding in findings:
        assert (finding.value is None) == (finding.limit is None) == (finding.unit is None)
        assert (finding.start_s is None) == (finding.end_s is None)
        assert finding.start_s is None or finding.start_s < (finding.end_s or 0.0)


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


# What else is in the call, the measure's path in a case, its values in the order of the mistake.
LAWS: dict[str, list[tuple[dict[str, Any], str, list[float]]]] = {
    "toneless": [
        ({"agent": {"flat_share": 0.6}}, "agent.f0_spread_st", [6.0, 2.0, 1.6, 1.2, 0.3]),
        ({"agent": {"f0_spread_st": 1.0}}, "agent.flat_share", [0.0, 0.3, 0.5, 0.7, 1.0]),
        ({"agent": {"f0_spread_st": 1.0}}, "agent.melody.n_level", [0, 8, 18, 30, 60]),
    ],
    "indifferent": [
        ({"caller": {"speech_s": 60.0}}, "gap_s", [0.0, 0.5, 1.2, 1.8, 3.0]),
        ({"gap_s": 2.0, "backchannels": [10.0, 26.0]}, "caller.speech_s", [46.0, 100.0, 200.0]),
    ],
    "impatient": [
        ({"overlaps": ["agent 10.0 inside stopped"] * 3}, "caller.speech_s", [3000.0, 900.0, 60.0]),
    ],
    "overlong_greeting": [
        ({}, "greeting.n_syllables", [5, 15, 22, 30, 60]),
        ({}, "greeting.end_s", [1.0, 4.0, 6.0, 9.0]),
    ],
    "rushed": [
        ({"agent_turns": {"pause_share": 0.02}}, "gap_s", [1.0, 0.3, 0.1, 0.02]),
        ({"gap_s": 0.02}, "agent_turns.pause_share", [0.3, 0.1, 0.06, 0.03, 0.0]),
        (
            {"gap_s": 0.02, "agent": {"speech_s": 90.0}},
            "agent.tempo.rate_slope_syll_s_min",
            [-2.0, 0.0, 1.0, 2.0, 4.0],
        ),
    ],
    "unclear": [
        (
            {"hits": ["caller 1 caller_repair"]},
            "agent.syllable_reduction",
            [1.1, 0.95, 0.85, 0.7],
        ),
        (
            {"agent": {"syllable_reduction": 0.6, "clarity": {"spectral_change_db": 2.0}}},
            "agent.clarity.modulation_db",
            [6.0, 5.0, 4.0, 2.0],
        ),
        ({}, "word_probability", [0.9, 0.5, 0.3]),
    ],
    "too_fast": [
        ({}, "agent.text_rate_syll_s", [4.0, 5.5, 6.2, 6.6, 8.0]),
        ({"says": {"4": "Es ist die 4711 0815."}}, "syllables.4", [20, 30, 36, 40, 50]),
        ({}, "agent_turns.rate", [4.0, 5.5, 6.1, 6.6, 8.0]),
    ],
}


def _changed(base: dict[str, Any], path: str, value: float) -> Facts:
    """The call of a case with one value put into it."""
    root = copy.deepcopy(base)
    *groups, last = path.split(".")
    table = root
    for group in groups:
        table = table.setdefault(group, {})
    table[last] = value
    case = {"name": path, "why": "a law", "expect": "found", **root}
    return facts_of(convert(case, Case, strict=False))


@pytest.mark.parametrize(
    ("name", "base", "path", "doses"),
    [(name, *law) for name, laws in LAWS.items() for law in laws],
)
def test_more_of_a_measure_is_a_higher_score(
    name: str, base: dict[str, Any], path: str, doses: list[float]
) -> None:
    scores = [verdict(name, _changed(base, path, dose)).score or 0.0 for dose in doses]
    assert scores == sorted(scores)
    assert scores[0] < 0.5 < scores[-1]


LABELS = st.sampled_from(
    ["know_it_all", "dismissive", "excuse", "process_first", "imposing", "impatient"]
)
AGAINST = st.lists(st.builds(hit, LABELS, st.just("agent"), st.sampled_from([2, 4, 6])), max_size=6)


@given(AGAINST, st.builds(hit, LABELS, st.just("agent"), st.sampled_from([2, 4, 6])))
def test_one_more_phrase_never_lowers_a_score(few: list[Hit], more: Hit) -> None:
    before = mistakes.judge(facts(hits=tuple(few)), SETTINGS)
    after = mistakes.judge(facts(hits=(*few, more)), SETTINGS)
    assert all((a.score or 0.0) >= (b.score or 0.0) for a, b in zip(after, before, strict=True))


OVERLAPS = st.builds(
    Overlap,
    start_s=st.just(10.0),
    end_s=st.just(10.6),
    by_channel=st.just(0),
    interruption=st.booleans(),
    other_stopped=st.booleans(),
)


@given(st.lists(OVERLAPS, max_size=6), OVERLAPS)
def test_one_more_start_in_the_caller_s_turn_never_lowers_a_score(
    few: list[Overlap], more: Overlap
) -> None:
    before = verdict("impatient", facts(overlaps=tuple(few))).score or 0.0
    assert (verdict("impatient", facts(overlaps=(*few, more))).score or 0.0) >= before


@given(AGAINST)
def test_a_verdict_depends_on_nothing_but_facts_and_limits(few: list[Hit]) -> None:
    call = facts(hits=tuple(few))
    stored = msgspec.json.decode(msgspec.json.encode(call), type=Facts)
    assert mistakes.judge(call, SETTINGS) == mistakes.judge(stored, SETTINGS)


def test_the_same_contradiction_weighs_more_after_a_statement() -> None:
    lone = (hit("know_it_all", "agent", 2),)
    stated = facts(hits=lone)
    asked = facts(hits=lone, transcript=transcript(says={1: "Ist das denn wirklich so, oder?"}))
    after, before = verdict("know_it_all", stated).score, verdict("know_it_all", asked).score
    assert (before or 1.0) < (after or 0.0) < 0.5


GUESSES = [
    ("know_it_all", "dismissive", "agent"),
    ("know_it_all", "caller_trouble", "caller"),
    ("impatient", "impatient", "agent"),
    ("indifferent", "caller_trouble", "caller"),
    ("unclear", "caller_repair", "caller"),
]


@pytest.mark.parametrize(("name", "label", "role"), GUESSES)
def test_phrases_that_are_a_guess_are_held_against_nobody(name: str, label: str, role: Any) -> None:
    said = [hit(label, role, n + (role == "caller")) for n in (2, 4, 6)]
    guessed = [replace(one, probability=0.6) for one in said]
    sure, unsure, none = (verdict(name, facts(hits=tuple(hits))) for hits in (said, guessed, ()))
    assert (unsure.status, unsure.score) == (none.status, none.score)
    assert (sure.score or 0) > (none.score or 0)


@pytest.mark.parametrize("label", strengths_of.LABELS)
def test_phrases_that_are_a_guess_are_praised_by_nobody(label: str) -> None:
    said = hit(label, "agent", 2)
    guessed = facts(hits=(replace(said, probability=0.6),))
    sure, unsure, none = (
        strengths_of.strengths(call, SETTINGS)
        for call in (facts(hits=(said,)), guessed, facts(hits=()))
    )
    assert sure != unsure == none


def test_a_contradiction_repeated_later_weighs_more_than_twice_in_one_turn() -> None:
    once, later = (
        facts(hits=(hit("know_it_all", "agent", 2), hit("dismissive", "agent", n))) for n in (2, 4)
    )
    assert (verdict("know_it_all", once).score or 1.0) < (verdict("know_it_all", later).score or 0)


def test_pieces_of_one_answer_are_no_short_answers() -> None:
    pieces = [
        replace(t, text="Ja, ja.", start_s=8.0 * n, end_s=8.0 * n + 1.0)
        for n, t in enumerate(transcript().turns[::2] * 2)
    ]
    close = [replace(t, start_s=1.5 * n, end_s=1.5 * n + 1.0) for n, t in enumerate(pieces)]
    for turns, said in ((pieces, True), (close, False)):
        call = facts(transcript=replace(transcript(), turns=tuple(turns)))
        sign = indifferent._short_answers(call, SETTINGS.limits_of("indifferent"))
        assert (sign.score >= scoring.FOUND_FROM) is said


SIGNS = st.lists(st.floats(0.01, 0.99).map(scoring.Sign), min_size=2, max_size=5)


@given(SIGNS, st.data())
def test_a_stronger_sign_never_lowers_what_signs_say_together(
    signs: list[scoring.Sign], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(signs) - 1))
    more = [
        *signs[:at],
        scoring.Sign(data.draw(st.floats(signs[at].score, 0.99))),
        *signs[at + 1 :],
    ]
    before, after = (scoring.together(few, at_least=2) for few in (signs, more))
    assert after >= before - 1e-12


@given(SIGNS)
def test_as_many_signs_as_must_speak_decide(signs: list[scoring.Sign]) -> None:
    speak = sum(sign.score >= scoring.FOUND_FROM for sign in signs)
    assert (scoring.together(signs, at_least=2) >= scoring.FOUND_FROM) == (speak >= 2)
    unmeasured = [*signs, scoring.Sign(0.0)]
    assert scoring.together(unmeasured, at_least=2) == scoring.together(signs, at_least=2)


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


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in read_cases("strengths")])
def test_words_and_voice_together_are_a_strength(case: Case) -> None:
    named = [s for s in mistakes.strengths(facts_of(case), SETTINGS) if s.measure == case.measure]
    assert len(named) == (case.expect == "found"), case.why
    for strength in named:
        assert strength.role == "agent"
        assert strength.start_s is not None
        assert strength.start_s < (strength.end_s or 0.0)
        assert (strength.value or 0.0) >= (strength.limit or 0.0)
        assert strength.quote


def test_good_news_are_named_once() -> None:
    news, other = hit("good_news", "agent", 2), hit("good_news", "agent", 4)
    lively = facts(
        agent={
            "turns": tuple(
                turn(16.0 * n, 16.0 * n + 7, spread_st=4.0 if n == 1 else 2.0) for n in range(6)
            )
        },
        hits=(other, news),
        greeting=None,
    )
    found = [(s.measure, s.start_s) for s in mistakes.strengths(lively, SETTINGS)]
    assert found == [("strength_lively_news", news.start_s), ("strength_good_news", other.start_s)]


def test_a_pause_after_two_sentences_of_trouble_is_named_once() -> None:
    hits = (*(hit("caller_trouble", "caller", 1),) * 2, hit("apology", "agent", 2))
    found = [s.measure for s in mistakes.strengths(facts(hits=hits, gap_s=0.9), SETTINGS)]
    assert found.count("strength_pause_given") == 1


def test_phrases_without_times_have_no_pause_and_no_melody() -> None:
    hits = (
        hit("good_news", "agent", 4),
        hit("caller_trouble", "caller", 1),
        hit("apology", "agent", 2),
    )
    timeless = tuple(replace(h, start_s=None, end_s=None) for h in hits)
    found = {s.measure for s in mistakes.strengths(facts(hits=timeless, gap_s=0.9), SETTINGS)}
    assert found == {"strength_good_news", "strength_apology", "strength_greeting"}


def test_a_long_greeting_is_no_strength() -> None:
    call = facts(greeting=greeting(n_syllables=27))
    assert mistakes.strengths(call, SETTINGS) == ()
