"""Pitch against synthetic truth, and the laws it must keep."""

from __future__ import annotations

import tracemalloc
import warnings

import numpy as np
import pytest
import scipy.signal
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from callvoice.prosody.frames import centred_frames, frame_times_s, n_frames
from callvoice.prosody.pitch import PitchOptions, track_pitch
from callvoice.prosody.viterbi import best_path

RATE = 8000
RNG_SEED = 20


def cents(measured, true):
    return 1200 * np.abs(np.log2(measured / true))


def times(duration_s, rate_hz=RATE):
    return np.arange(int(duration_s * rate_hz)) / rate_hz


def voice(f0_hz, rate_hz=RATE, band=(0, 3400), tilt=1.0):
    """Harmonics of a contour (one value a sample) inside a band, falling by 1/k**tilt."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / rate_hz
    parts = (
        np.sin(k * phase + k * k) * ((k * f0_hz > band[0]) & (k * f0_hz < band[1])) / k**tilt
        for k in range(1, 60)
    )
    return 0.1 * sum(parts)


def between_silences(sound, rate_hz=RATE):
    rest = np.zeros(rate_hz // 2)
    return np.concatenate([rest, sound, rest])


def f0_of(signal, rate_hz=RATE, **options):
    return track_pitch(signal, rate_hz=rate_hz, options=PitchOptions(**options)).f0_hz


@pytest.mark.parametrize("f0", [75, 100, 140, 220, 330, 470])
def test_steady_voice(f0):
    found = f0_of(voice(np.full(RATE, float(f0))))[5:-5]
    assert np.all(cents(found, f0) < 10)


@pytest.mark.parametrize("f0", [80, 110, 160, 240])
def test_missing_fundamental_of_the_telephone_band(f0):
    found = f0_of(voice(np.full(RATE, float(f0)), band=(300, 3400)))[5:-5]
    assert np.all(cents(found, f0) < 10)


@pytest.mark.parametrize("f0", [150, 220, 440])
def test_pure_tone(f0):
    assert np.all(cents(f0_of(np.sin(2 * np.pi * f0 * times(1)))[5:-5], f0) < 20)


@pytest.mark.parametrize(("start", "end"), [(90, 180), (300, 150), (120, 110)])
def test_glide(start, end):
    contour = np.geomspace(start, end, 2 * RATE)
    found = f0_of(voice(contour, band=(300, 3400)))
    truth = contour[np.minimum(np.arange(len(found)) * 80, contour.size - 1)]
    assert np.all(cents(found, truth)[5:-5] < 25)


def test_vibrato():
    contour = 200 * 2 ** (np.sin(2 * np.pi * 5 * times(2)) / 12)
    found = f0_of(voice(contour))[5:-5]
    truth = contour[::80][5 : 5 + len(found)]
    assert np.median(cents(found, truth)) < 15
    assert cents(found, truth).max() < 60


def test_creak_is_followed_down_by_its_period():
    # Every second pulse is weaker: the period doubles, as in the creaky end of a phrase.
    pulses = np.zeros(4 * RATE)
    pulses[::50] = 1.0
    pulses[2 * RATE :: 100] = 0.2
    sound = scipy.signal.lfilter([1], [1, -1.3, 0.7], pulses)
    found = f0_of(sound)
    assert np.nanmedian(cents(found[10:190], 160)) < 20
    assert np.nanmedian(cents(found[210:390], 80)) < 20


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_unvoiced(seed):
    noise = np.random.default_rng(seed).standard_normal(5 * RATE)
    assert np.isnan(f0_of(noise)).mean() > 0.99


def test_noise_between_voices_is_unvoiced():
    rng = np.random.default_rng(RNG_SEED)
    tone = voice(np.full(RATE, 130.0))
    hiss = 0.05 * rng.standard_normal(RATE)
    f0 = f0_of(np.concatenate([tone, hiss, tone]))
    assert np.isnan(f0[108:192]).all()
    assert np.isfinite(f0[5:95]).all()


@pytest.mark.parametrize("value", [0.0, 0.3, -1e30])
@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100])
def test_silence_and_constants_are_unvoiced(value, rate_hz):
    pitch = track_pitch(np.full(rate_hz, value), rate_hz=rate_hz)
    assert np.isnan(pitch.f0_hz).all()
    assert pitch.f0_hz.shape == (101,)


def test_digital_silence_beside_an_offset_is_unvoiced():
    # After the mean of the whole is taken away, silence is a constant: periodic, yet no voice.
    speech = voice(np.full(RATE, 130.0)) + 1e-3
    f0 = f0_of(np.concatenate([np.zeros(4 * RATE), speech, np.zeros(4 * RATE)]))
    assert np.isnan(f0[:395]).all()
    assert np.isnan(f0[505:]).all()
    assert np.isfinite(f0[405:495]).all()


def test_a_change_of_style_is_no_octave_error():
    low, high = np.full(4 * RATE, 100.0), np.full(4 * RATE, 280.0)
    found = f0_of(voice(np.concatenate([low, high]), band=(300, 3400)))
    assert np.all(cents(found[5:395], 100) < 20)
    assert np.all(cents(found[405:-5], 280) < 20)


def ruled_by_the_second(f0_hz):
    """Harmonics 2 to 8 in faint noise, all but the second 40 dB weaker."""
    rng = np.random.default_rng(RNG_SEED)
    others = voice(np.full(RATE, float(f0_hz)), band=(2.5 * f0_hz, 8.5 * f0_hz), tilt=0.0)
    second = voice(np.full(RATE, 2.0 * f0_hz), band=(0, 2.5 * f0_hz), tilt=0.0)
    return second + 0.01 * others + 3e-4 * rng.standard_normal(RATE)


@pytest.mark.parametrize("f0", [140, 165, 180])
def test_weak_odd_harmonics_tell_the_octave(f0):
    sound = ruled_by_the_second(f0)
    assert np.all(cents(f0_of(sound)[5:-5], f0) < 50)
    assert np.all(cents(f0_of(sound, odd_cost=0.0)[5:-5], 2 * f0) < 50)


def between_words(middle):
    """``middle`` at the level of the two words of a low voice around it; frames 60 on are its."""
    word, gap = voice(np.full(RATE // 2, 130.0)), np.zeros(RATE // 10)
    return np.concatenate([word, gap, middle * np.std(word) / np.std(middle), gap, word])


@pytest.mark.parametrize("seed", range(5))
def test_a_loud_hiss_far_above_the_voice_is_dropped(seed):
    rng = np.random.default_rng(seed)
    tone = voice(np.full(RATE // 10, 350.0))
    sound = between_words(0.7 * tone / tone.std() + rng.standard_normal(tone.size))
    assert np.isnan(f0_of(sound)[55:75]).all()
    assert np.isfinite(f0_of(sound, stray_strength=0.0)[55:75]).sum() > 5


@pytest.mark.parametrize("f0", [75, 190, 205])
def test_a_clear_syllable_far_off_the_voice_stays(f0):
    found = f0_of(between_words(voice(np.full(RATE // 10, float(f0)))))
    assert np.all(cents(found[62:68], f0) < 20)


def test_strength_tells_tone_from_noise():
    rng = np.random.default_rng(RNG_SEED)
    tone = track_pitch(voice(np.full(RATE, 150.0)), rate_hz=RATE).strength
    noise = track_pitch(rng.standard_normal(RATE), rate_hz=RATE).strength
    assert tone[5:-5].min() > 0.9
    assert noise.max() < 0.6
    assert noise.min() >= 0


# --- laws ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sentence():
    """Four phrases of a falling, wavering voice with pauses and faint noise."""
    rng = np.random.default_rng(RNG_SEED)
    t = times(0.8)
    phrases = [
        between_silences(voice(f0 * 2 ** (-0.3 * t + 0.05 * np.sin(20 * t)), band=(200, 3400)))
        for f0 in (110, 180, 240, 150)
    ]
    sound = np.concatenate(phrases)
    return (sound + 1e-3 * rng.standard_normal(sound.size)).astype(np.float32)


@pytest.mark.parametrize("gain", [1e-6, 0.1, 3.0, 1e6])
def test_gain_leaves_pitch(sentence, gain):
    np.testing.assert_allclose(f0_of(sentence * np.float32(gain)), f0_of(sentence), rtol=1e-3)


@pytest.mark.parametrize("offset", [0.01, -0.5])
def test_constant_offset_leaves_pitch(sentence, offset):
    np.testing.assert_allclose(f0_of(sentence + np.float32(offset)), f0_of(sentence), rtol=1e-3)


def test_time_shift_shifts(sentence):
    shifted = f0_of(np.concatenate([np.zeros(80 * 37, np.float32), sentence]))[37:]
    np.testing.assert_allclose(shifted, f0_of(sentence), rtol=1e-3)


def test_resampling_changes_little(sentence):
    at_16k = f0_of(soxr.resample(sentence, 8000, 16000), rate_hz=16000)
    at_8k = f0_of(sentence)
    both = np.isfinite(at_8k) & np.isfinite(at_16k)
    assert np.mean(np.isfinite(at_8k) == np.isfinite(at_16k)) > 0.99
    assert np.quantile(cents(at_16k[both], at_8k[both]), 0.99) < 10


def test_reversal_reverses(sentence):
    forward, backward = f0_of(sentence), f0_of(sentence[::-1])[::-1]
    assert np.nanstd(np.log2(backward)) == pytest.approx(np.nanstd(np.log2(forward)), abs=0.01)


def test_channels_are_tracked_apart(sentence):
    both = f0_of(np.stack([sentence, sentence[::-1]]))
    np.testing.assert_array_equal(both[0], f0_of(sentence))
    np.testing.assert_array_equal(both[1], f0_of(sentence[::-1]))


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_pieces_equal_the_whole(sentence, rate_hz):
    """Same voicing and F0 but for one frame in two hundred."""
    sound = soxr.resample(np.tile(sentence, 10), RATE, rate_hz)
    whole, pieces = f0_of(sound, rate_hz), f0_of(sound, rate_hz, piece_s=20.0)
    assert pieces.dtype == whole.dtype == np.float32
    assert np.isclose(pieces, whole, rtol=0.005, equal_nan=True).mean() > 0.995


def test_memory_does_not_grow_with_samples(sentence):
    """What is held per frame are its candidates: for four hours it stays under 250 MB."""
    sound = np.tile(sentence, 8)
    peaks = []
    for n_samples in (sound.size // 2, sound.size):
        tracemalloc.start()
        f0_of(sound[:n_samples], piece_s=20.0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    per_second = (peaks[1] - peaks[0]) / (sound.size / 2 / RATE)
    assert per_second * 4 * 3600 < 250e6


@settings(max_examples=60, deadline=None)
@given(
    signal=arrays(
        np.float32,
        st.integers(0, 4000),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    ),
    rate_hz=st.sampled_from([6000, 8000, 11025, 16000, 48000]),
)
def test_never_fails_on_finite_sound(signal, rate_hz):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pitch = track_pitch(signal, rate_hz=rate_hz)
    assert pitch.f0_hz.shape == pitch.strength.shape == (n_frames(signal.size, rate_hz=rate_hz),)
    voiced = pitch.f0_hz[np.isfinite(pitch.f0_hz)]
    assert np.all((voiced >= 60) & (voiced <= 500))
    assert np.all((pitch.strength >= 0) & (pitch.strength <= 1))


@pytest.mark.parametrize("n_samples", [0, 1, 2, 79, 80, 81])
def test_very_short(n_samples):
    assert f0_of(np.ones(n_samples)).shape == (1 + n_samples // 80,)
    assert f0_of(np.ones((2, n_samples))).shape == (2, 1 + n_samples // 80)


def test_wrong_dimensions_are_refused():
    with pytest.raises(ValueError, match="1 or 2 dimensions"):
        track_pitch(np.zeros((1, 2, 3)), rate_hz=RATE)


# --- the parts against slow, plain ones ----------------------------------------------------------


def plain_best_path(position, score, unvoiced, voicing_cost):
    n, k = score.shape
    worth = np.column_stack([score, unvoiced]).astype(float)
    origin = np.zeros((n, k + 1), dtype=int)
    for t in range(1, n):
        cost = np.zeros((k + 1, k + 1))
        for i in range(k + 1):
            for j in range(k + 1):
                if (i == k) != (j == k):
                    cost[i, j] = voicing_cost
                elif i < k:
                    cost[i, j] = abs(position[t - 1, i] - position[t, j])
        total = worth[t - 1][:, None] - cost
        origin[t] = total.argmax(axis=0)
        worth[t] += total.max(axis=0)
    path = [int(worth[-1].argmax())]
    for t in range(n - 1, 0, -1):
        path.append(int(origin[t, path[-1]]))
    return np.array(path[::-1])


@pytest.mark.parametrize("n", [1, 2, 99, 100, 101, 350])
def test_search_equals_a_plain_one(n):
    rng = np.random.default_rng(n)
    position = rng.uniform(6, 9, (n, 4)).astype(np.float32)
    score = rng.uniform(0, 1, (n, 4)).astype(np.float32)
    unvoiced = rng.uniform(0.2, 0.8, n).astype(np.float32)
    fast = best_path(position, score, unvoiced, voicing_cost=0.3)
    np.testing.assert_array_equal(fast, plain_best_path(position, score, unvoiced, 0.3))


def test_frames_are_centred():
    signal = np.arange(1, 1001, dtype=float)
    frames = centred_frames(signal, length=20, hop=80, count=13)
    assert frames.shape == (13, 20)
    np.testing.assert_array_equal(frames[:, 10], [*signal[::80]])
    assert frames[0, :10].sum() == 0
    np.testing.assert_array_equal(
        centred_frames(signal, length=20, hop=80, count=3, start=5), frames[5:8]
    )


@pytest.mark.parametrize(
    ("n_samples", "rate_hz", "count"), [(0, 8000, 1), (79, 8000, 1), (80, 8000, 2), (441, 44100, 2)]
)
def test_frame_count(n_samples, rate_hz, count):
    assert n_frames(n_samples, rate_hz=rate_hz) == count
    assert frame_times_s(count)[-1] == pytest.approx((count - 1) * 0.01)
