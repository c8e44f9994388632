"""Labels with known truth through the whole study, the file it writes, and the limits it names."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from calls import call, logistic, rate_for

from callvoice import mistakes
from callvoice.calibrate.labels import Label, Labels
from callvoice.calibrate.limits import suggest
from callvoice.calibrate.outcome import calibration_file, limits_section, summary
from callvoice.calibrate.results import Result
from callvoice.calibrate.study import OfMistake, Study, study
from callvoice.errors import InvalidSettings
from callvoice.settings import load_settings, logit
from callvoice.types import MistakeId

SETTINGS = load_settings()
TRUE_LIMIT = 0.75  # raw score that half of the listeners agree with, in the labels below


def sampled(n: int, *, seed: int = 2) -> tuple[list[Result], Labels]:
    """Calls of 15 agents at all tempos; two listeners of whom half agree from ``TRUE_LIMIT`` on."""
    rng = np.random.default_rng(seed)
    results, rows = [], []
    for number, raw in enumerate(rng.uniform(0.02, 0.98, n)):
        results.append(Result(Path(f"{number}.json"), call(number, rate_syll_s=rate_for(raw))))
        share = logistic(3.0 * (logit(raw) - logit(TRUE_LIMIT)))
        for reviewer in ("R1", "R2"):
            said = "yes" if rng.uniform() < share else "no"
            rows.append(
                Label(f"call-{number}.wav", "too_fast", said, reviewer, f"a{number % 15}", number)
            )
    return results, Labels(tuple(rows), "0" * 16)


def of(found: Study, mistake: MistakeId) -> OfMistake:
    return next(one for one in found.mistakes if one.id == mistake)


@pytest.fixture(scope="module")
def done() -> tuple[list[Result], Labels, Study]:
    results, labels = sampled(120)
    return results, labels, study(labels, results, SETTINGS)


def test_the_listeners_limit_is_found(done: tuple[list[Result], Labels, Study]) -> None:
    fast = of(done[2], "too_fast")
    assert fast.n_labels == 240
    assert fast.n_agents == 15
    assert fast.raw_limit == pytest.approx(TRUE_LIMIT, abs=0.08)
    assert fast.held_out is not None
    assert fast.held_out.auc is not None
    assert fast.held_out.auc > 0.9
    assert fast.held_out.precision is not None
    assert fast.now.precision is not None
    assert fast.held_out.precision > fast.now.precision  # the packaged limit finds too much here
    assert fast.agreement.alpha is not None
    assert fast.agreement.low is not None
    assert 0.3 < fast.agreement.low < fast.agreement.alpha < 1


def test_what_would_change_is_what_changes(
    done: tuple[list[Result], Labels, Study], tmp_path: Path
) -> None:
    results, labels, found = done
    path = tmp_path / "calibration.json"
    path.write_bytes(calibration_file(found, labels, SETTINGS, on=date(2026, 1, 31)))
    (tmp_path / "callvoice.toml").write_text('calibration = "calibration.json"\n')
    mapped = load_settings(tmp_path / "callvoice.toml")
    changed = set()
    for result in results:
        before, after = (
            {v.id: v for v in mistakes.judge(result.facts, s)}["too_fast"]
            for s in (SETTINGS, mapped)
        )
        assert bool(after.findings) == (after.status == "found")
        if before.status != after.status:
            changed.add((result.facts.call.source, after.status, after.score))
    flips = of(found, "too_fast").flips
    assert {(f.call, f.after) for f in flips} == {(c, s) for c, s, _ in changed}
    assert {f.mapped for f in flips} == {score for _, _, score in changed}
    assert flips


def test_the_suggested_limits_judge_as_the_mapping(
    done: tuple[list[Result], Labels, Study],
) -> None:
    fast = of(done[2], "too_fast")
    assert fast.suggestion is not None
    assert fast.raw_limit is not None
    expected = 6.5 + 0.25 * logit(fast.raw_limit)
    assert fast.suggestion.values["rate_too_fast_syll_s"] == pytest.approx(expected, abs=0.002)
    assert fast.suggestion.n_same == fast.suggestion.n_calls == 120
    assert "[limits.too_fast]\nrate_too_fast_syll_s = " in limits_section(done[2])


def test_limits_that_only_count_or_weigh_are_not_moved() -> None:
    calls = [call(n, phrases=n) for n in range(5)]
    found = suggest("know_it_all", calls, SETTINGS, 0.8)
    assert found is not None
    assert set(found.values) == {"signs"}
    assert found.values["signs"] == pytest.approx(2.0 + 0.6 * logit(0.8), abs=0.002)
    assert suggest("know_it_all", calls, SETTINGS, 0.5) is None


def test_unsure_is_left_out_and_said(done: tuple[list[Result], Labels, Study]) -> None:
    results, labels, found = done
    doubts = tuple(
        Label(row.call, row.mistake, "unsure", "R3", row.agent) for row in labels.rows[::2]
    )
    with_doubts = study(Labels(labels.rows + doubts, ""), results, SETTINGS)
    fast, before = of(with_doubts, "too_fast"), of(found, "too_fast")
    assert fast.n_unsure == 120
    assert (fast.map, fast.held_out, fast.agreement) == (
        before.map,
        before.held_out,
        before.agreement,
    )
    assert "120 unsure" in "\n".join(summary(with_doubts))


@pytest.mark.parametrize(
    ("answers", "note"),
    [
        (["yes"] * 30, "all 30 labels say yes"),
        (["yes", "no"] * 4, "8 labels are too few: a mapping needs 10"),
        (["no"] * 30 + ["yes"], "1 yes is too few: a mapping needs 3"),
        (["yes"] * 30 + ["no"] * 2, "2 no are too few: a mapping needs 3"),
    ],
)
def test_too_little_to_learn_from_is_said(answers: list[str], note: str) -> None:
    results, _ = sampled(len(answers))
    rows = tuple(
        Label(f"call-{n}.wav", "too_fast", said, "R1", f"a{n}")  # type: ignore[arg-type]
        for n, said in enumerate(answers)
    )
    found = study(Labels(rows, ""), results, SETTINGS)
    fast = of(found, "too_fast")
    assert fast.map is None
    assert note in "".join(fast.notes)
    assert fast.agreement.alpha is None
    assert note in "\n".join(summary(found))


def test_one_agent_and_unknown_agents_are_said() -> None:
    results, labels = sampled(30)
    same = tuple(Label(r.call, r.mistake, r.verdict, r.reviewer, "k7") for r in labels.rows)
    alone = of(study(Labels(same, ""), results, SETTINGS), "too_fast")
    assert alone.held_out is None
    assert alone.map is not None
    assert "one agent" in "".join(alone.notes)
    nobody = tuple(Label(r.call, r.mistake, r.verdict, r.reviewer) for r in labels.rows)
    assert "name no agent" in "".join(study(Labels(nobody, ""), results, SETTINGS).notes)


def test_labels_on_calls_that_have_no_score() -> None:
    """No greeting was found in these calls, so there is nothing to set a verdict against."""
    results, labels = sampled(20)
    rows = tuple(
        Label(r.call, "overlong_greeting", r.verdict, r.reviewer, r.agent) for r in labels.rows
    )
    greeting = of(study(Labels(rows, ""), results, SETTINGS), "overlong_greeting")
    assert (greeting.n_labels, greeting.n_unscored) == (0, 40)
    assert greeting.map is None


def test_labels_on_other_calls() -> None:
    results, labels = sampled(20)
    strange = Label("other.wav", "too_fast", "yes", "R1")
    notes = study(Labels((*labels.rows, strange), ""), results, SETTINGS).notes
    assert any("1 labels" in note and "other.wav" in note for note in notes)
    with pytest.raises(InvalidSettings, match=r"no label is on any.*other\.wav"):
        study(Labels((strange,), ""), results, SETTINGS)


def label(call: str, reviewer: str, agent: str | None, line: int) -> Label:
    return Label(call, "too_fast", "yes", reviewer, agent, line)


def test_a_call_has_one_verdict_of_a_reviewer_by_whatever_name() -> None:
    results = [Result(Path("r.json"), call(7))]
    twice = (label("call-7.wav", "R1", None, 2), label("r.json", "R1", None, 3))
    with pytest.raises(InvalidSettings, match="lines 2 and 3 of the labels: R1 judges too_fast"):
        study(Labels(twice, ""), results, SETTINGS)


def test_a_call_has_one_agent() -> None:
    results = [Result(Path("r.json"), call(7))]
    two = (label("call-7", "R1", "a", 2), label("call-7", "R2", "b", 3))
    with pytest.raises(InvalidSettings, match="line 3 of the labels: call-7 is of agent b"):
        study(Labels(two, ""), results, SETTINGS)
    left_open = (label("call-7", "R1", None, 2), label("call-7", "R2", "b", 3))
    assert of(study(Labels(left_open, ""), results, SETTINGS), "too_fast").n_agents == 1


def test_two_calls_of_one_name_cannot_be_told_apart() -> None:
    results = [Result(Path("a.json"), call(7)), Result(Path("call-7.json"), call(8))]
    with pytest.raises(InvalidSettings, match="2 results are called call-7"):
        study(Labels((label("call-7", "R1", None, 2),), ""), results, SETTINGS)


def test_the_file_says_where_it_comes_from(done: tuple[list[Result], Labels, Study]) -> None:
    _, labels, found = done
    content = json.loads(calibration_file(found, labels, SETTINGS, on=date(2026, 1, 31)))
    assert content["date"] == "2026-01-31"
    assert content["n_labels"] == 240
    assert content["labels_digest"] == labels.digest
    assert set(content["maps"]) == {"too_fast"}
    assert set(content["maps"]["too_fast"]) == {"method", "limits_digest", "knots"}
    assert content["figures"]["too_fast"]["n_labels"] == 240
    assert set(content["figures"]) == {name for name, _ in mistakes.JUDGES}
