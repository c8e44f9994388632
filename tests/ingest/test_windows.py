"""Windows carry all speech, in order, once, and map times back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.ingest.windows import WindowOptions, pack
from callvoice.types import Audio, Interval


@st.composite
def speech(draw: st.DrawFn) -> list[Interval]:
    """Stretches of speech with silences between them, starting at 0 or later."""
    lengths = draw(st.lists(st.floats(0.05, 50.0), max_size=12))
    gaps = draw(st.lists(st.floats(0.0, 30.0), min_size=len(lengths), max_size=len(lengths)))
    at, out = 0.0, []
    for gap, length in zip(gaps, lengths, strict=True):
        out.append(Interval(at + gap, at + gap + length))
        at += gap + length
    return out


@given(speech())
def test_every_second_of_speech_is_in_exactly_one_window(intervals: list[Interval]) -> None:
    duration_s = (intervals[-1].end_s if intervals else 0.0) + 1.0
    windows = pack(intervals, channel=0, duration_s=duration_s)
    covered = np.zeros(int(duration_s * 100) + 2)
    for window in windows:
        for piece in window.pieces:
            covered[round(piece.start_s * 100) : round(piece.end_s * 100)] += 1
    assert covered.max(initial=0) <= 1
    for interval in intervals:
        inside = covered[round(interval.start_s * 100) + 1 : round(interval.end_s * 100) - 1]
        assert (inside == 1).all()


@given(speech())
def test_no_window_is_too_long_and_each_ends_in_silence(intervals: list[Interval]) -> None:
    options = WindowOptions()
    for window in pack(intervals, channel=1, duration_s=1000.0, options=options):
        assert window.channel == 1
        assert window.length_s <= options.max_s + options.tail_s + 1e-6
        assert window.length_s - window.pieces[-1].until_s == pytest.approx(options.tail_s)


@given(speech(), st.floats(0, 1))
def test_a_time_in_a_window_comes_back_to_its_place(
    intervals: list[Interval], share: float
) -> None:
    for window in pack(intervals, channel=0, duration_s=1000.0):
        for piece in window.pieces:
            wanted = piece.speech.start_s + share * (piece.speech.end_s - piece.speech.start_s)
            at = wanted - piece.start_s + piece.at_s
            time = window.to_call(at, at)
            assert time.start_s == pytest.approx(wanted, abs=2e-3)


def test_words_never_leave_the_speech_of_their_piece() -> None:
    (window,) = pack([Interval(5.0, 6.0), Interval(20.0, 21.0)], channel=0, duration_s=30.0)
    late = window.to_call(0.9, 1.6)  # the recogniser let the word run on into the silence
    assert late == Interval(5.7, 6.0)


def test_short_pauses_stay_and_long_silences_go() -> None:
    natural = pack([Interval(1.0, 2.0), Interval(2.3, 3.0)], channel=0, duration_s=10.0)
    assert len(natural[0].pieces) == 1
    apart = pack([Interval(1.0, 2.0), Interval(9.0, 9.9)], channel=0, duration_s=10.0)
    assert len(apart[0].pieces) == 2
    assert apart[0].length_s < 5.0


def test_the_sound_of_a_window_is_that_of_the_call() -> None:
    rate_hz = 1000
    audio = Audio(np.arange(20_000, dtype=np.float32)[None, :], rate_hz)
    (window,) = pack([Interval(2.0, 3.0), Interval(12.0, 13.0)], channel=0, duration_s=20.0)
    sound = window.render(audio)
    assert len(sound) == round(window.length_s * rate_hz)
    for piece in window.pieces:
        at = round(piece.at_s * rate_hz)
        assert sound[at] == round(piece.start_s * rate_hz)
    assert not sound[round(window.pieces[-1].until_s * rate_hz) + 1 :].any()
