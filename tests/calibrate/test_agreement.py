"""Krippendorff's alpha, against his own worked examples and its laws."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.calibrate.agreement import agreement, alphas

# K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011): examples A (two observers,
# two values) and C (four observers, five values, a dot where one is missing), and what it states.
A = ["0100000010", "1110010000"]
C = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]


def counts(rows: list[str], values: str) -> np.ndarray:
    return np.array([[unit.count(v) for v in values] for unit in zip(*rows, strict=True)], float)


def test_two_observers_binary() -> None:
    assert agreement(counts(A, "01"), range(10)).alpha == pytest.approx(0.095, abs=5e-4)


def test_four_observers_with_missing_values() -> None:
    found = agreement(counts(C, "12345"), range(12))
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    assert found.n_units == 11  # one unit has a single value and says nothing


def by_definition(rows: np.ndarray) -> float:
    """Disagreeing pairs within units over disagreeing pairs anywhere, one by one."""
    units = [[v for v, n in enumerate(unit) for _ in range(int(n))] for unit in rows]
    observed = sum(
        sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units
    )
    everything = [v for unit in units for v in unit]
    expected = sum(a != b for a, b in permutations(everything, 2)) / (len(everything) - 1)
    return 1 - observed / expected


tables = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda t: sum(t) >= 2),
    min_size=2,
    max_size=8,
).filter(lambda t: all(sum(unit[v] for unit in t) for v in (0, 1)))


@given(tables)
def test_the_fast_way_is_the_definition(table: list[tuple[int, int]]) -> None:
    array = np.array(table, float)
    fast = alphas(array, np.ones((1, len(array))))[0]
    assert fast == pytest.approx(by_definition(array))
    assert fast <= 1
    assert fast == pytest.approx(alphas(array[:, ::-1], np.ones((1, len(array))))[0])


def test_full_agreement_is_one_with_no_doubt() -> None:
    found = agreement(np.array([[3, 0], [0, 3]] * 10, float), range(20))
    assert (found.alpha, found.low, found.high) == (1.0, 1.0, 1.0)


def test_the_interval_covers_chance_for_reviewers_who_guess() -> None:
    guessed = np.random.default_rng(3).binomial(2, 0.4, size=150)
    found = agreement(np.stack([guessed, 2 - guessed], axis=1).astype(float), range(150))
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high
    assert found.high - found.low < 0.5


def test_units_of_one_call_are_drawn_together() -> None:
    """Eight copies of each judgement are no more evidence than one."""
    units = np.array([[2, 0], [0, 2], [1, 1], [2, 0], [0, 2], [1, 1], [2, 0], [0, 2]], float)
    once = agreement(units, range(8))
    copied = agreement(np.repeat(units, 8, axis=0), np.repeat(range(8), 8).tolist())
    apart = agreement(np.repeat(units, 8, axis=0), range(64))
    assert copied.high - copied.low == pytest.approx(once.high - once.low, abs=0.15)  # type: ignore[operator]
    assert apart.high - apart.low < 0.6 * (copied.high - copied.low)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("table", "n_units"), [([[1, 0], [0, 1]], 0), ([[2, 0], [2, 0]], 2), (np.empty((0, 2)), 0)]
)
def test_what_has_no_alpha(table: object, n_units: int) -> None:
    array = np.array(table, float).reshape(-1, 2)
    found = agreement(array, range(len(array)))
    assert found.alpha is None
    assert found.n_units == n_units
