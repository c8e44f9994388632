"""Melody measures against contours whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callvoice.prosody import melody

NAN = float("nan")


def contour(st_values):
    return 150 * 2 ** (np.asarray(st_values) / 12)


@pytest.fixture
def lively():
    return contour(2.0 * np.random.default_rng(1).standard_normal(5000))


MEASURES = [
    melody.f0_median_hz,
    melody.f0_spread_st,
    melody.f0_range_st,
    melody.flat_share,
    melody.final_movements,
    melody.change_between_thirds,
]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("n", [0, 1, 20])
def test_too_little_voice_gives_none(measure, n):
    assert measure(np.full(n, 120.0)) is None
    assert measure(np.full(1000, NAN)) is None


def test_median_and_spread_of_a_known_distribution(lively):
    assert melody.f0_median_hz(lively) == pytest.approx(150, rel=0.01)
    assert melody.f0_spread_st(lively) == pytest.approx(2.0, rel=0.03)
    assert melody.f0_range_st(lively) == pytest.approx(2 * 1.645 * 2.0, rel=0.03)


def test_spread_of_one_note_is_zero():
    assert melody.f0_spread_st(np.full(500, 150.0)) == pytest.approx(0, abs=1e-9)


def test_octave_errors_do_not_make_flat_speech_lively():
    f0 = contour(0.3 * np.random.default_rng(2).standard_normal(2000))
    wrong = f0.copy()
    wrong[::25] *= 2
    assert melody.f0_spread_st(wrong) == pytest.approx(melody.f0_spread_st(f0), abs=0.02)


def test_one_high_syllable_is_melody():
    calm = 0.8 * np.sin(np.arange(100) / 5)
    with_peak = np.concatenate([calm[:50], np.linspace(6.2, 6.6, 8), calm[50:]])
    assert melody.f0_spread_st(contour(with_peak)) == pytest.approx(with_peak.std(), rel=0.05)


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(0.0, 1.5), shift=st.floats(-6, 6), seed=st.integers(0, 20))
def test_spread_scales_with_the_melody_and_ignores_height(factor, shift, seed):
    steps = 3 * np.sin(np.cumsum(np.random.default_rng(seed).uniform(0, 0.2, 800)))
    whole = melody.f0_spread_st(contour(steps))
    assert melody.f0_spread_st(contour(factor * steps + shift)) == pytest.approx(
        factor * whole,
        abs=melody.NOISE_ST + 0.02 * whole,  # what a tracker's noise may be is no melody
    )


def test_reversal_keeps_spread_and_range(lively):
    assert melody.f0_spread_st(lively[::-1]) == pytest.approx(melody.f0_spread_st(lively))
    assert melody.f0_range_st(lively[::-1]) == pytest.approx(melody.f0_range_st(lively))


def test_unvoiced_frames_do_not_count(lively):
    spaced = np.full(2 * lively.size, NAN)
    spaced[::2] = lively
    assert melody.f0_spread_st(spaced) == melody.f0_spread_st(lively)
    assert melody.voiced_s(spaced) == pytest.approx(50.0)


def test_flat_share_counts_windows(lively):
    flat = contour(np.zeros(500))
    assert melody.flat_share(np.concatenate([flat, lively[:500], flat, flat])) == 0.75


def test_windows_with_little_voice_do_not_count():
    hardly = np.full(500, NAN)
    hardly[:50] = 150.0
    assert melody.flat_share(hardly) is None
    assert melody.flat_share(np.concatenate([hardly, np.full(500, 150.0)])) == 1.0


def phrase(movement_st):
    tail = np.linspace(0, movement_st, 25)
    return np.concatenate([contour(np.zeros(60)), contour(tail), np.full(50, NAN)])


def test_final_movements():
    f0 = np.concatenate([phrase(m) for m in (-4, -3, 3, 0.2)])
    ends = melody.final_movements(f0)
    assert (ends.n_falls, ends.n_rises, ends.n_level) == (2, 1, 1)
    assert ends.voiced_s == pytest.approx(1.0)


def test_short_gap_is_not_an_end():
    f0 = phrase(-4)
    f0[30:45] = NAN
    ends = melody.final_movements(f0)
    assert (ends.n_falls, ends.n_rises, ends.n_level) == (1, 0, 0)


def test_reversal_turns_falls_into_rises():
    bow = np.concatenate([np.linspace(-5, 0, 40), np.zeros(40), np.linspace(0, -5, 40)])
    dip = np.concatenate([np.full(40, NAN), contour(bow), np.full(40, NAN)])
    assert melody.final_movements(dip).n_falls == 1
    assert melody.final_movements(contour(-bow)).n_rises == 1


def test_change_between_thirds():
    low, high = contour(np.zeros(1000)), contour(3 + 2 * np.sin(np.arange(1000) / 20))
    height, spread = melody.change_between_thirds(np.concatenate([low, low, high]))
    assert height == pytest.approx(3, abs=0.15)
    assert spread == pytest.approx(np.sqrt(2), abs=0.05)
