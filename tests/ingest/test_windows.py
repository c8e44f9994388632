"""Windows carry all speech, in order, once, and map times back."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.ingest.windows import Window, WindowOptions, pack
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


def halved(intervals: list[Interval]) -> list[tuple[Window, tuple[Window, Window]]]:
    """The windows that have halves, with them."""
    windows = pack(intervals, channel=1, duration_s=1000.0)
    return [(window, halves) for window in windows if (halves := window.halves())]


@given(speech())
def test_halves_carry_every_piece_once_and_in_order(intervals: list[Interval]) -> None:
    for window, halves in halved(intervals):
        stretches = [(p.start_s, p.end_s, p.speech) for half in halves for p in half.pieces]
        assert stretches == [(p.start_s, p.end_s, p.speech) for p in window.pieces]
        assert sum(half.speech_s for half in halves) == pytest.approx(window.speech_s)
        assert [half.channel for half in halves] == [window.channel] * 2


@given(speech())
def test_halves_are_windows_themselves(intervals: list[Interval]) -> None:
    for window, halves in halved(intervals):
        tail_s = window.length_s - window.pieces[-1].until_s
        for half in halves:
            assert half.pieces[0].at_s == 0.0
            assert half.length_s - half.pieces[-1].until_s == pytest.approx(tail_s)
            assert half.length_s < window.length_s
            for one, other in itertools.pairwise(half.pieces):
                assert other.at_s > one.until_s


@given(speech(), st.floats(0, 1))
def test_a_time_in_a_half_comes_back_to_its_place(intervals: list[Interval], share: float) -> None:
    for _, halves in halved(intervals):
        for half in halves:
            for piece in half.pieces:
                wanted = piece.speech.start_s + share * (piece.speech.end_s - piece.speech.start_s)
                at = wanted - piece.start_s + piece.at_s
                assert half.to_call(at, at).start_s == pytest.approx(wanted, abs=2e-3)


@given(speech())
def test_speech_lies_where_the_pieces_lie(intervals: list[Interval]) -> None:
    for window in pack(intervals, channel=0, duration_s=1000.0):
        for piece, spoken in zip(window.pieces, window.speech, strict=True):
            assert piece.at_s - 1e-6 <= spoken.start_s <= spoken.end_s <= piece.until_s + 1e-6
            assert window.holder(spoken.start_s, spoken.end_s) == window.pieces.index(piece)


def test_one_piece_has_no_halves_and_two_have_one_each() -> None:
    (one,) = pack([Interval(1.0, 9.0)], channel=0, duration_s=20.0)
    assert one.halves() is None
    (two,) = pack([Interval(1.0, 9.0), Interval(12.0, 13.0)], channel=0, duration_s=20.0)
    halves = two.halves()
    assert halves is not None
    assert [len(half.pieces) for half in halves] == [1, 1]


def test_halves_are_cut_near_the_middle() -> None:
    spans = [Interval(4.0 * k, 4.0 * k + 1.0) for k in range(1, 9)]
    (window,) = pack(spans, channel=0, duration_s=60.0)
    halves = window.halves()
    assert halves is not None
    assert [len(half.pieces) for half in halves] == [4, 4]
