"""Each format that this machine can write comes in as it went out: channels, rate, time, level."""

from __future__ import annotations

import io
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from conftest import noise
from recorder import by_ffmpeg, by_soundfile, pcm16, two_tones, wav

from callvoice.errors import TruncatedInput, UnreadableInput, UnsupportedAudio
from callvoice.ingest.decode import load, load_stream
from callvoice.types import Audio

BY_SOUNDFILE = [
    *[("WAV", s) for s in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")],
    *[("WAV", s) for s in ("ALAW", "ULAW", "IMA_ADPCM", "MS_ADPCM")],
    *[(c, "PCM_16") for c in ("WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC")],
    *[("FLAC", "PCM_24"), ("CAF", "ALAC_16"), ("AU", "ULAW"), ("W64", "ALAW")],
    *[("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")],
]
BY_FFMPEG = [
    ("ipod", "aac", 16_000),
    ("mp4", "aac", 16_000),
    ("adts", "aac", 16_000),
    ("mp3", "libmp3lame", 8_000),
    ("wav", "libmp3lame", 8_000),
    ("matroska", "libopus", 48_000),
    ("webm", "libopus", 48_000),
    ("matroska", "pcm_s24le", 8_000),
    ("asf", "wmav2", 44_100),
    ("asf", "wmav1", 44_100),
    ("avi", "mp2", 16_000),
    ("mpegts", "aac", 16_000),
    ("caf", "alac", 16_000),
]
MONO = [
    ("amr", "libopencore_amrnb", 8_000, 12_200),
    ("3gp", "libopencore_amrnb", 8_000, 12_200),
    ("wav", "g722", 16_000, None),
]


def read(content: bytes) -> Audio:
    return load_stream(io.BytesIO(content))[0]


def strongest_hz(audio: Audio) -> list[float]:
    middle = audio.samples[:, audio.rate_hz : 2 * audio.rate_hz]
    return [float(np.abs(np.fft.rfft(line)).argmax()) for line in middle]


def sounding_s(audio: Audio) -> tuple[float, float]:
    """When the tones begin and end, at half their height."""
    loud = np.flatnonzero(np.abs(audio.samples).max(axis=0) > 0.1)
    return loud[0] / audio.rate_hz, loud[-1] / audio.rate_hz


def assert_as_recorded(audio: Audio, rate_hz: int, hz: list[float]) -> None:
    assert audio.rate_hz == rate_hz
    assert audio.notes in ((), ("coarse-samples",))
    assert strongest_hz(audio) == pytest.approx(hz, abs=1)
    begin_s, end_s = sounding_s(audio)
    assert 0.44 < begin_s < 0.65  # codecs prime by up to 140 ms, WMA's first 46 ms are not decoded
    assert end_s - begin_s == pytest.approx(3.0, abs=0.05)
    middle = audio.samples[:, audio.rate_hz : 2 * audio.rate_hz]
    assert 20 * np.log10(middle.std(axis=1) / 0.2 * np.sqrt(2)) == pytest.approx(0, abs=1.0)


@pytest.mark.parametrize(("container", "subtype"), BY_SOUNDFILE)
def test_two_channels_by_libsndfile(container: str, subtype: str) -> None:
    audio = read(by_soundfile(two_tones(), 8000, container, subtype))
    assert_as_recorded(audio, 8000, [440, 700])


@pytest.mark.parametrize(("container", "codec", "rate_hz"), BY_FFMPEG)
def test_two_channels_by_ffmpeg(container: str, codec: str, rate_hz: int) -> None:
    bit_rate = 64_000 if codec.startswith("wma") else None
    sound = two_tones(rate_hz=rate_hz)
    audio = read(by_ffmpeg(sound, rate_hz, container, codec, bit_rate=bit_rate))
    assert_as_recorded(audio, rate_hz, [440, 700])


@pytest.mark.parametrize(("container", "codec", "rate_hz", "bit_rate"), MONO)
def test_one_channel(container: str, codec: str, rate_hz: int, bit_rate: int | None) -> None:
    voice = two_tones(rate_hz=rate_hz)[:, 0]
    audio = read(by_ffmpeg(voice, rate_hz, container, codec, bit_rate=bit_rate))
    assert audio.n_channels == 1
    assert audio.rate_hz == rate_hz
    assert strongest_hz(audio) == pytest.approx([440], abs=1)
    assert sounding_s(audio)[0] == pytest.approx(0.5, abs=0.05)


def test_gsm_is_read() -> None:
    audio = read(by_soundfile(two_tones()[:, 0], 8000, "WAV", "GSM610"))
    assert_as_recorded(audio, 8000, [440])
    assert audio.pcm.dtype == np.int16


def test_amr_wb_without_data_is_silence_of_the_right_length() -> None:
    """No free encoder exists here: a header and 50 frames of 20 ms without data."""
    audio = read(b"#!AMR-WB\n" + b"\x7c" * 50)
    assert (audio.rate_hz, audio.duration_s) == (16_000, 1.0)
    assert not audio.pcm.any()


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_the_sound_of_a_video(container: str) -> None:
    content = by_ffmpeg(two_tones(rate_hz=16_000), 16_000, container, "aac", video=True)
    assert_as_recorded(read(content), 16_000, [440, 700])


def test_flac_whose_length_was_left_open() -> None:
    content = bytearray(by_soundfile(two_tones(), 8000, "FLAC", "PCM_16"))
    content[21] &= 0xF0  # the 36 bits of the number of samples (RFC 9639, section 8.2)
    content[22:26] = bytes(4)
    audio = read(bytes(content))
    assert audio.pcm.shape == (2, 32_000)
    assert audio.notes == ()


@pytest.mark.parametrize("codec", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("rates_hz", [(16_000, 8000), (8000, 16_000), (8000, 8000)])
def test_chained_ogg_is_read_to_its_end(codec: str, rates_hz: tuple[int, int]) -> None:
    links = [by_soundfile(two_tones(rate_hz=r), r, "OGG", codec) for r in rates_hz]
    audio = read(b"".join(links))
    assert audio.rate_hz == rates_hz[0]
    assert audio.duration_s == pytest.approx(8.0, abs=0.05)
    assert audio.notes == (() if rates_hz[0] == rates_hz[1] else ("rate-changed",))
    later = Audio(audio.pcm[:, 4 * audio.rate_hz :], audio.rate_hz)
    assert strongest_hz(later) == pytest.approx([440, 700], abs=1)


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("adts", "aac")])
def test_joined_files_of_other_rates_are_brought_to_the_first(container: str, codec: str) -> None:
    options = {"write_xing": "0", "id3v2_version": "0"} if container == "mp3" else {}
    parts = [
        by_ffmpeg(two_tones(rate_hz=r), r, container, codec, options=options)
        for r in (16_000, 8000)
    ]
    audio = read(b"".join(parts))
    assert audio.rate_hz == 16_000
    assert audio.notes == ("rate-changed",)
    assert audio.duration_s == pytest.approx(8.0, abs=0.5)
    later = Audio(audio.pcm[:, -4 * 16_000 :], 16_000)
    assert strongest_hz(later) == pytest.approx([440, 700], abs=1)


