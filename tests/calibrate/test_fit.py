"""Mappings from labels with known truth, and held-out figures that nothing leaks into."""

from __future__ import annotations

import numpy as np
import pytest
from calls import logistic
from hypothesis import given, settings
from hypothesis import strategies as st

from callvoice.calibrate.fit import (
    FitOptions,
    cross_validate,
    enough,
    fit_map,
    found_right,
    mapped_by,
    ordered_pairs,
    raw_limit,
)
from callvoice.settings import ScoreMap, logit

OPTIONS = FitOptions()


def labelled(n: int, slope: float, intercept: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and answers drawn from a logistic in their logits."""
    rng = np.random.default_rng(5)
    raw = rng.uniform(0.02, 0.98, n)
    share = np.array([logistic(slope * logit(s) + intercept) for s in raw])
    return raw, rng.uniform(size=n) < share


def fitted(raw: np.ndarray, yes: np.ndarray, options: FitOptions = OPTIONS) -> ScoreMap:
    mapping = fit_map(raw, yes, limits_digest="", options=options)
    assert mapping is not None
    return mapping


@pytest.mark.parametrize("shift", [-1.5, 0.0, 1.0])
@pytest.mark.parametrize("isotonic_from", [50, 10_000])
def test_a_known_limit_is_found_again(shift: float, isotonic_from: int) -> None:
    slope = 2.0
    raw, yes = labelled(1500, slope, slope * shift)
    mapping = fitted(raw, yes, FitOptions(isotonic_from=isotonic_from))
    assert mapping.method == ("isotonic" if isotonic_from == 50 else "logistic")
    found = raw_limit(mapping)
    assert found is not None
    assert found == pytest.approx(logistic(-shift), abs=0.07)
    if mapping.method == "logistic":
        assert mapping.slope == pytest.approx(slope, rel=0.15)


def test_few_labels_get_a_logistic_mapping() -> None:
    raw, yes = labelled(49, 3.0, 0.0)
    assert fitted(raw, yes).method == "logistic"


def test_held_out_figures_of_a_good_score() -> None:
    raw, yes = labelled(400, 3.0, 0.0)
    agents = np.array([f"a{i % 12}" for i in range(400)])
    held = cross_validate(raw, yes, agents, mapped_by(OPTIONS), folds=5)
    right, pairs = ordered_pairs(raw, yes)
    assert held.n == 400
    assert held.auc == pytest.approx(right / pairs, abs=0.03)
    assert held.precision is not None
    assert held.precision > 0.8
    assert held.recall is not None
    assert held.recall > 0.8


def of_agents() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Answers that depend on the agent alone, and a score that tells agents apart, no more."""
    rng = np.random.default_rng(11)
    agent = np.repeat(np.arange(1000), 2)
    score = rng.permutation(1000) / 1000
    answer = rng.uniform(size=1000) < 0.5
    return score[agent], answer[agent], agent.astype(str)


def memory(raw: np.ndarray, yes: np.ndarray):  # type: ignore[no-untyped-def]
    """Remembers the answer to each score that it saw."""
    known = {score: float(answer) for score, answer in zip(raw, yes, strict=True)}
    return lambda scores: np.array([known.get(score, 0.5) for score in scores])


def test_what_knows_the_agent_alone_does_no_better_than_chance() -> None:
    raw, yes, agents = of_agents()
    assert cross_validate(raw, yes, agents, memory, folds=5).auc == pytest.approx(0.5)
    mapped = cross_validate(raw, yes, agents, mapped_by(OPTIONS), folds=5)
    assert mapped.auc == pytest.approx(0.5, abs=0.06)
    one_each = np.arange(len(raw)).astype(str)  # calls instead of agents: this is the leak
    assert cross_validate(raw, yes, one_each, memory, folds=5).auc > 0.85  # type: ignore[operator]


def test_no_agent_is_both_learned_from_and_tested_on() -> None:
    raw, yes, agents = of_agents()
    owner = dict(zip(raw, agents, strict=True))

    def watch(train: np.ndarray, _: np.ndarray):  # type: ignore[no-untyped-def]
        learned = {owner[score] for score in train}

        def predict(test: np.ndarray) -> np.ndarray:
            assert not learned & {owner[score] for score in test}
            return np.full(len(test), 0.5)

        return predict

    assert cross_validate(raw, yes, agents, watch, folds=5).n == len(raw)


def test_one_agent_cannot_be_held_out() -> None:
    raw, yes = labelled(40, 2.0, 0.0)
    held = cross_validate(raw, yes, np.full(40, "same"), mapped_by(OPTIONS), folds=5)
    assert (held.auc, held.n) == (None, 0)


@pytest.mark.parametrize("n", [30, 300])
def test_a_score_that_people_contradict_gets_no_mapping(n: int) -> None:
    raw, yes = labelled(n, 4.0, 0.0)
    assert fit_map(1 - raw, yes, limits_digest="", options=OPTIONS) is None


def test_enough_needs_both_answers() -> None:
    assert not enough(np.array([True] * 30), OPTIONS)
    assert not enough(np.array([True] * 28 + [False] * 2), OPTIONS)
    assert not enough(np.array([True, False] * 4), OPTIONS)
    assert enough(np.array([True] * 7 + [False] * 3), OPTIONS)


def test_precision_and_recall_by_hand() -> None:
    found = np.array([True, True, True, False, False])
    yes = np.array([True, True, False, True, False])
    assert found_right(found, yes) == (0.667, 0.667)
    assert found_right(~found & found, yes) == (None, 0.0)


scores = st.floats(0, 1, allow_nan=False)
samples = st.lists(st.tuples(scores, st.booleans()), min_size=4, max_size=80).filter(
    lambda rows: 0 < sum(yes for _, yes in rows) < len(rows)
)


@settings(deadline=None, max_examples=50)
@given(samples, st.lists(scores, min_size=2, max_size=20), st.sampled_from([2, 10_000]))
def test_a_mapping_never_falls_and_stays_in_bounds(
    rows: list[tuple[float, bool]], at: list[float], isotonic_from: int
) -> None:
    raw = np.array([score for score, _ in rows]).round(3)
    yes = np.array([answer for _, answer in rows])
    options = FitOptions(isotonic_from=isotonic_from)
    mapping = fit_map(raw, yes, limits_digest="", options=options)
    if mapping is not None:
        shares = [mapping(score) for score in sorted(at)]
        assert shares == sorted(shares)
        assert 0 <= shares[0] <= shares[-1] <= 1
