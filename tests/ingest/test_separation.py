"""Two voices on one channel are told apart; bleed between two channels is found and measured."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy.signal import lfilter

from callvoice import prosody
from callvoice.ingest.crosstalk import crosstalk
from callvoice.ingest.separation import Separation, separate
from callvoice.types import Audio, Interval

RATE = 8000
HARPER = Path(__file__).parents[3] / "shared" / "data" / "harper_valley"
VOWELS = np.array([[730, 1090, 2440], [270, 2290, 3010], [530, 1840, 2480], [570, 840, 2410]])


def voice(seconds: float, *, f0_hz: float, tract: float, seed: int) -> np.ndarray:
    """Vowels of 0.1 s, all in turn, each through three formants of a tract of its own length."""
    rng = np.random.default_rng(seed)
    parts = [_vowel(f0_hz, tract * VOWELS[k], rng) for _ in range(8) for k in rng.permutation(4)]
    return np.concatenate(parts)[: round(seconds * RATE)]


def _vowel(f0_hz: float, formants: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(RATE // 10) / RATE
    phase = np.cumsum(f0_hz * rng.uniform(0.85, 1.2) * (1 + 0.1 * t / t[-1])) / RATE
    sound = np.diff(np.floor(np.arange(t.size) * phase[-1] / t.size), prepend=0)
    sound = sound + 0.01 * rng.standard_normal(t.size)
    for hz in np.minimum(formants * rng.uniform(0.95, 1.05, 3), 3700):
        r = np.exp(-np.pi * 100 / RATE)
        sound = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * hz / RATE), r * r], sound)
    return 0.1 * sound / np.sqrt(np.mean(sound**2)) * (0.5 - 0.45 * np.cos(2 * np.pi * 10 * t))


PARTIES = ({"f0_hz": 105.0, "tract": 0.92}, {"f0_hz": 200.0, "tract": 1.12})


def dialogue(
    parties: list[int], *, turn_s: float = 2.2, gap_s: float = 0.4
) -> tuple[Audio, list[Interval]]:
    """Turns of the given parties, one after the other."""
    pieces, spans, at = [np.zeros(4000)], [], 0.5
    for number, party in enumerate(parties):
        sound = voice(turn_s, seed=number, **PARTIES[party])
        spans.append(Interval(at, at + turn_s))
        pieces += [sound, np.zeros(round(gap_s * RATE))]
        at += turn_s + gap_s
    samples = np.concatenate(pieces)
    samples += 1e-3 * np.random.default_rng(9).standard_normal(samples.size)
    return Audio(samples[None].astype(np.float32), RATE), spans


def shared_s(spans: tuple[Interval, ...], other: list[Interval]) -> float:
    return sum(
        max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s)) for a in spans for b in other
    )


def total_s(spans: tuple[Interval, ...] | list[Interval]) -> float:
    return sum(i.end_s - i.start_s for i in spans)


ORDER = [0, 1, 0, 0, 1, 1, 0, 1]


def right_share(found: Separation, spans: list[Interval], order: list[int]) -> float:
    """Share of the speech that voice 0 and 1 were rightly given."""
    own = [[s for s, p in zip(spans, order, strict=True) if p == party] for party in (0, 1)]
    return sum(shared_s(v, o) for v, o in zip(found.voices, own, strict=True)) / total_s(spans)


def test_two_voices_are_told_apart_and_the_first_to_speak_is_voice_0() -> None:
    for order in (ORDER, [1 - p for p in ORDER]):
        audio, spans = dialogue(order)
        found = separate(audio, spans)
        assert found.n_voices == 2
        assert right_share(found, spans, [p ^ order[0] for p in order]) > 0.97
        assert found.confidence > 0.3


def test_voices_share_out_the_speech_that_was_given_and_no_more() -> None:
    audio, spans = dialogue(ORDER, turn_s=1.777, gap_s=0.311)
    found = separate(audio, spans)
    both = sorted((i for v in found.voices for i in v), key=lambda i: i.start_s)
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(both))
    assert total_s(both) == pytest.approx(total_s(spans), abs=0.01 * len(spans))
    assert shared_s(tuple(both), spans) == pytest.approx(total_s(both), abs=0.01 * len(spans))


def test_a_change_of_voice_without_silence_is_found_and_marked() -> None:
    audio, spans = dialogue(ORDER, gap_s=0.0)
    found = separate(audio, [Interval(spans[0].start_s, spans[-1].end_s)])
    assert found.n_voices == 2
    assert right_share(found, spans, ORDER) > 0.9
    changes = [
        b.start_s for a, b, p, q in zip(spans, spans[1:], ORDER, ORDER[1:], strict=False) if p != q
    ]
    marked = [any(i.start_s - 0.3 < t < i.end_s + 0.3 for i in found.overlapped) for t in changes]
    assert np.mean(marked) >= 0.8


def test_gain_and_number_format_change_nothing() -> None:
    audio, spans = dialogue(ORDER)
    found = separate(audio, spans)
    assert separate(Audio(audio.samples * np.float32(0.125), RATE), spans) == found
    as_integers = Audio(np.rint(audio.samples * 32767).astype(np.int16), RATE)
    assert right_share(separate(as_integers, spans), spans, ORDER) > 0.97


def test_a_later_start_moves_all_times() -> None:
    audio, spans = dialogue(ORDER)
    later = Audio(np.pad(audio.samples, ((0, 0), (3 * RATE, 0))), RATE)
    moved = separate(later, [Interval(i.start_s + 3, i.end_s + 3) for i in spans])
    for here, there in zip(separate(audio, spans).voices, moved.voices, strict=True):
        times = [[(i.start_s + d, i.end_s + d) for i in v] for v, d in ((here, 3.0), (there, 0.0))]
        assert np.allclose(*times, atol=1e-6)


@pytest.mark.parametrize("party", [0, 1])
def test_a_monologue_has_one_voice(party: int) -> None:
    audio, spans = dialogue([party] * 8)
    assert separate(audio, spans) == Separation((tuple(spans),))


def test_too_little_speech_is_one_voice_and_silence_is_none() -> None:
    audio, spans = dialogue([0, 1], turn_s=1.0)
    assert separate(audio, spans) == Separation((tuple(spans),))
    assert separate(audio, []) == Separation(())
    assert separate(Audio(np.zeros((1, 80_000), np.float32), RATE), [Interval(1, 9)]).n_voices == 1


def test_other_rates_are_heard_alike() -> None:
    audio, spans = dialogue(ORDER)
    doubled = Audio(np.repeat(audio.samples, 2, axis=1), 2 * RATE)
    assert right_share(separate(doubled, spans), spans, ORDER) > 0.95


# --- two channels ---------------------------------------------------------------------------------


def two_channels(bleed_db: float | None, delay_s: float = 0.02) -> Audio:
    """Two parties in turn on their own channels; party 0 leaks into channel 1."""
    rng = np.random.default_rng(3)
    lines = 1e-4 * rng.standard_normal((2, 40 * RATE))
    for number in range(10):
        at = slice(number * 4 * RATE, number * 4 * RATE + 3 * RATE)
        lines[number % 2, at] += voice(3.0, seed=number, **PARTIES[number % 2])
    if bleed_db is not None:
        lines[1] += np.roll(lines[0], round(delay_s * RATE)) * 10 ** (bleed_db / 20)
    return Audio(lines.astype(np.float32), RATE)


@pytest.mark.parametrize("bleed_db", [-10.0, -20.0, -30.0, -40.0])
def test_bleed_is_found_with_its_attenuation_and_delay(bleed_db: float) -> None:
    (bleed,) = crosstalk(two_channels(bleed_db))
    assert (bleed.source, bleed.into) == (0, 1)
    assert bleed.attenuation_db == pytest.approx(-bleed_db, abs=3.0)
    assert bleed.delay_s == pytest.approx(0.02, abs=0.001)


def test_bleed_does_not_depend_on_gain_or_on_which_channel_is_first() -> None:
    audio = two_channels(-20.0)
    (bleed,) = crosstalk(audio)
    (quiet,) = crosstalk(Audio(audio.samples * np.float32(0.25), RATE))
    assert quiet.attenuation_db == pytest.approx(bleed.attenuation_db, abs=0.2)
    (swapped,) = crosstalk(Audio(audio.samples[::-1], RATE))
    assert (swapped.source, swapped.into) == (1, 0)
    assert swapped.attenuation_db == pytest.approx(bleed.attenuation_db, abs=0.01)


def test_a_copy_ahead_of_its_source_has_a_negative_delay() -> None:
    (bleed,) = crosstalk(two_channels(-20.0, delay_s=-0.05))
    assert bleed.delay_s == pytest.approx(-0.05, abs=0.001)


def test_no_bleed_between_clean_channels_silence_or_one_channel() -> None:
    assert crosstalk(two_channels(None)) == ()
    assert crosstalk(Audio(np.zeros((2, 10 * RATE), np.float32), RATE)) == ()
    assert crosstalk(Audio(np.zeros((2, 100), np.float32), RATE)) == ()
    assert crosstalk(Audio(two_channels(-20.0).samples[:1], RATE)) == ()


# --- real calls -----------------------------------------------------------------------------------


@pytest.mark.shared
def test_real_calls_mixed_to_one_channel_are_separated() -> None:
    """Speech given to the wrong party: 2 % of all and 7 % of one call when this was written."""
    wrong, total = np.array([_wrong_and_total_s(path) for path in sorted(HARPER.glob("*.json"))]).T
    assert wrong.sum() / total.sum() < 0.06
    assert (wrong / total).max() < 0.2


def _wrong_and_total_s(path: Path) -> tuple[float, float]:
    samples, rate = soundfile.read(path.with_suffix(".flac"), dtype="float32")
    audio = Audio(samples.mean(axis=1)[None], rate)
    found = separate(audio, prosody.speech_intervals(prosody.make_tracks(audio)[0]))
    segments = json.loads(path.read_text())["segments"]
    shared = np.array(
        [
            [
                shared_s(v, [Interval(s["start"], s["end"]) for s in segments if s["role"] == role])
                for role in ("agent", "caller")
            ]
            for v in found.voices
        ]
    )
    return shared.sum() - max(np.trace(shared), np.trace(shared[::-1])), shared.sum()


@pytest.mark.shared
def test_real_calls_with_parties_apart_have_no_bleed_but_what_is_put_in() -> None:
    path = sorted(HARPER.glob("*.flac"))[0]
    samples, rate = soundfile.read(path, dtype="float32")
    assert crosstalk(Audio(samples.T, rate)) == ()
    samples[240:, 1] += 0.01 * samples[:-240, 0]
    (bleed,) = crosstalk(Audio(samples.T, rate))
    assert bleed.attenuation_db == pytest.approx(40, abs=3)
    assert bleed.delay_s == pytest.approx(0.03, abs=0.001)