def test_joined_mp3_files_with_tags_are_read_to_their_end() -> None:
    audio = read(by_ffmpeg(two_tones(), 8000, "mp3", "libmp3lame") * 2)
    assert audio.duration_s == pytest.approx(8.0, abs=0.3)
    assert audio.notes == ()


def test_channels_that_change_are_an_error() -> None:
    stereo = by_ffmpeg(two_tones(rate_hz=16_000), 16_000, "adts", "aac")
    mono = by_ffmpeg(two_tones(rate_hz=16_000)[:, 0], 16_000, "adts", "aac")
    with pytest.raises(UnsupportedAudio, match="from 2 to 1 channels after 4"):
        read(stereo + mono)
    links = [
        by_soundfile(two_tones(), 8000, "OGG", "OPUS"),
        by_soundfile(two_tones()[:, 0], 8000, "OGG", "OPUS"),
    ]
    with pytest.raises(UnsupportedAudio, match="number of channels"):
        read(b"".join(links))


def test_packets_that_were_never_sent_leave_silence() -> None:
    """Discontinuous transmission: the clock in the container counts, not the packets."""
    sound = two_tones(6.0, rate_hz=48_000)
    audio = read(by_ffmpeg(sound, 48_000, "webm", "libopus", skip=(2.0, 3.5)))
    assert audio.notes == ("gaps-filled",)
    assert audio.duration_s == pytest.approx(6.0, abs=0.05)
    assert sounding_s(audio)[1] == pytest.approx(5.5, abs=0.1)
    hole = audio.samples[:, round(2.1 * 48_000) : round(3.4 * 48_000)]
    assert np.abs(hole).max() < 0.01


