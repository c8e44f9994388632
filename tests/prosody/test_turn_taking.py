"""Turn-taking: known conversations, a generator with the timing of ITU-T P.59, laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from callvoice.prosody.activity import fill_gaps
from callvoice.prosody.turn_taking import (
    TurnOptions,
    conversation,
    floor_transfers,
    turns,
)
from callvoice.types import Overlap

HOP_S = 0.01
Spans = list[tuple[float, float]]


def masks(first: Spans, second: Spans, seconds: float = 60) -> np.ndarray:
    """True from the frame at each start to the one before each end, ``[2, n_frames]``."""
    out = np.zeros((2, round(seconds / HOP_S)), dtype=bool)
    for row, spans in zip(out, (first, second), strict=True):
        for start, end in spans:
            row[round(start / HOP_S) : round(end / HOP_S)] = True
    return out


def only_overlap(first: Spans, second: Spans) -> Overlap:
    (overlap,) = conversation(masks(first, second)).overlaps
    return overlap


def test_a_gap_lies_between_two_turns() -> None:
    (gap,) = conversation(masks([(1, 4)], [(4.3, 6)])).gaps
    assert (gap.from_channel, gap.to_channel) == (0, 1)
    assert (gap.start_s, gap.end_s) == pytest.approx((4, 4.3), abs=HOP_S)


def test_the_floor_passes_with_its_offset() -> None:
    speech = masks([(1, 4), (6.5, 9)], [(4.3, 7.1), (9.2, 12)])
    offsets, origins, targets = zip(*floor_transfers(turns(speech)), strict=True)
    assert offsets == pytest.approx((0.3, -0.6, 0.2))
    assert (origins, targets) == ((0, 1, 0), (1, 0, 1))


def test_a_silence_in_a_turn_is_no_gap() -> None:
    speech = masks([(1, 4), (7, 9)], [(10, 12)])
    assert [(t.channel, round(t.end_s - t.start_s, 2)) for t in turns(speech)] == [(0, 8), (1, 2)]
    assert len(conversation(speech).gaps) == 1


def test_a_short_acknowledgement_takes_no_floor() -> None:
    speech = masks([(1, 10)], [(4, 4.5)])
    assert [t.backchannel for t in turns(speech)] == [False, True]
    talk = conversation(speech)
    assert talk.gaps == ()
    assert [(o.by_channel, o.interruption, o.other_stopped) for o in talk.overlaps] == [
        (1, False, False)
    ]


def test_an_acknowledgement_between_the_others_words_takes_no_floor() -> None:
    speech = masks([(1, 4), (5, 9)], [(4.3, 4.7)])
    assert conversation(speech).gaps == ()


def test_a_short_answer_takes_the_floor() -> None:
    speech = masks([(1, 4), (8, 9)], [(4.3, 4.7)])
    assert [t.backchannel for t in turns(speech)] == [False] * 3
    assert len(conversation(speech).gaps) == 2


def test_who_starts_inside_the_others_turn_and_goes_on_interrupts() -> None:
    overlap = only_overlap([(1, 6)], [(5, 9)])
    assert overlap.by_channel == 1
    assert (overlap.interruption, overlap.other_stopped) == (True, True)
    assert (overlap.start_s, overlap.end_s) == pytest.approx((5, 6), abs=HOP_S)


def test_an_interruption_that_fails_leaves_the_other_talking() -> None:
    overlap = only_overlap([(1, 9)], [(4, 5.5)])
    assert (overlap.interruption, overlap.other_stopped) == (True, False)


def test_a_start_in_the_last_half_second_is_no_interruption() -> None:
    assert not only_overlap([(1, 6)], [(5.6, 9)]).interruption
    assert only_overlap([(1, 6)], [(5.4, 9)]).interruption


def test_a_glimpse_of_overlap_is_left_out() -> None:
    assert conversation(masks([(1, 6)], [(5.95, 9)])).overlaps == ()


@pytest.mark.parametrize("shape", [(3, 10), (1, 10), (10,), (2, 10, 2)])
def test_other_than_two_channels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two channels"):
        conversation(np.zeros(shape, bool))


def p59(seed: int, seconds: float = 600) -> np.ndarray:
    """Two talkers with the exponential times of ITU-T P.59: talkspurts of 1.004 s, pauses of
    1.587 s on average, each on its own.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(2):
        edges = np.cumsum(rng.exponential(np.tile([1.587, 1.004], 400)))
        rows.append([*zip(edges[::2], edges[1::2], strict=True)])
    return masks(*rows, seconds=seconds)


