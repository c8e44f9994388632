"""Samples without a header come in as they are described, and a wrong description says why."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from recorder import two_tones

from callvoice.errors import NothingToAnalyse, TruncatedInput
from callvoice.ingest.decode import load, load_stream
from callvoice.ingest.raw import FORMATS, RawFormat

SUBTYPES = {
    "s8": ("PCM_S8", "FILE", 2e-2),
    "u8": ("PCM_U8", "FILE", 2e-2),
    "s16le": ("PCM_16", "LITTLE", 1e-4),
    "s16be": ("PCM_16", "BIG", 1e-4),
    "s24le": ("PCM_24", "LITTLE", 1e-6),
    "s32le": ("PCM_32", "LITTLE", 1e-6),
    "f32le": ("FLOAT", "LITTLE", 1e-6),
    "alaw": ("ALAW", "FILE", 1e-2),
    "ulaw": ("ULAW", "FILE", 1e-2),
}


def written(sound: np.ndarray, encoding: str) -> bytes:
    sink = io.BytesIO()
    subtype, endian, _ = SUBTYPES[encoding]
    soundfile.write(sink, sound, 8000, format="RAW", subtype=subtype, endian=endian)
    return sink.getvalue()


@pytest.mark.parametrize("encoding", FORMATS)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_every_format(tmp_path: Path, encoding: str, n_channels: int) -> None:
    sound = two_tones(1.5)[:, :n_channels]
    path = tmp_path / "call.raw"
    path.write_bytes(written(sound, encoding))
    audio, _ = load(path, raw=RawFormat.parse(f"8000,{encoding},{n_channels}"))
    notes = ("coarse-samples",) if encoding in ("s8", "u8") else ()
    assert (audio.rate_hz, audio.pcm.shape, audio.notes) == (8000, (n_channels, 12_000), notes)
    assert np.abs(audio.samples.T - sound).max() < SUBTYPES[encoding][2]


def test_from_a_pipe() -> None:
    content = written(two_tones(1.5), "ulaw")
    audio, _ = load_stream(io.BytesIO(content), raw=RawFormat(8000, "ulaw", 2))
    assert audio.pcm.shape == (2, 12_000)


def test_a_last_sample_that_is_cut_is_noted() -> None:
    content = written(two_tones(1.5), "s16le")[:-3]
    audio, _ = load_stream(io.BytesIO(content), raw=RawFormat(8000, "s16le", 2))
    assert audio.pcm.shape == (2, 11_999)
    assert audio.notes == ("truncated",)


def test_hardly_any_bytes() -> None:
    with pytest.raises(TruncatedInput):
        load_stream(io.BytesIO(b"x"), raw=RawFormat(8000, "s16le", 2))
    with pytest.raises(NothingToAnalyse):
        load_stream(io.BytesIO(b"x"), raw=RawFormat(8000, "u8", 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("8000", "RATE,FORMAT,CHANNELS"),
        ("8000,alaw", "RATE,FORMAT,CHANNELS"),
        ("fast,alaw,1", "rate 'fast'"),
        ("8000,mp3,1", "s8, u8, s16le, s16be, s24le, s32le, f32le, alaw, ulaw"),
        ("8000,alaw,two", "channels 'two'"),
        ("8000,alaw,3", "1 or 2"),
        ("8000,alaw,0", "1 or 2"),
        ("100,alaw,1", "4000–192000 Hz"),
    ],
)
def test_what_cannot_be_meant_names_what_can(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RawFormat.parse(text)


@given(
    st.integers(4000, 192_000), st.sampled_from(FORMATS), st.integers(1, 2), st.sampled_from(" \t")
)
def test_what_is_meant_is_understood(
    rate_hz: int, encoding: str, n_channels: int, space: str
) -> None:
    text = f"{rate_hz},{space}{encoding.upper()}{space},{n_channels}"
    assert RawFormat.parse(text) == RawFormat(rate_hz, encoding, n_channels)
