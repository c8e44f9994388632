from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from callvoice.report.peaks import MAX_POINTS, NO_PITCH, melody, peaks
from callvoice.types import Track


def track_of(f0_hz: list[float]) -> Track:
    n = len(f0_hz)
    return Track(
        0.01,
        np.array(f0_hz),
        np.ones(n),
        np.zeros(n),
        np.ones(n, bool),
        *(np.zeros(n),) * 2,
        np.zeros(0),
    )


def test_a_known_signal_has_known_peaks() -> None:
    samples = np.zeros((2, 800), np.float32)
    samples[0, 100], samples[0, 799], samples[1, 400] = 0.5, -1.0, 0.25
    points = peaks(samples, 8_000)
    assert points.tolist() == [[64, 0, 0, 0, 127], [0, 0, 32, 0, 0]]


@given(
    arrays(np.float32, st.tuples(st.integers(1, 3), st.integers(1, 3_000)),
           elements=st.floats(-1, 1, width=32)),
    st.sampled_from([5, 8_000, 384_000]),
)  # fmt: skip
def test_laws(samples: np.ndarray, rate_hz: int) -> None:
    points = peaks(samples, rate_hz)
    assert points.shape[0] == samples.shape[0]
    assert 1 <= points.shape[1] <= min(MAX_POINTS, samples.shape[1])
    assert points.min() >= 0
    assert points.max() == (127 if np.abs(samples).max() > 0 else 0)


@given(st.integers(1, 400), st.integers(0, 2**16))
def test_equals_the_slow_reference(n_samples: int, seed: int) -> None:
    samples = np.random.default_rng(seed).uniform(-1, 1, (1, n_samples)).astype(np.float32)
    points = peaks(samples, 500)
    edges = [i * n_samples // points.shape[1] for i in range(points.shape[1] + 1)]
    largest = np.abs(samples).max()
    expected = [np.abs(samples[0, a:b]).max() / largest * 127 for a, b in pairwise(edges)]
    assert points[0] == pytest.approx(expected, abs=0.501)


def test_an_hour_has_a_bounded_number_of_points() -> None:
    hour = np.zeros((2, 3_600 * 100), np.float32)
    assert peaks(hour, 100).shape == (2, MAX_POINTS)


def test_no_samples_have_no_peaks() -> None:
    assert peaks(np.zeros((2, 0), np.float32), 8_000).shape == (2, 0)


def test_melody_is_semitones_from_the_median() -> None:
    drawn = melody(track_of([100.0, 200.0, 100.0, 100.0, np.nan, 50.0]))
    assert drawn.tolist() == [0, 96, 0, 0, NO_PITCH, -96]


def test_melody_without_voice_is_empty() -> None:
    assert melody(track_of([np.nan, np.nan])).size == 0
    assert melody(track_of([])).size == 0


@pytest.mark.parametrize("n_frames", [90_001, 360_000])
def test_melody_of_a_long_call_is_bounded(n_frames: int) -> None:
    drawn = melody(track_of([150.0] * n_frames))
    assert drawn.size <= 90_000
    assert (drawn[:-1] == 0).all()
