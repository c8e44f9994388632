from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from callvoice.report.media import Clip, ClipOptions, bit_rate, encode_clip
from callvoice.types import Audio


def decoded(clip: Clip) -> tuple[np.ndarray, int]:
    samples, rate_hz = soundfile.read(io.BytesIO(clip.data), dtype="float32", always_2d=True)
    return samples, rate_hz


def bursts(rate_hz: int, starts_s: list[float], duration_s: float) -> np.ndarray:
    time_s = np.arange(int(duration_s * rate_hz)) / rate_hz
    tone = 0.4 * np.sin(2 * np.pi * 440 * time_s)
    inside = np.any([(time_s >= s) & (time_s < s + 0.5) for s in starts_s], axis=0)
    return (tone * inside).astype(np.float32)


def onsets_s(samples: np.ndarray, rate_hz: int) -> list[float]:
    loud = np.abs(samples) > 0.1
    at = np.flatnonzero(loud) / rate_hz
    return [float(at[0]), *at[1:][np.diff(at) > 0.25].tolist()]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
def test_both_parties_are_heard_where_they_spoke(rate_hz: int) -> None:
    agent, caller = bursts(rate_hz, [1.0], 12.0), bursts(rate_hz, [10.4], 12.0)
    samples, out_hz = decoded(encode_clip(Audio(np.stack([agent, caller]), rate_hz)))
    assert samples.shape[0] / out_hz == pytest.approx(12.0, abs=0.07)
    assert onsets_s(samples.sum(axis=1), out_hz) == pytest.approx([1.0, 10.4], abs=0.02)


def test_parties_stay_apart_where_the_clip_says_so_and_long_calls_are_mixed() -> None:
    agent, caller = bursts(8_000, [1.0, 5.0], 12.0), bursts(8_000, [3.0, 7.0], 12.0)
    audio = Audio(np.stack([agent, caller]), 8_000)
    clip = encode_clip(audio)
    assert clip.separate
    samples, hz = decoded(clip)
    alone = samples[int(1.1 * hz) : int(1.4 * hz)] ** 2
    assert alone[:, 1].mean() < alone[:, 0].mean() / 300
    long = encode_clip(audio, ClipOptions(budget_bytes=20_000))
    assert not long.separate
    samples, hz = decoded(long)
    assert samples.shape[1] == 1
    assert onsets_s(samples[:, 0], hz) == pytest.approx([1.0, 3.0, 5.0, 7.0], abs=0.03)


def test_a_sum_beyond_full_scale_is_turned_down_not_clipped() -> None:
    loud = bursts(8_000, [0.5], 2.0) * 2.4
    samples, _ = decoded(encode_clip(Audio(np.stack([loud, loud]), 8_000)))
    steady = np.abs(samples[5_000:7_500].sum(axis=1))
    assert 0.8 < np.quantile(steady, 0.99) <= 1.02  # what the codec adds
    assert np.median(steady) < 0.85  # a clipped tone would stay near 1


@pytest.mark.parametrize(("n_samples", "rate_hz"), [(1, 8_000), (10, 5), (4_000, 384_000)])
def test_odd_recordings_still_encode(n_samples: int, rate_hz: int) -> None:
    assert encode_clip(Audio(np.full((1, n_samples), 0.1, np.float32), rate_hz)).data


def test_without_opus_the_track_is_lossless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("av.codecs_available", set())
    tone = bursts(8_000, [0.2], 1.0)
    clip = encode_clip(Audio(tone[None], 8_000))
    assert clip.media_type == "audio/flac"
    assert np.abs(decoded(clip)[0][:, 0] - tone).max() < 1e-4


@given(st.floats(0, 6_000))
def test_any_call_up_to_100_minutes_stays_in_the_budget(duration_s: float) -> None:
    options = ClipOptions()
    rate = bit_rate(duration_s, options)
    assert options.lowest_bit_rate <= rate <= options.highest_bit_rate
    assert rate * duration_s / 8 <= options.budget_bytes