@pytest.mark.parametrize("seed", range(4))
def test_overlaps_are_all_of_the_double_talk(seed: int) -> None:
    speech = p59(seed)
    talk = conversation(speech, options=TurnOptions(join_s=0.2, overlap_s=0))
    both = np.logical_and(*(fill_gaps(m, 20) for m in speech))
    assert sum(o.end_s - o.start_s for o in talk.overlaps) == pytest.approx(both.sum() * HOP_S)


@pytest.mark.parametrize("seed", range(4))
def test_gaps_are_silent_in_both_channels(seed: int) -> None:
    speech = p59(seed)
    talk = conversation(speech)
    assert len(talk.gaps) > 20
    for gap in talk.gaps:
        inside = speech[:, round(gap.start_s / HOP_S) + 1 : round(gap.end_s / HOP_S) - 1]
        held = [t for t in turns(speech) if t.backchannel and t.end_s > gap.start_s]
        assert not inside.any() or any(t.start_s < gap.end_s for t in held)


@pytest.mark.parametrize("seed", range(4))
def test_swapping_the_channels_swaps_the_roles(seed: int) -> None:
    speech = p59(seed)
    plain, swapped = conversation(speech), conversation(speech[::-1])
    assert [(g.start_s, g.end_s, 1 - g.from_channel) for g in plain.gaps] == [
        (g.start_s, g.end_s, g.from_channel) for g in swapped.gaps
    ]
    assert {
        (o.start_s, 1 - o.by_channel, o.interruption, o.other_stopped) for o in plain.overlaps
    } == {(o.start_s, o.by_channel, o.interruption, o.other_stopped) for o in swapped.overlaps}


def test_a_shift_in_time_shifts() -> None:
    speech = p59(0)
    late = np.pad(speech, ((0, 0), (700, 0)))
    times, late_times = (
        np.array([(o.start_s, o.end_s) for o in conversation(s).overlaps]) for s in (speech, late)
    )
    np.testing.assert_allclose(late_times, times + 7, atol=0.006)


@settings(max_examples=100, deadline=None)
@given(hnp.arrays(bool, st.tuples(st.just(2), st.integers(0, 60))), st.integers(1, 50))
def test_no_mask_breaks_it(mask: np.ndarray, stretch: int) -> None:
    speech = np.repeat(mask, stretch, axis=1)
    talk = conversation(speech)
    assert all(g.end_s > g.start_s for g in talk.gaps)
    assert all(o.end_s > o.start_s for o in talk.overlaps)
    assert [t.start_s for t in turns(speech)] == sorted(t.start_s for t in turns(speech))


def test_a_short_word_while_the_other_goes_on_is_a_backchannel_even_shortly_before_the_answer() -> (
    None
):
    n = 1200
    speech = np.zeros((2, n), bool)
    speech[0, 0:500] = True
    speech[1, 420:470] = True  # "mhm", the other goes on for 0.3 s
    speech[1, 540:1100] = True  # the answer, 0.4 s after the other's end
    found = conversation(speech, hop_s=0.01)
    assert [(b.start_s, b.by_channel) for b in found.backchannels] == [
        (pytest.approx(4.2, abs=0.02), 1)
    ]
    assert not any(overlap.interruption for overlap in found.overlaps)


def test_a_start_that_makes_the_other_stop_is_no_backchannel() -> None:
    speech = np.zeros((2, 1200), bool)
    speech[0, 0:480] = True
    speech[1, 420:470] = True  # the other stops 0.1 s later
    speech[1, 530:1100] = True
    found = conversation(speech, hop_s=0.01)
    assert found.backchannels == ()
    assert [overlap.interruption for overlap in found.overlaps] == [True]
