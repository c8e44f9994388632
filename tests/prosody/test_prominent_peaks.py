"""Peaks that stand out, beside scipy's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from callvoice.prosody.peaks import prominent_peaks


@given(st.data(), st.integers(0, 60), st.floats(0, 40), st.floats(0.01, 40))
def test_the_same_peaks_as_scipy(data: st.DataObject, n: int, floor: float, dip: float) -> None:
    heights = np.array(data.draw(st.permutations(range(n))), dtype=np.float32)
    expected, _ = scipy.signal.find_peaks(heights, height=floor, prominence=dip)
    assert prominent_peaks(heights, floor=floor, dip=dip).tolist() == expected.tolist()


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 4))
def test_level_runs_count_once_and_in_their_middle(levels: list[int], repeated: int) -> None:
    contour = np.repeat(np.array(levels, dtype=float), repeated)
    expected, _ = scipy.signal.find_peaks(contour, height=0)
    assert prominent_peaks(contour, floor=0, dip=0).tolist() == expected.tolist()


@given(st.lists(st.integers(0, 6), max_size=40))
def test_each_is_a_peak_and_two_have_a_dip_between(levels: list[int]) -> None:
    contour = np.array(levels, dtype=float)
    found = prominent_peaks(contour, floor=0, dip=2).tolist()
    known, _ = scipy.signal.find_peaks(contour, prominence=2)
    assert set(found) <= set(known.tolist())
    for one, other in pairwise(found):
        assert contour[one:other].min() <= min(contour[one], contour[other]) - 2


@pytest.mark.parametrize("contour", [[], [1.0], [1.0, 2.0], [2.0, 2.0, 2.0], [1.0, 2.0, 2.0]])
def test_what_has_no_two_sides_has_no_peak(contour: list[float]) -> None:
    assert not len(prominent_peaks(np.array(contour), floor=0, dip=0.1))
