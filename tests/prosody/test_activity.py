"""Speech activity: known pauses, lines that mislead, laws, and a slow reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from speechlike import RATE, channel, line_noise, utterance

from callvoice.prosody.activity import (
    Activity,
    fill_gaps,
    find_speech,
    intervals,
    pauses,
)
from callvoice.prosody.frames import n_frames
from callvoice.prosody.masks import likeliest, with_tails, without_islands
from callvoice.prosody.pitch import track_pitch
from callvoice.types import Interval

SPANS = [(1.0, 2.5), (2.9, 4.0), (5.5, 7.0)]


def detect(x: np.ndarray, rate: int = RATE) -> Activity:
    pitch = track_pitch(x, rate_hz=rate)
    return find_speech(x, rate_hz=rate, f0_hz=pitch.f0_hz, strength=pitch.strength)


def edges(found: Activity) -> np.ndarray:
    return np.array([(i.start_s, i.end_s) for i in intervals(found.speech)])


@pytest.mark.parametrize("noise_db", [-90, -65, -45])
@pytest.mark.parametrize("gain_db", [10, 0, -20])
def test_utterances_are_found_to_a_few_hundredths(noise_db: float, gain_db: float) -> None:
    x = channel(SPANS, 8, noise_db=noise_db) * np.float32(10 ** (gain_db / 20))
    found = edges(detect(x))
    assert found.shape == (3, 2)
    assert np.abs(found - SPANS).max() < 0.05


def test_digital_silence_and_changing_noise_do_not_move_the_edges() -> None:
    x = channel(SPANS, 8, noise_db=-60)
    x[:4000] = 0
    x[round(4.3 * RATE) : round(5.2 * RATE)] = 0
    x[round(7.2 * RATE) :] *= 0.1
    found = edges(detect(x))
    assert found.shape == (3, 2)
    assert np.abs(found - SPANS).max() < 0.06


def test_levels_are_those_of_the_line() -> None:
    found = detect(channel(SPANS, 8, noise_db=-60))
    assert found.noise_floor_db == pytest.approx(-60, abs=1.5)
    assert found.speech_level_db == pytest.approx(-20, abs=1.5)


@pytest.mark.parametrize("db", [-20, -50, -80])
def test_noise_alone_is_no_speech(db: float) -> None:
    found = detect(line_noise(10 * RATE, db).astype(np.float32))
    assert not found.speech.any()
    assert found.speech_level_db is None


def test_silence_alone_is_neither_speech_nor_noise() -> None:
    found = detect(np.zeros(5 * RATE, np.float32))
    assert not found.speech.any()
    assert (found.noise_floor_db, found.speech_level_db) == (None, None)


def test_knocks_and_bursts_of_noise_are_no_speech() -> None:
    x = channel(SPANS, 10)
    x[round(8 * RATE) : round(8.02 * RATE)] += 0.5
    x[round(8.6 * RATE) : round(9.2 * RATE)] += line_noise(round(0.6 * RATE), -25).astype("f")
    assert edges(detect(x)).shape == (3, 2)


@pytest.mark.parametrize(
    ("lines_hz", "on_s", "period_s"),
    [((425,), 1.0, 5.0), ((425,), 0.48, 0.96), ((697, 1336), 0.2, 0.5), ((440, 480), 2.0, 6.0)],
    ids=["German ringing", "German busy", "dialling", "American ringing"],
)
def test_tones_are_kept_apart(lines_hz: tuple[int, ...], on_s: float, period_s: float) -> None:
    t = np.arange(10 * RATE) / RATE
    tone = sum(np.sin(2 * np.pi * f * t) for f in lines_hz) * 0.1 * (t % period_s < on_s)
    x = np.concatenate([tone.astype(np.float32), channel(SPANS, 8)])
    x[: tone.size] += line_noise(tone.size, -65)
    found = detect(x)
    assert not found.speech[: 10 * 100].any()
    assert edges(found).shape == (3, 2)
    steady = sum(i.end_s - i.start_s for i in found.music_or_tone)
    assert steady == pytest.approx(np.mean(t % period_s < on_s) * 10, rel=0.5)


def test_chords_are_music() -> None:
    rng, t = np.random.default_rng(0), np.arange(RATE // 2) / RATE
    bars = [
        sum(np.sin(2 * np.pi * f * h * t) / h for f in rng.uniform(200, 700, 3) for h in (1, 2, 3))
        for _ in range(24)
    ]
    music = 0.05 * np.concatenate(bars)
    found = detect(np.concatenate([music, channel(SPANS, 8)]).astype(np.float32))
    assert found.speech[:1150].mean() < 0.1
    assert edges(found)[-3:] - 12 == pytest.approx(np.array(SPANS), abs=0.06)


def test_short_closures_belong_to_speech() -> None:
    x = channel([(1.0, 2.0), (2.08, 3.0)], 4)
    assert len(intervals(detect(x).speech)) == 1


def test_an_offset_changes_nothing() -> None:
    x = channel(SPANS, 8)
    np.testing.assert_array_equal(detect(x + np.float32(0.1)).speech, detect(x).speech)


def test_a_shift_in_time_shifts() -> None:
    x = channel(SPANS, 8)
    shifted = np.concatenate([line_noise(RATE, -65, seed=9).astype(np.float32), x])
    assert edges(detect(shifted)) - 1 == pytest.approx(edges(detect(x)), abs=0.021)


def test_sixteen_kilohertz_give_the_same_speech() -> None:
    x = channel(SPANS, 8)
    twice = np.interp(np.arange(2 * x.size) / 2, np.arange(x.size), x).astype(np.float32)
    assert edges(detect(twice, 2 * RATE)) == pytest.approx(edges(detect(x)), abs=0.03)


def test_speech_is_found_without_a_pitch_track() -> None:
    found = intervals(find_speech(channel(SPANS, 8), rate_hz=RATE).speech)
    assert [(i.start_s, i.end_s) for i in found] == [pytest.approx(s, abs=0.06) for s in SPANS]


def test_pauses_are_silences_in_which_the_other_does_not_start() -> None:
    speech = (Interval(0, 1), Interval(1.3, 2), Interval(2.2, 3), Interval(4, 5))
    assert pauses(speech) == (Interval(1, 1.3), Interval(3, 4))
    assert pauses(speech, (Interval(3.2, 3.8),)) == (Interval(1, 1.3),)
    assert pauses(speech, (Interval(0.5, 9),), min_s=0.5) == (Interval(3, 4),)


def test_pauses_in_a_sentence_are_found_where_they_are() -> None:
    x = np.concatenate([utterance(1.2), np.zeros(round(0.4 * RATE)), utterance(1.1, seed=1)])
    x = np.concatenate([np.zeros(RATE), x, np.zeros(RATE)]) + line_noise(x.size + 2 * RATE, -55)
    (pause,) = pauses(intervals(detect(x.astype(np.float32)).speech))
    assert (pause.start_s, pause.end_s) == pytest.approx((2.2, 2.6), abs=0.04)


@given(hnp.arrays(bool, st.integers(1, 60)), st.integers(0, 8))
def test_filling_adds_only_inner_gaps_shorter_than_n(mask: np.ndarray, n: int) -> None:
    filled = fill_gaps(mask, n)
    text = "".join("x" if m else "." for m in mask)
    for k in range(n - 1, 0, -1):
        text = text.replace("x" + "." * k + "x", "x" * (k + 2))
        text = text.replace("x" + "." * k + "x", "x" * (k + 2))
    assert "".join("x" if m else "." for m in filled) == text


@given(hnp.arrays(bool, st.integers(0, 60)))
def test_intervals_cover_what_is_true(mask: np.ndarray) -> None:
    times = np.arange(len(mask)) * 0.01
    covered = [any(i.start_s <= t <= i.end_s for i in intervals(mask)) for t in times]
    assert covered == mask.tolist()


def slow_likeliest(evidence: np.ndarray, cost: float) -> float:
    """The greatest sum of evidence less costs, frame by frame."""
    speech = silence = 0.0
    for e in evidence:
        speech, silence = max(speech, silence - cost) + e / 2, max(silence, speech - cost) - e / 2
    return max(speech, silence)


@pytest.mark.parametrize("seed", range(5))
def test_the_fast_search_is_as_good_as_the_slow_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    evidence = (np.repeat(rng.normal(0, 2, 90), 10) + rng.normal(0, 1, 900)).astype(np.float32)
    mask = likeliest(evidence, 12)
    score = np.where(mask, evidence, -evidence).sum() / 2 - 12 * np.abs(np.diff(mask * 1)).sum()
    assert score == pytest.approx(slow_likeliest(evidence, 12), rel=1e-4)


def row(text: str) -> np.ndarray:
    return np.array([c == "x" for c in text])


@pytest.mark.parametrize(
    ("mask", "grown"),
    [
        (".xx......xx........", ".xxxxx...xxx......."),  # three inside a phrase, one at its end
        ("xx.................", "xxx................"),
        ("..................x", "..................x"),
        ("...................", "..................."),
    ],
)
def test_a_tail_is_longer_inside_a_phrase_than_at_its_end(mask: str, grown: str) -> None:
    found = with_tails(row(mask), np.ones(19, dtype=bool), n=1, inner=3, gap=6)
    np.testing.assert_array_equal(found, row(grown))


def test_a_tail_ends_where_nothing_is_heard() -> None:
    found = with_tails(row("xx......x"), row(".." + ".x....."), n=3, inner=3, gap=9)
    np.testing.assert_array_equal(found, row("xx......x"))


def test_short_sounds_without_a_voice_between_silences_are_left_out() -> None:
    mask = row("xxxxx...xx....xxxxx.xx.xxxx....")
    vocal = row("xx............xx...............")
    kept = row("xxxxx.........xxxxx.xx.xxxx....")
    np.testing.assert_array_equal(without_islands(mask, vocal, n=2, gap=6), kept)
    np.testing.assert_array_equal(without_islands(mask, mask, n=2, gap=6), mask)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float32, st.integers(0, 3000), elements=st.floats(-1e6, 1e6, width=32)),
    st.sampled_from([8000, 11025, 16000, 48000]),
)
def test_no_sound_breaks_it(x: np.ndarray, rate: int) -> None:
    found = find_speech(x, rate_hz=rate)
    assert found.speech.shape == (n_frames(len(x), rate_hz=rate),)
