"""Words stay in order and number, inside speech, and begin and end with it at pauses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callvoice.ingest.edges import EdgeOptions, nearest, shared_s, snapped
from callvoice.types import Interval, Word

MIN_WORD_S = EdgeOptions().min_word_s
EXACT = EdgeOptions(release_s=0.0)


@st.composite
def stretches(draw: st.DrawFn, *, min_size: int = 0) -> list[Interval]:
    """Speech on a grid of milliseconds."""
    lengths = draw(st.lists(st.integers(60, 4000), min_size=min_size, max_size=8))
    gaps = draw(st.lists(st.integers(1, 3000), min_size=len(lengths), max_size=len(lengths)))
    at, out = 0, []
    for gap, length in zip(gaps, lengths, strict=True):
        out.append(Interval((at + gap) / 1000, (at + gap + length) / 1000))
        at += gap + length
    return out


@st.composite
def words(draw: st.DrawFn) -> list[Word]:
    """Words whose starts and ends never go backwards, anywhere in time."""
    starts = sorted(draw(st.lists(st.integers(0, 30_000), max_size=20)))
    lengths = draw(st.lists(st.integers(0, 1500), min_size=len(starts), max_size=len(starts)))
    out: list[Word] = []
    end = 0
    for number, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        end = max(end, start + length)
        out.append(Word(f"w{number}", start / 1000, end / 1000, 0.5))
    return out


@given(words(), stretches())
def test_no_word_is_lost_or_changed_but_in_time(line: list[Word], speech: list[Interval]) -> None:
    found = snapped(line, speech, options=EXACT)
    assert [(w.text, w.probability) for w in found] == [(w.text, w.probability) for w in line]
    for word in found:
        assert 0.0 <= word.start_s <= word.end_s


@given(words(), stretches())
def test_times_never_go_backwards(line: list[Word], speech: list[Interval]) -> None:
    for one, other in pairwise(snapped(line, speech, options=EXACT)):
        assert one.start_s <= other.start_s
        assert one.end_s <= other.end_s


@given(words(), stretches(min_size=1))
def test_words_lie_in_speech(line: list[Word], speech: list[Interval]) -> None:
    for word in snapped(line, speech, options=EXACT):
        assert word.end_s - word.start_s >= MIN_WORD_S - 1e-6
        # Silences shorter than a pause are part of a word's stretch.
        home = max(i for i, s in enumerate(speech) if s.start_s <= word.start_s + 1e-6)
        until_s = speech[home].end_s
        for before, after in pairwise(speech[home:]):
            if after.start_s - before.end_s >= EdgeOptions().pause_s:
                break
            until_s = after.end_s
        assert word.end_s <= until_s + 1e-6


@given(words(), stretches())
def test_snapping_again_changes_nothing(line: list[Word], speech: list[Interval]) -> None:
    once = snapped(line, speech, options=EXACT)
    assert snapped(once, speech, options=EXACT) == once


@given(words())
def test_without_speech_nothing_is_moved(line: list[Word]) -> None:
    assert snapped(line, []) == tuple(line)


@given(stretches(min_size=1), st.integers(0, 35_000), st.integers(0, 3000))
def test_the_nearest_stretch_is_that_of_an_exhaustive_search(
    speech: list[Interval], start_ms: int, length_ms: int
) -> None:
    word = Word("w", start_ms / 1000, (start_ms + length_ms) / 1000)
    best = max(shared_s(stretch, word) for stretch in speech)
    assert shared_s(speech[nearest(speech, word)], word) == best


def test_first_and_last_words_reach_the_edges_of_speech() -> None:
    line = [Word("Guten", 1.2, 1.5), Word("Tag", 1.5, 1.7), Word("Berger", 3.3, 3.6)]
    found = snapped(line, [Interval(1.0, 2.0), Interval(3.0, 3.7)], options=EXACT)
    assert [(w.start_s, w.end_s) for w in found] == [(1.0, 1.5), (1.5, 2.0), (3.0, 3.7)]


def test_an_edge_far_away_is_left_alone() -> None:
    (word,) = snapped([Word("ja", 4.0, 4.3)], [Interval(1.0, 9.0)], options=EXACT)
    assert (word.start_s, word.end_s) == (4.0, 4.3)


def test_a_word_that_runs_over_a_pause_ends_with_its_speech() -> None:
    (word,) = snapped(
        [Word("Moment", 1.1, 3.4)], [Interval(1.0, 2.5), Interval(3.3, 5.0)], options=EXACT
    )
    assert (word.start_s, word.end_s) == (1.0, 2.5)


def test_a_word_in_silence_comes_to_the_nearest_speech() -> None:
    (word,) = snapped(
        [Word("ja", 2.2, 2.4)], [Interval(1.0, 2.0), Interval(5.0, 6.0)], options=EXACT
    )
    assert word.end_s == 2.0
    assert word.start_s == pytest.approx(2.0 - MIN_WORD_S)


def test_a_stop_consonant_is_no_pause() -> None:
    line = [Word("Ak", 1.0, 1.4), Word("te", 1.6, 2.0)]
    found = snapped(line, [Interval(1.0, 1.45), Interval(1.55, 2.0)], options=EXACT)
    assert [(w.start_s, w.end_s) for w in found] == [(1.0, 1.4), (1.6, 2.0)]


def test_hours_of_words_take_no_time_to_place() -> None:
    """The work grows with the words, not with words times stretches."""
    speech = [Interval(3.0 * k, 3.0 * k + 2.0) for k in range(5000)]
    line = [Word("a", 0.4 * k, 0.4 * k + 0.3) for k in range(37_500)]
    found = snapped(line, speech, options=EXACT)
    assert len(found) == len(line)
    assert found[-1].end_s == speech[-1].end_s


@pytest.mark.parametrize(("pause_s", "release_s"), [(2.0, 0.04), (0.2, 0.04), (None, 0.04)])
def test_the_release_of_a_last_consonant_belongs_to_its_word(
    pause_s: float | None, release_s: float
) -> None:
    after = [] if pause_s is None else [Interval(2.0 + pause_s, 6.0)]
    (word,) = snapped([Word("Holzstück", 1.2, 1.9)], [Interval(1.0, 2.0), *after])
    assert word.end_s == pytest.approx(2.0 + release_s)
