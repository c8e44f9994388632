"""However a call is handed over, what comes out is its sound, its digest and its parties."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import noise
from recorder import by_soundfile, two_tones

from callvoice.errors import UnreadableInput, UnsupportedAudio
from callvoice.ingest.raw import RawFormat
from callvoice.ingest.source import STDIN, Source, open_source

WAV = by_soundfile(two_tones(), 8000, "WAV", "PCM_16")
RAW = (two_tones() * 32767).astype("<i2").tobytes()
RAW_FORMAT = RawFormat(8000, "s16le", 2)


class _Standard:
    """Standard input whose bytes are known; ``seekable`` false as a pipe is."""

    def __init__(self, content: bytes, *, seekable: bool = True) -> None:
        self.buffer = io.BytesIO(content)
        if not seekable:
            self.buffer.seekable = lambda: False  # type: ignore[method-assign]


def placed(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def legs(tmp_path: Path) -> tuple[Path, Path]:
    files = (by_soundfile(noise(s), 8000, "WAV", "PCM_16") for s in (4.0, 3.0))
    agent, caller = (
        placed(tmp_path, f"{k}.wav", content)
        for k, content in zip(("agent", "caller"), files, strict=True)
    )
    return agent, caller


def vcon(**dialog: object) -> bytes:
    body = base64.urlsafe_b64encode(WAV).decode()
    recording = {
        "type": "recording",
        "start": "2026-03-01T09:00:00Z",
        "parties": [0, 1],
        "mediatype": "audio/x-wav",
        "encoding": "base64url",
        "body": body,
    }
    parties = [{"role": "customer"}, {"role": "agent"}]
    return json.dumps(
        {"vcon": "0.4.0", "parties": parties, "dialog": [recording | dialog]}
    ).encode()


def test_a_file(tmp_path: Path) -> None:
    path = placed(tmp_path, "call.wav", WAV)
    opened = open_source(Source(path))
    assert opened.audio.pcm.shape == (2, 32_000)
    assert opened.sha256 == hashlib.sha256(WAV).hexdigest()
    assert (opened.roles, opened.offset_s) == ({}, None)


@pytest.mark.parametrize("seekable", [True, False])
def test_standard_input_is_as_good_as_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seekable: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", _Standard(WAV, seekable=seekable))
    piped, opened = open_source(Source(STDIN)), open_source(Source(placed(tmp_path, "a", WAV)))
    assert np.array_equal(piped.audio.pcm, opened.audio.pcm)
    assert piped.sha256 == opened.sha256


@pytest.mark.parametrize("seekable", [True, False])
def test_a_container_on_standard_input(monkeypatch: pytest.MonkeyPatch, seekable: bool) -> None:
    content = vcon()
    monkeypatch.setattr(sys, "stdin", _Standard(content, seekable=seekable))
    opened = open_source(Source(STDIN))
    assert opened.audio.pcm.shape == (2, 32_000)
    assert opened.roles == {"agent": 1, "caller": 0}
    assert opened.sha256 == hashlib.sha256(content).hexdigest()


def test_nothing_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Standard(b"", seekable=False))
    with pytest.raises(UnreadableInput, match="stdin is empty"):
        open_source(Source(STDIN))


def test_raw_samples_from_a_file_and_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wav = open_source(Source(placed(tmp_path, "call.wav", WAV)))
    raw = open_source(Source(placed(tmp_path, "call.raw", RAW), raw=RAW_FORMAT))
    monkeypatch.setattr(sys, "stdin", _Standard(RAW, seekable=False))
    piped = open_source(Source(STDIN, raw=RAW_FORMAT))
    assert np.array_equal(raw.audio.pcm, piped.audio.pcm)
    assert np.abs(raw.audio.samples - wav.audio.samples).max() < 3 / 32768


def test_two_legs_know_whose_they_are(tmp_path: Path) -> None:
    agent, caller = legs(tmp_path)
    opened = open_source(Source(agent, caller))
    assert opened.audio.n_channels == 2
    assert opened.roles == {"agent": 0, "caller": 1}
    assert opened.offset_s is not None
    swapped = open_source(Source(caller, agent))
    assert swapped.sha256 != opened.sha256


def test_the_same_leg_twice(tmp_path: Path) -> None:
    agent, _ = legs(tmp_path)
    with pytest.raises(UnsupportedAudio, match="same recording"):
        open_source(Source(agent, agent))


def test_a_container_knows_its_parties(tmp_path: Path) -> None:
    path = placed(tmp_path, "call.json", vcon())
    opened = open_source(Source(path))
    assert opened.roles == {"agent": 1, "caller": 0}
    assert opened.audio.pcm.shape == (2, 32_000)


def test_a_container_is_read_raw_where_that_is_asked_for(tmp_path: Path) -> None:
    content = vcon()
    path = placed(tmp_path, "call.json", content)
    opened = open_source(Source(path, raw=RawFormat(8000, "alaw", 1)))
    assert opened.audio.pcm.shape == (1, len(content))


def test_names_in_reports(tmp_path: Path) -> None:
    assert Source(tmp_path / "a b.wav").name == "a b.wav"
    assert Source(STDIN).name == "stdin"
    assert Source(Path("x/agent.wav"), Path("y/caller.wav")).name == "agent.wav + caller.wav"
    assert Source(Path("zwei\nZeilen.wav")).name == "zwei\\nZeilen.wav"
