"""What comes in is what was recorded: rates, channels, sample formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from conftest import tone

from callvoice.errors import printable
from callvoice.ingest.decode import load

Write = Callable[..., Path]
TWO = np.stack([tone(2.0, hz=440.0), tone(2.0, hz=700.0)], axis=1)


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("a.wav", "PCM_16", 1e-4),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "PCM_32", 1e-6),
        ("a.wav", "FLOAT", 1e-7),
        ("a.wav", "PCM_U8", 8e-3),
        ("a.wav", "ALAW", 5e-3),
        ("a.wav", "ULAW", 5e-3),
        ("a.flac", "PCM_16", 1e-4),
        ("a.ogg", "VORBIS", 5e-2),
        ("a.rf64", "PCM_16", 1e-4),
    ],
)
def test_channels_and_samples_survive(
    write: Write, name: str, subtype: str, tolerance: float
) -> None:
    audio, sha256 = load(write(name, TWO, subtype=subtype))
    assert audio.rate_hz == 8000
    assert audio.samples.dtype == np.float32
    assert audio.notes == (("coarse-samples",) if subtype == "PCM_U8" else ())
    assert len(sha256) == 64
    n = min(audio.samples.shape[1], len(TWO))
    assert n >= len(TWO) - 200
    error = audio.samples[:, :n].T - TWO[:n]
    assert np.sqrt(np.mean(np.square(error))) < tolerance


@pytest.mark.parametrize(("name", "codec"), [("a.m4a", "aac"), ("a.mka", "libopus")])
def test_what_libsndfile_cannot_read_ffmpeg_does(tmp_path: Path, name: str, codec: str) -> None:
    path = tmp_path / name
    rate_hz = 16_000 if codec == "aac" else 48_000
    sound = np.stack([tone(2.0, rate_hz=rate_hz, hz=440.0), tone(2.0, rate_hz=rate_hz, hz=700.0)])
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="stereo")
        frame = av.AudioFrame.from_ndarray(sound.astype(np.float32), "fltp", layout="stereo")
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(
            format=stream.format, layout="stereo", rate=rate_hz, frame_size=stream.frame_size
        )
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    audio, _ = load(path)
    assert audio.n_channels == 2
    spectrum = np.abs(np.fft.rfft(audio.samples[:, : audio.rate_hz]))
    assert spectrum.argmax(axis=1) == pytest.approx([440, 700], abs=1)


def test_streamed_wav_without_a_length_is_no_truncated_one(write: Write) -> None:
    path = write("pipe.wav", TWO)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    audio, _ = load(path)
    assert audio.notes == ()
    assert audio.samples.shape == (2, 16_000)


def test_truncated_wav_keeps_what_is_there(write: Write) -> None:
    path = write("cut.wav", TWO)
    path.write_bytes(path.read_bytes()[: 44 + 4 * 4000])
    audio, _ = load(path)
    assert audio.notes == ("truncated",)
    assert audio.samples.shape == (2, 4000)


def test_pauses_of_coarse_samples_do_not_crackle(write: Write) -> None:
    faint = np.random.default_rng(1).normal(0, 0.002, 8000)
    audio, _ = load(write("coarse.wav", np.concatenate([faint, tone(1.0)]), subtype="PCM_U8"))
    assert audio.notes == ("coarse-samples",)
    samples = audio.samples
    assert len(np.unique(samples[0, :8000])) > 100
    assert abs(samples - np.concatenate([faint, tone(1.0)])).max() < 0.02


def test_silence_stays_silence_whatever_the_bits(write: Write) -> None:
    audio, _ = load(write("silence.wav", np.zeros(8000), subtype="PCM_U8"))
    assert not audio.samples.any()


def test_two_channels_of_the_same_sound_are_one(write: Write) -> None:
    audio, _ = load(write("dual.wav", np.stack([tone(1.0), tone(1.0)], axis=1)))
    assert audio.n_channels == 1
    assert audio.notes == ("identical-channels",)


def test_the_wrong_extension_does_not_matter(write: Write, tmp_path: Path) -> None:
    flac = write("a.flac", TWO)
    renamed = flac.rename(tmp_path / "a.wav")
    audio, _ = load(renamed)
    assert audio.n_channels == 2


def test_holes_become_silence(tmp_path: Path) -> None:
    data = tone(1.0)
    data[100:200] = np.nan
    path = tmp_path / "holes.wav"
    soundfile.write(path, data, 8000, subtype="FLOAT")
    audio, _ = load(path)
    assert audio.notes == ("non-finite-samples",)
    assert not audio.samples[0, 100:200].any()
    assert np.allclose(audio.samples[0, 200:], data[200:], atol=1e-6)


def test_names_are_printable() -> None:
    assert printable(Path("Gespräch.wav")) == "Gespräch.wav"
    assert printable(Path("a\nb.wav")) == "a\\nb.wav"
    assert printable(Path("a\udcffb.wav")) == "a\\udcffb.wav"
    assert printable(Path("a\x1b[31m.wav")) == "a\\x1b[31m.wav"
