"""Whisper base for real: words of a sample call, and none where nobody speaks."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from conftest import SAMPLES

from callvoice.ingest import decode
from callvoice.ingest.recognise import Recogniser
from callvoice.types import Audio, Interval

pytestmark = pytest.mark.recogniser


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser("base")


def excerpt(name: str, start_s: float, end_s: float) -> Audio:
    audio, _ = decode.load(SAMPLES / name)
    part = slice(round(start_s * audio.rate_hz), round(end_s * audio.rate_hz))
    return Audio(np.ascontiguousarray(audio.samples[:, part]), audio.rate_hz)


def plain(text: str) -> list[str]:
    return re.sub(r"[^\w ]", " ", text.lower()).split()


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


def test_no_speech_no_words(recogniser: Recogniser) -> None:
    audio = Audio(np.zeros((2, 80_000), np.float32), 8000)
    heard = recogniser.recognise(audio, [(), ()], language=None)
    assert heard.words == ((), ())
