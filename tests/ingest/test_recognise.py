"""Every window is heard once, what is in doubt once more, and what stays in doubt is listed.

Whisper base runs for real where words matter; where it matters what becomes of them, a recogniser
that says what it was told to stands in for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest
from conftest import SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st

from callvoice.errors import DeviceUnavailable
from callvoice.ingest import decode
from callvoice.ingest.recognise import Recognised, Recogniser, RecogniserOptions
from callvoice.ingest.whisper import RATE_HZ, DecodingOptions, Encoded, Passage, Timed, Whisper
from callvoice.ingest.windows import WindowOptions
from callvoice.types import Audio, Dropped, Interval

SENTENCE = "Guten Tag, mein Name ist Schneider, und ich habe eine Frage zu meiner Rechnung."


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser("base")


def excerpt(name: str, start_s: float, end_s: float) -> Audio:
    audio, _ = decode.load(SAMPLES / name)
    part = slice(round(start_s * audio.rate_hz), round(end_s * audio.rate_hz))
    return Audio(np.ascontiguousarray(audio.samples[:, part]), audio.rate_hz)


def plain(text: str) -> list[str]:
    return re.sub(r"[^\w ]", " ", text.lower()).split()


@pytest.mark.recogniser
def test_most_words_of_a_synthetic_call_are_heard_on_the_right_channel(
    recogniser: Recogniser,
) -> None:
    until_s = 30.0
    turns = [
        t
        for t in json.loads((SAMPLES / "vorwurf.transcript.json").read_text())["turns"]
        if t["end_s"] <= until_s
    ]
    speech = [
        [Interval(t["start_s"], t["end_s"]) for t in turns if t["role"] == role]
        for role in ("agent", "caller")
    ]
    audio = excerpt("vorwurf.flac", 0.0, until_s)
    seen: list[tuple[float, float]] = []
    heard = recogniser.recognise(
        audio, speech, language=None, progress=lambda done, total: seen.append((done, total))
    )
    assert heard.language == "de"
    for channel, role in enumerate(("agent", "caller")):
        truth = {w for t in turns if t["role"] == role for w in plain(t["text"])}
        words = {w for word in heard.words[channel] for w in plain(word.text)}
        assert len(truth & words) >= 0.6 * len(truth)
        for word in heard.words[channel]:
            assert 0.0 <= word.start_s <= word.end_s <= audio.duration_s
            assert word.probability is not None
            middle = (word.start_s + word.end_s) / 2
            assert any(i.start_s - 0.01 <= middle <= i.end_s + 0.01 for i in speech[channel])
    assert seen[-1][0] == pytest.approx(seen[-1][1])


@pytest.mark.recogniser
def test_no_speech_no_words(recogniser: Recogniser) -> None:
    audio = Audio(np.zeros((2, 80_000), np.float32), 8000)
    heard = recogniser.recognise(audio, [(), ()], language=None)
    assert heard.words == ((), ())


@pytest.fixture(scope="module")
def sequential(recogniser: Recogniser) -> Recognised:
    """The first sentences of an agent by plain faster-whisper, with the model already loaded."""
    both = excerpt("vorwurf.flac", 0.0, 12.0)
    other = Recogniser("base", options=RecogniserOptions(decoder="sequential"))
    other.__dict__["whisper"] = recogniser.whisper
    return other.recognise(
        Audio(both.pcm[:1], both.rate_hz), [[Interval(0.0, 12.0)]], language="de"
    )


@pytest.mark.recogniser
def test_the_sequential_decoder_hears_the_same_words(sequential: Recognised) -> None:
    turns = json.loads((SAMPLES / "vorwurf.transcript.json").read_text())["turns"]
    truth = {w for t in turns if t["role"] == "agent" and t["end_s"] < 12 for w in plain(t["text"])}
    words = {w for word in sequential.words[0] for w in plain(word.text)}
    assert len(truth & words) >= 0.6 * len(truth)
    assert all(0.0 <= w.start_s <= w.end_s <= 12.1 for w in sequential.words[0])
    assert [w.start_s for w in sequential.words[0]] == sorted(
        w.start_s for w in sequential.words[0]
    )


@pytest.mark.recogniser
def test_words_of_the_sequential_decoder_can_be_written(sequential: Recognised) -> None:
    written = msgspec.json.encode(sequential.words)
    assert len(msgspec.json.decode(written)[0]) == len(sequential.words[0])


def no_speech_at_all(seconds: float = 12.0, *, rate_hz: int = 8000) -> np.ndarray:
    """What a line carries while nobody speaks, ``[5, n]``: silence, tones, keys and noise."""
    rng = np.random.default_rng(7)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    sine = np.sin(2 * np.pi * 425 * t)
    low = rng.choice((697, 770, 852, 941), 100)[(t / 0.3).astype(int)]
    high = rng.choice((1209, 1336, 1477), 100)[(t / 0.3).astype(int)]
    keys = (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)) * (t % 0.3 < 0.12)
    ringback = sine * (t % 5.0 < 1.0)
    hiss = 0.3 * rng.standard_normal(t.size)
    return (0.1 * np.stack([np.zeros_like(t), ringback, sine, keys, hiss])).astype(np.float32)


@pytest.mark.recogniser
def test_no_word_is_invented_where_nobody_speaks(recogniser: Recogniser) -> None:
    audio = Audio(no_speech_at_all(), 8000)
    speech = [(Interval(0.0, audio.duration_s),)] * audio.n_channels
    heard = recogniser.recognise(audio, speech, language="de")
    assert heard.words == ((),) * audio.n_channels
    assert heard.dropped  # Whisper base writes something here; it is listed
    for item in heard.dropped:
        assert bool(item.text) is (item.reason != "unheard")
        assert (item.start_s, item.end_s) == (0.0, audio.duration_s)


class Told:
    """Says of each window what it was told to, given its length and whether care is asked for."""

    def __init__(self, says: Callable[[float, bool], Passage]) -> None:
        self.says = says
        self.lengths_s: list[float] = []

    def encode(self, sounds: Sequence[np.ndarray]) -> Encoded:
        lengths_s = [len(sound) / RATE_HZ for sound in sounds]
        self.lengths_s += lengths_s
        return Encoded(None, lengths_s)

    def languages(self, encoded: Encoded) -> list[dict[str, float]]:
        return [{"de": 1.0}] * len(encoded.lengths_s)

    def decode(self, encoded: Encoded, *, language: str, options: DecodingOptions) -> list[Passage]:
        assert language == "de"
        return [self.says(length_s, options.beam_size > 1) for length_s in encoded.lengths_s]


def passage(text: str, *, log_probability: float = -0.2) -> Passage:
    """Four words a second."""
    words = tuple(Timed(w, k / 4, (k + 1) / 4, 0.9) for k, w in enumerate(text.split()))
    return Passage(words, log_probability, 0.0)


def recognised(
    told: Told, speech: Sequence[Sequence[Interval]], *, rate_hz: int = 1000
) -> tuple[Recognised, list[tuple[float, float]]]:
    """What becomes of it, and the progress on the way."""
    until_s = max((i.end_s for line in speech for i in line), default=0.0) + 1.0
    audio = Audio(np.zeros((len(speech), round(until_s * rate_hz)), np.float32), rate_hz)
    recogniser = Recogniser("none")
    recogniser.__dict__["whisper"] = told
    seen: list[tuple[float, float]] = []
    heard = recogniser.recognise(
        audio, speech, language="de", progress=lambda done, total: seen.append((done, total))
    )
    assert {d.channel for d in heard.dropped} <= set(range(len(speech)))
    return heard, seen


@st.composite
def lines(draw: st.DrawFn) -> list[list[Interval]]:
    """Speech of one or two channels, runs of up to a minute among it."""
    out = []
    for _ in range(draw(st.integers(1, 2))):
        at_s, line = 0.0, []
        for gap_s, length_s in draw(
            st.lists(st.tuples(st.floats(0.01, 8.0), st.floats(0.1, 60.0)), max_size=5)
        ):
            line.append(Interval(at_s + gap_s, at_s + gap_s + length_s))
            at_s += gap_s + length_s
        out.append(line)
    return out


@settings(max_examples=30, deadline=None)
@given(lines(), st.booleans())
def test_no_window_is_longer_than_the_longest(speech: list[list[Interval]], sure: bool) -> None:
    told = Told(lambda length_s, careful: passage(SENTENCE, log_probability=-0.2 if sure else -3))
    heard, seen = recognised(told, speech)
    options = WindowOptions()
    assert all(s <= options.max_s + options.tail_s + 0.01 for s in told.lengths_s)
    assert bool(told.lengths_s) is any(speech)
    assert len(heard.words) == len(speech)
    if seen:
        assert seen[-1][0] == pytest.approx(seen[-1][1])
        assert seen == sorted(seen)
    if not sure:
        assert not any(heard.words)


@settings(max_examples=30, deadline=None)
@given(lines())
def test_every_window_is_kept_or_listed(speech: list[list[Interval]]) -> None:
    """Windows of odd lengths are never believed, others always are."""

    def says(length_s: float, careful: bool) -> Passage:
        odd = round(length_s * 1000) % 2
        return passage("Guten Tag.", log_probability=-3.0 if odd else -0.2)

    heard, _ = recognised(Told(says), speech)
    assert bool(any(heard.words) or heard.dropped) is any(speech)
    assert {item.reason for item in heard.dropped} <= {"improbable", "unheard"}
    assert all(bool(item.n_words) is (item.reason == "improbable") for item in heard.dropped)
    assert list(heard.dropped) == sorted(heard.dropped, key=lambda d: d.start_s)


ONE = [Interval(2.0, 8.0)]
TWO = [Interval(2.0, 7.0), Interval(10.0, 15.0)]
WHOLE_S = 11.0  # a window with both stretches of TWO is longer


def texts(heard: Recognised) -> list[str]:
    return [" ".join(word.text for word in line) for line in heard.words]


def test_what_is_in_doubt_is_heard_once_more_with_care() -> None:
    told = Told(
        lambda length_s, careful: passage(SENTENCE, log_probability=-0.2 if careful else -3)
    )
    heard, _ = recognised(told, [ONE])
    assert texts(heard) == [SENTENCE]
    assert heard.dropped == ()
    assert len(told.lengths_s) == 2


def test_what_is_sure_is_not_heard_again() -> None:
    told = Told(lambda length_s, careful: passage("falsch" if careful else SENTENCE))
    heard, _ = recognised(told, [ONE])
    assert texts(heard) == [SENTENCE]


def test_what_stays_in_doubt_is_dropped_and_listed() -> None:
    told = Told(lambda length_s, careful: passage("Untertitel der Amara.org-Community"))
    heard, _ = recognised(told, [[], ONE])
    assert heard.words == ((), ())
    (item,) = heard.dropped
    assert item == Dropped(1, item.start_s, item.end_s, "phantom", 3, told.says(0, True).text)
    assert 1.5 <= item.start_s <= 2.0
    assert 8.0 <= item.end_s <= 8.5


def test_half_of_a_window_in_doubt_may_be_good() -> None:
    def says(length_s: float, careful: bool) -> Passage:
        return passage("Musik Musik" if length_s > WHOLE_S else SENTENCE)

    heard, _ = recognised(Told(says), [TWO])
    assert texts(heard) == [f"{SENTENCE} {SENTENCE}"]
    assert heard.dropped == ()


LOUD = "In sieben Stunden wird es so weit sein, und dann gehen wir."  # for the first of TWO


def test_a_sentence_that_was_passed_over_is_heard_by_itself() -> None:
    def says(length_s: float, careful: bool) -> Passage:
        return passage(LOUD if length_s > WHOLE_S else SENTENCE)

    told = Told(says)
    heard, _ = recognised(told, [TWO])
    assert texts(heard) == [f"{LOUD} {SENTENCE}"]
    assert heard.dropped == ()
    assert len(told.lengths_s) == 2  # the sentence that was heard is not heard again


def test_words_that_were_drawn_over_a_lost_sentence_are_heard_again() -> None:
    def says(length_s: float, careful: bool) -> Passage:
        words = passage(LOUD).words
        drawn = (*words[:-1], Timed("wir.", words[-1].start_s, 11.0, 0.9))
        return Passage(drawn, -0.2, 0.0) if length_s > WHOLE_S else passage(SENTENCE)

    heard, _ = recognised(Told(says), [TWO])
    assert texts(heard) == [f"{SENTENCE} {SENTENCE}"]


def test_a_second_hearing_that_says_less_changes_nothing() -> None:
    def says(length_s: float, careful: bool) -> Passage:
        return passage("Guten Tag." if length_s > WHOLE_S else "")

    heard, _ = recognised(Told(says), [TWO])
    assert texts(heard) == ["Guten Tag."]


def test_speech_without_a_word_is_listed() -> None:
    heard, _ = recognised(Told(lambda length_s, careful: passage("")), [TWO])
    assert heard.words == ((),)
    assert [(d.reason, d.n_words, d.text) for d in heard.dropped] == [("unheard", 0, "")] * 2
    for item, spoken in zip(heard.dropped, TWO, strict=True):
        assert item.start_s <= spoken.start_s < spoken.end_s <= item.end_s


def test_only_windows_of_like_length_share_a_batch() -> None:
    together: list[int] = []

    class Counting(Told):
        def encode(self, sounds: Sequence[np.ndarray]) -> Encoded:
            together.append(len(sounds))
            assert min(map(len, sounds)) >= 0.8 * max(map(len, sounds))
            return super().encode(sounds)

    spans = [Interval(30.0 * k, 30.0 * k + 12.0) for k in range(5)]
    recognised(Counting(lambda length_s, careful: passage(f"{LOUD} {SENTENCE}")), [spans, ONE])
    assert together[:2] == [4, 1]


def test_words_of_both_channels_lie_in_the_speech_of_their_own() -> None:
    speech = [ONE, TWO]
    told = Told(lambda length_s, careful: passage(SENTENCE))
    heard, _ = recognised(told, speech)
    assert all(heard.words)
    for line, spans in zip(heard.words, speech, strict=True):
        for word in line:
            assert any(
                s.start_s - 1e-3 <= word.start_s and word.end_s <= s.end_s + 1e-3 for s in spans
            )


def test_the_language_is_told_from_several_windows_though_they_share_no_batch() -> None:
    class Tells(Told):
        def languages(self, encoded: Encoded) -> list[dict[str, float]]:
            english = {"en": 0.9, "de": 0.05}
            return [english if s > 15.0 else {"de": 0.9, "en": 0.01} for s in encoded.lengths_s]

    spans = [Interval(0.0, 19.0), Interval(30.0, 40.0), Interval(60.0, 66.0)]
    audio = Audio(np.zeros((3, 67_000), np.float32), 1000)
    recogniser = Recogniser("none")
    recogniser.__dict__["whisper"] = Tells(lambda length_s, careful: passage(SENTENCE))
    heard = recogniser.recognise(audio, [[span] for span in spans], language=None)
    assert heard.language == "de"


@pytest.mark.recogniser
@pytest.mark.parametrize(
    ("reason", "raised"),
    [
        ("Library libcublas.so.12 is not found or cannot be loaded", DeviceUnavailable),
        ("CUDA failed with error out of memory", DeviceUnavailable),
        ("axis 4 is out of range", RuntimeError),
    ],
)
def test_a_device_that_fails_while_it_computes_is_said_so(
    reason: str, raised: type[Exception], recogniser: Recogniser
) -> None:
    """A missing library shows only when the first product of matrices is asked for."""

    class Failing:
        feature_extractor = staticmethod(recogniser.whisper.loaded.feature_extractor)

        def encode(self, features: np.ndarray) -> None:
            raise RuntimeError(reason)

    whisper = Whisper("base", device="cuda")
    whisper.__dict__["loaded"] = Failing()
    with pytest.raises(raised, match=re.escape(reason)):
        whisper.encode([np.zeros(RATE_HZ, np.float32)])
