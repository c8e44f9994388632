"""Level: exact answers for tones, laws for everything else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from callvoice.prosody.frames import n_frames
from callvoice.prosody.level import FLOOR_DB, level_db, levels, noise_floor_db, speech_level_db
from callvoice.prosody.sound import as_sound

RATE = 8000


def sine(hz: float, amplitude: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100])
@pytest.mark.parametrize("db", [0, -10, -40, -80])
def test_a_sine_has_its_level_in_every_frame(rate: int, db: float) -> None:
    level = level_db(sine(400, 10 ** (db / 20), rate=rate), rate_hz=rate)
    np.testing.assert_allclose(level[:-1], db - 3.01, atol=0.3)


def test_silence_and_nothing_have_the_floor() -> None:
    assert set(level_db(np.zeros(800), rate_hz=RATE)) == {FLOOR_DB}
    assert level_db(np.zeros(0), rate_hz=RATE).tolist() == [FLOOR_DB]


def test_a_step_lies_where_it_is() -> None:
    x = np.concatenate([sine(400, 0.001), sine(400, 0.1)])
    level = level_db(x, rate_hz=RATE)
    assert level[99] < -60 < -30 < level[101]


def test_a_constant_offset_has_no_level() -> None:
    x = sine(400, 0.01)
    np.testing.assert_allclose(
        level_db(x + 0.3, rate_hz=RATE), level_db(x, rate_hz=RATE), atol=0.01
    )


def test_gain_adds_its_decibels() -> None:
    x = np.random.default_rng(0).standard_normal(RATE) * 0.1
    shift = level_db(x * 0.1, rate_hz=RATE) - level_db(x, rate_hz=RATE)
    np.testing.assert_allclose(shift, -20, atol=1e-3)


@pytest.mark.parametrize("rate", [7999, 8000, 11025])
def test_fine_levels_are_those_of_half_the_window(rate: int) -> None:
    x = np.random.default_rng(0).standard_normal(1234).astype(np.float32) * 0.1
    found = levels(as_sound(x, rate)).fine_db
    edges = np.rint(np.arange(len(found) + 1) * rate * 0.005).astype(int)
    parts = [x[edges[max(i - 1, 0)] : edges[i + 1]] for i in range(len(found))]
    np.testing.assert_allclose(found, [10 * np.log10(np.var(p)) for p in parts], atol=0.01)


def test_speech_and_noise_level_come_from_their_own_frames() -> None:
    level = np.array([-120.0, -60, -60, -20, -20, -61])
    speech = level == -20
    assert speech_level_db(level, speech) == pytest.approx(-20)
    assert noise_floor_db(level, speech) == -60


def test_levels_of_what_is_not_there_are_undefined() -> None:
    level = np.array([-120.0, -120.0])
    assert speech_level_db(level, np.zeros(2, bool)) is None
    assert noise_floor_db(level, np.zeros(2, bool)) is None


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float32, st.integers(0, 700), elements=st.floats(-1e6, 1e6, width=32)),
    st.sampled_from([8000, 11025, 16000]),
)
def test_any_sound_has_finite_levels(x: np.ndarray, rate: int) -> None:
    level = level_db(x, rate_hz=rate)
    assert len(level) == n_frames(len(x), rate_hz=rate)
    assert np.isfinite(level).all()
    assert level.min() >= FLOOR_DB