@pytest.mark.parametrize("playlist", ["ffconcat version 1.0\nfile call.wav\n", "#EXTM3U\ncall.wav"])
def test_a_playlist_opens_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, playlist: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("call.wav").write_bytes(wav(pcm16(two_tones())))
    Path("list.wav").write_text(playlist)
    with pytest.raises(UnreadableInput, match="not a recording"):
        load(Path("list.wav"))


# --- bad files -----------------------------------------------------------------------------------


def cut(content: bytes, share: float = 0.66) -> bytes:
    """Broken off in the middle of a frame."""
    return content[: int(len(content) * share) | 1]


CUT = {
    "WAV": by_soundfile(two_tones(), 8000, "WAV", "PCM_16"),
    "RF64": by_soundfile(two_tones(), 8000, "RF64", "PCM_16"),
    "W64": by_soundfile(two_tones(), 8000, "W64", "PCM_16"),
    "AIFF": by_soundfile(two_tones(), 8000, "AIFF", "PCM_16"),
    "AU": by_soundfile(two_tones(), 8000, "AU", "PCM_16"),
    "FLAC": by_soundfile(np.tile(noise(4.0, level=0.1), (2, 1)).T, 8000, "FLAC", "PCM_16"),
    "MP3": by_ffmpeg(two_tones(), 8000, "mp3", "libmp3lame"),
    "Opus": by_soundfile(two_tones(), 8000, "OGG", "OPUS"),
    "Opus in WebM": by_ffmpeg(two_tones(rate_hz=48_000), 48_000, "webm", "libopus"),
    "AAC": by_ffmpeg(two_tones(rate_hz=16_000), 16_000, "adts", "aac"),
    "WMA": by_ffmpeg(two_tones(rate_hz=44_100), 44_100, "asf", "wmav2", bit_rate=64_000),
    "AMR": by_ffmpeg(two_tones()[:, 0], 8000, "amr", "libopencore_amrnb"),
    "M4A in fragments": by_ffmpeg(
        two_tones(rate_hz=16_000),
        16_000,
        "mp4",
        "aac",
        options={"movflags": "frag_keyframe+empty_moov", "frag_duration": "500000"},
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_what_is_there_of_a_file_cut_short(name: str) -> None:
    audio = read(cut(CUT[name]))
    assert "truncated" in audio.notes
    assert 1.5 < audio.duration_s < 3.5


def test_an_m4a_file_without_its_index_says_so() -> None:
    whole = by_ffmpeg(two_tones(rate_hz=16_000), 16_000, "ipod", "aac")
    with pytest.raises(TruncatedInput, match="cut short"):
        read(cut(whole))


@pytest.mark.parametrize("stated", [0, 0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF])
def test_a_length_never_filled_in_is_no_truncation(stated: int) -> None:
    audio = read(wav(pcm16(two_tones()), stated_bytes=stated))
    assert audio.notes == ()
    assert audio.pcm.shape == (2, 32_000)


def test_a_length_larger_than_the_file() -> None:
    audio = read(wav(pcm16(two_tones()), stated_bytes=300_000))
    assert audio.notes == ("truncated",)
    assert audio.pcm.shape == (2, 32_000)


@pytest.mark.parametrize("codec", ["linear", "A-law", "µ-law"])
def test_a_tail_of_zero_bytes_is_silence_and_noted(codec: str) -> None:
    encoding, dtype = {"linear": (1, "<i2"), "A-law": (6, "u1"), "µ-law": (7, "u1")}[codec]
    sound = noise(20.0, level=0.1)
    samples = pcm16(sound) if codec == "linear" else (np.abs(sound) * 200).astype(dtype) + 64
    samples[12 * 8000 :] = 0
    audio = read(wav(samples, n_channels=1, encoding=encoding))
    assert audio.notes == ("silent-tail",)
    assert audio.duration_s == 20.0
    assert audio.pcm[:, : 12 * 8000].any()
    assert not audio.pcm[:, 12 * 8000 :].any()


def test_a_pause_at_the_end_is_no_silent_tail() -> None:
    sound = noise(20.0)
    sound[-3 * 8000 :] = 0
    assert read(wav(pcm16(sound), n_channels=1)).notes == ()


@pytest.mark.parametrize("name", ["FLAC", "MP3"])
def test_a_compressed_file_filled_up_with_zeros(name: str) -> None:
    content = CUT[name]
    half = len(content) // 2
    audio = read(content[:half] + bytes(half))
    assert set(audio.notes) & {"truncated", "damaged-parts"}
    assert 1.0 < audio.duration_s < 3.0


def test_damage_in_the_middle_loses_no_more_than_that() -> None:
    whole = by_ffmpeg(two_tones(rate_hz=16_000), 16_000, "ipod", "aac")
    middle = len(whole) // 2
    audio = read(whole[:middle] + bytes(2000) + whole[middle + 2000 :])
    assert "damaged-parts" in audio.notes
    assert audio.duration_s == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize("n_channels", [0, 3])
def test_channels_that_no_call_has(n_channels: int) -> None:
    samples = pcm16(two_tones())
    with pytest.raises(UnsupportedAudio, match=f"{n_channels} channels"):
        read(wav(samples[: len(samples) // 3 * 3], n_channels=n_channels))


# --- samples of 16 bits --------------------------------------------------------------------------


def test_sixteen_bits_cost_less_than_any_lossy_codec() -> None:
    """Rounding alone is 98 dB below full scale; what the codec itself adds is far above."""
    rate_hz = 48_000
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (rate_hz, 2)).cumsum(axis=0)
    sound = 0.5 * sound / np.abs(sound).max()
    exact = read(by_ffmpeg(sound, rate_hz, "matroska", "pcm_f32le"))
    assert exact.pcm.dtype == np.float32
    rounded = read(by_ffmpeg(sound, rate_hz, "matroska", "pcm_s16le"))
    assert rounded.pcm.dtype == np.int16
    noise_db = 20 * np.log10(np.std(rounded.samples - exact.samples))
    assert noise_db < -98
    lossy = read(by_ffmpeg(sound, rate_hz, "webm", "libopus"))
    assert lossy.pcm.dtype == np.int16
    n = min(lossy.pcm.shape[1], exact.pcm.shape[1])
    assert 20 * np.log10(np.std(lossy.samples[:, :n] - exact.samples[:, :n])) > noise_db + 20


@pytest.mark.parametrize("codec", [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")])
def test_overshoot_of_a_lossy_codec_is_clipped_and_does_not_wrap(codec: tuple[str, str]) -> None:
    square = np.sign(two_tones()) * 0.999
    audio = read(by_soundfile(square, 8000, *codec))
    assert audio.pcm.dtype == np.int16
    assert (audio.pcm.min(), audio.pcm.max()) == (-32768, 32767)
    n = min(audio.pcm.shape[1], len(square))
    assert np.corrcoef(audio.samples[0, :n], square[:n, 0])[0, 1] > 0.9


def test_an_hour_is_held_once() -> None:
    """Two channels of 8 kHz are 32 kB a second in 16 bits; decoding may add an eighth."""
    seconds = 600
    content = by_soundfile(np.tile(two_tones(6.0), (seconds // 6, 1)), 8000, "FLAC", "PCM_16")
    tracemalloc.start()
    audio = read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert audio.duration_s == seconds
    assert peak < 1.3 * seconds * 32_000 + 10e6


# --- pipes ---------------------------------------------------------------------------------------


def test_a_pipe_that_cannot_seek() -> None:
    content = by_soundfile(two_tones(1.5), 8000, "FLAC", "PCM_16")
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        with os.fdopen(writing, "wb") as sink:
            sink.write(content[:60_000])
        audio, sha256 = load_stream(stream)
    assert audio.pcm.shape == (2, 12_000)
    assert sha256 == load_stream(io.BytesIO(content))[1]


def test_an_empty_pipe_is_called_by_its_name() -> None:
    with pytest.raises(UnreadableInput, match="stdin is empty"):
        load_stream(io.BytesIO())


def test_a_pipe_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callvoice.ingest.decode._LARGEST_STREAM", 1 << 20)
    with (
        Path("/dev/zero").open("rb", buffering=0) as endless,
        pytest.raises(UnreadableInput, match="goes on"),
    ):
        load_stream(_NotSeekable(endless))


class _NotSeekable(io.RawIOBase):
    def __init__(self, inner: io.RawIOBase) -> None:
        self._inner = inner

    def read(self, size: int = -1) -> bytes | None:
        return self._inner.read(size)
