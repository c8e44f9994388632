"""What the line does: known noise, clipping, dropouts, hum and crosstalk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from speechlike import RATE, channel, line_noise, utterance

from callvoice.prosody.activity import find_speech
from callvoice.prosody.frames import n_frames
from callvoice.prosody.level import level_db, levels
from callvoice.prosody.line import (
    clipped_share,
    dropouts,
    hum_db,
    snr_db,
    steady_sound,
    without_bleed,
)
from callvoice.prosody.sound import as_sound


def fine(x: np.ndarray) -> np.ndarray:
    return levels(as_sound(x, RATE)).fine_db


def both_levels(*channels: np.ndarray) -> np.ndarray:
    return np.array([level_db(x, rate_hz=RATE) for x in channels])


def test_the_noise_inside_the_speech_level_is_taken_off() -> None:
    assert snr_db(-20, -60) == pytest.approx(40, abs=0.01)
    assert snr_db(10 * np.log10(2) - 30, -30) == pytest.approx(0, abs=1e-6)
    assert snr_db(-40, -30) == 0
    assert snr_db(None, -60) is None
    assert snr_db(-20, None) is None


@pytest.mark.parametrize("gain", [1, 0.3])
def test_flat_tops_are_counted_at_any_gain(gain: float) -> None:
    t = np.arange(RATE) / RATE
    x = np.clip(2 * np.sin(2 * np.pi * 100.3 * t), -1, 1) * gain
    assert clipped_share(x) == pytest.approx(2 / 3, abs=0.03)


def test_undistorted_speech_has_no_flat_tops() -> None:
    assert clipped_share(utterance(3)) < 1e-3
    assert clipped_share(np.zeros(100)) == 0


def test_lost_packets_are_found_where_they_are() -> None:
    x = 0.1 * np.sin(2 * np.pi * 300 * np.arange(4 * RATE) / RATE)
    lost = [(1.0, 1.02), (2.0, 2.06), (3.0, 3.2)]
    for start, end in lost:
        x[round(start * RATE) : round(end * RATE)] = 0
    found = dropouts(fine(x), speech_level_db=-23)
    assert [(i.start_s, i.end_s) for i in found] == [pytest.approx(s, abs=0.01) for s in lost]


def test_silence_between_utterances_is_no_dropout() -> None:
    x = channel([(1, 2), (2.5, 3)], 4)
    x[round(2.1 * RATE) : round(2.3 * RATE)] = 0
    assert dropouts(fine(x), speech_level_db=-20) == ()
    assert dropouts(fine(x), speech_level_db=None) == ()


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_hum_has_its_level_under_speech(mains_hz: float) -> None:
    t = np.arange(20 * RATE) / RATE
    hum = 0.01 * np.sin(2 * np.pi * 3 * mains_hz * t)
    x = channel([(1, 4), (6, 9), (12, 15)], 20)
    assert hum_db(x + hum, rate_hz=RATE) == pytest.approx(-43, abs=2)
    assert hum_db(x, rate_hz=RATE) < -60


def test_a_constant_tone_is_steady_and_speech_is_not() -> None:
    tone = 0.1 * np.sin(2 * np.pi * 425 * np.arange(2 * RATE) / RATE)
    x = np.concatenate([tone, utterance(5)])
    steady = steady_sound(x, rate_hz=RATE, active=np.ones(n_frames(x.size, rate_hz=RATE), bool))
    assert steady[5:190].all()
    assert not steady[215:].any()


def test_bleed_is_removed_and_own_speech_stays() -> None:
    loud = channel([(1, 3), (5, 8), (10, 12)], 14, seed=1)
    weak = channel([(3.5, 4.5), (8.5, 9.5)], 14, noise_db=-75, seed=2)
    weak[400:] += 0.05 * loud[:-400]
    speech = np.array([find_speech(c, rate_hz=RATE).speech for c in (loud, weak)])
    level = both_levels(loud, weak)
    assert speech[1, 520:780].any()
    clean = without_bleed(speech, level)
    assert not clean[1, 520:780].any()
    assert clean[1, 860:940].mean() > 0.9
    np.testing.assert_array_equal(clean[0], speech[0])


def test_a_quiet_word_under_the_others_speech_stays() -> None:
    loud = channel([(1, 6)], 8, seed=1)
    quiet = line_noise(8 * RATE, -75)
    quiet[3 * RATE : 4 * RATE] += 0.1 * utterance(1, seed=7)
    speech = np.array([find_speech(c, rate_hz=RATE).speech for c in (loud, quiet)])
    level = both_levels(loud, quiet)
    assert speech[1, 310:390].mean() > 0.9
    np.testing.assert_array_equal(without_bleed(speech, level), speech)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float32, st.integers(0, 2000), elements=st.floats(-1e6, 1e6, width=32)))
def test_no_sound_breaks_it(x: np.ndarray) -> None:
    frames = n_frames(len(x), rate_hz=RATE)
    assert 0 <= clipped_share(x) <= 1
    assert np.isfinite(hum_db(x, rate_hz=RATE))
    assert dropouts(fine(x), speech_level_db=-20) is not None
    assert steady_sound(x, rate_hz=RATE, active=np.ones(frames, bool)).shape == (frames,)
    level = both_levels(x, x[::-1])
    speech = level > -50
    assert not (without_bleed(speech, level) & ~speech).any()
