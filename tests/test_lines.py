"""A party is a channel, or a voice where both share one; words and turns follow."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from conftest import SAMPLES, Result, noise

from callvoice.errors import NothingToAnalyse
from callvoice.ingest import decode
from callvoice.ingest.separation import Separation
from callvoice.pipeline.lines import Lines, listen
from callvoice.types import Audio, Interval, Track, Transcript, Turn, Word

MONO = SAMPLES / "musterhaft_mono.flac"
TRANSCRIPT = SAMPLES / "musterhaft_mono.transcript.json"
VOICES = (
    (Interval(0.0, 1.0), Interval(4.0, 5.0)),
    (Interval(1.0, 2.5), Interval(6.0, 7.0)),
)
SPEECH = (Interval(0.0, 2.5), Interval(4.0, 5.0), Interval(6.0, 7.0))


def frames(n: int = 800) -> Track:
    return Track(
        hop_s=0.01,
        f0_hz=np.full(n, 120.0),
        strength=np.ones(n),
        level_db=np.full(n, -20.0),
        speech=np.ones(n, dtype=bool),
        density=np.zeros(n),
        energies=np.zeros((n, 1)),
        nuclei_s=np.zeros(0),
    )


def one_channel(**other: object) -> Lines:
    voices = Separation(VOICES, **{"confidence": 0.9, **other})  # type: ignore[arg-type]
    return Lines((frames(),), (SPEECH,), voices)


def two_channels() -> Lines:
    return Lines((frames(), frames()), VOICES)


def said(*times: tuple[float, float]) -> list[Word]:
    return [Word(f"w{k}", start, end) for k, (start, end) in enumerate(times)]


def test_words_go_to_the_voice_that_speaks_them() -> None:
    heard = said((0.1, 0.9), (0.9, 1.8), (4.2, 4.4), (6.1, 6.9))
    agent, caller = one_channel().words([heard])
    assert [w.text for w in agent] == ["w0", "w2"]
    assert [w.text for w in caller] == ["w1", "w3"]


def test_a_word_in_silence_goes_to_the_nearest_voice() -> None:
    agent, caller = one_channel().words([said((5.1, 5.2), (5.7, 5.9))])
    assert [w.text for w in agent] == ["w0"]
    assert [w.text for w in caller] == ["w1"]


def test_no_word_is_lost_between_voices() -> None:
    heard = said(*[(k / 10, k / 10 + 0.25) for k in range(80)])
    lines = one_channel().words([heard])
    assert sorted(w.start_s for line in lines for w in line) == [w.start_s for w in heard]
    assert all(line == sorted(line, key=lambda w: w.start_s) for line in lines)


def test_on_two_channels_words_stay_where_they_were_heard() -> None:
    heard = [said((6.1, 6.9)), said((0.1, 0.9))]  # where the other channel speaks
    assert two_channels().words(heard) == heard


def test_lines_of_two_channels_are_the_channels() -> None:
    lines = two_channels()
    assert lines.tracks == lines.channels
    assert lines.speech == lines.on_channel
    assert lines.uncertain == ()
    assert lines.call_roles({"agent": 1, "caller": 0}) == {"agent": 1, "caller": 0}
    assert lines.bounded("high") == "high"


def test_both_roles_are_on_the_one_channel() -> None:
    lines = one_channel()
    assert lines.call_roles({"agent": 1, "caller": 0}) == {"agent": 0, "caller": 0}
    turns = (Turn("caller", 0.0, 1.0, "Ja", channel=0), Turn("agent", 1.0, 2.0, "Gut", channel=1))
    moved = lines.on_channels(Transcript("de", "given", turns))
    assert [(t.role, t.channel) for t in moved.turns] == [("caller", 0), ("agent", 0)]


@pytest.mark.parametrize(
    ("separation", "stated", "expected"),
    [
        (0.9, "high", "medium"),
        (0.9, "medium", "medium"),
        (0.9, "low", "low"),
        (0.2, "high", "low"),
        (0.9, None, None),
    ],
)
def test_voices_are_never_told_apart_for_sure(
    separation: float, stated: str | None, expected: str | None
) -> None:
    assert one_channel(confidence=separation).bounded(stated) == expected  # type: ignore[arg-type]


def test_doubtful_stretches_are_listed_in_order_and_not_measured() -> None:
    lines = one_channel(
        overlapped=(Interval(4.5, 5.0),), uncertain=(Interval(0.5, 1.0), Interval(6.5, 7.0))
    )
    assert [i.start_s for i in lines.uncertain] == [0.5, 4.5, 6.5]
    first, second = lines.tracks
    assert first.speech.sum() == pytest.approx(100, abs=2)
    assert second.speech.sum() == pytest.approx(200, abs=2)


def test_what_is_doubtful_twice_is_listed_once() -> None:
    lines = one_channel(
        overlapped=(Interval(0.8, 1.2),), uncertain=(Interval(0.9, 1.0), Interval(1.2, 1.4))
    )
    assert lines.uncertain == (Interval(0.8, 1.4),)


def test_nobody_speaks() -> None:
    audio = Audio(noise(5.0)[None].astype(np.float32), 8000)
    with pytest.raises(NothingToAnalyse, match=r"quiet\.wav holds no speech"):
        listen(audio, "quiet.wav")


@pytest.fixture(scope="module")
def mono() -> tuple[Audio, Lines]:
    audio, _ = decode.load(MONO)
    return audio, listen(audio, MONO.name)


def test_the_voices_of_a_call_are_those_of_its_parties(mono: tuple[Audio, Lines]) -> None:
    _, lines = mono
    assert lines.notes == ("voices-told-apart",)
    turns = json.loads(TRANSCRIPT.read_text())["turns"]
    words = [Word(t["role"], t["start_s"], t["end_s"]) for t in turns]
    agent, caller = lines.words([words])  # the agent answers, and so is the first voice
    right = sum(w.end_s - w.start_s for w in agent if w.text == "agent")
    right += sum(w.end_s - w.start_s for w in caller if w.text == "caller")
    assert right >= 0.95 * sum(w.end_s - w.start_s for w in words)


def test_measures_of_both_voices_are_those_of_the_channel(mono: tuple[Audio, Lines]) -> None:
    _, lines = mono
    channel = lines.channels[0]
    shares = [track.speech for track in lines.tracks]
    assert not (shares[0] & shares[1]).any()
    doubtful_s = sum(i.end_s - i.start_s for i in lines.uncertain)
    left_out = (channel.speech & ~shares[0] & ~shares[1]).sum() * channel.hop_s
    assert left_out == pytest.approx(doubtful_s, abs=0.02 * (1 + len(lines.uncertain)))
    assert not ((shares[0] | shares[1]) & ~channel.speech).any()


def test_a_call_on_one_channel_from_end_to_end(run: Callable[..., Result]) -> None:
    result = run("analyze", MONO, "--transcript", TRANSCRIPT, "--json", "-")
    assert result.code == 0
    assert "note [voices-told-apart]" in result.err
    report = json.loads(result.out)
    call = report["call"]
    assert call["n_channels"] == 1
    assert call["roles"] == {"agent": 0, "caller": 0}
    assert call["roles_confidence"] in {"low", "medium"}
    measures = report["measures"]
    assert (measures["agent"]["role"], measures["caller"]["role"]) == ("agent", "caller")
    assert measures["agent"]["speech"] != measures["caller"]["speech"]
    conversation = measures["conversation"]
    assert conversation["separate"] is False
    assert (conversation["gaps"], conversation["overlaps"]) == ([], [])
    starts = [i["start_s"] for i in conversation["uncertain"]]
    assert starts
    assert starts == sorted(starts)
    assert {t["channel"] for t in report["transcript"]["turns"]} == {0}
    for mistake in report["mistakes"]:
        needs_two = mistake["id"] in {"indifferent", "impatient"}
        assert (mistake["status"] == "not_assessable") is needs_two, mistake["id"]
        if needs_two:
            assert mistake["reason"]
