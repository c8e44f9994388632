"""Recordings in the formats that recorders write, made here with the same libraries' encoders."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import Any

import av
import numpy as np
import soundfile


def two_tones(seconds: float = 4.0, *, rate_hz: int = 8000) -> np.ndarray:
    """440 Hz left, 700 Hz right, half a second of silence at both ends; ``[n, 2]``."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    inside = ((t >= 0.5) & (t < seconds - 0.5))[:, None]
    return 0.2 * inside * np.sin(2 * np.pi * np.array([440.0, 700.0]) * t[:, None])


def by_soundfile(sound: np.ndarray, rate_hz: int, container: str, subtype: str) -> bytes:
    """Encode with libsndfile."""
    sink = io.BytesIO()
    soundfile.write(sink, sound, rate_hz, format=container, subtype=subtype)
    return sink.getvalue()


def by_ffmpeg(
    sound: np.ndarray,
    rate_hz: int,
    container: str,
    codec: str,
    *,
    bit_rate: int | None = None,
    options: dict[str, str] | None = None,
    skip: tuple[float, float] = (0.0, 0.0),
    video: bool = False,
) -> bytes:
    """Encode with FFmpeg; packets between the seconds of ``skip`` are not written."""
    layout = "stereo" if sound.ndim == 2 else "mono"
    sink = io.BytesIO()
    with av.open(sink, "w", format=container, options=options or {}) as out:
        stream = out.add_stream(codec, rate=rate_hz, layout=layout)
        if bit_rate:
            stream.bit_rate = bit_rate
        if video:
            _add_picture(out)
        for packet in _packets(stream, np.atleast_2d(sound.T), rate_hz, layout):
            at_s = float((packet.pts or 0) * packet.time_base)
            if not skip[0] <= at_s < skip[1]:
                out.mux(packet)
    return sink.getvalue()


def _packets(stream: Any, sound: np.ndarray, rate_hz: int, layout: str) -> list[av.Packet]:
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(sound, np.float32), "fltp", layout=layout
    )
    frame.sample_rate = rate_hz
    frame.pts, frame.time_base = 0, Fraction(1, rate_hz)
    fitting = av.AudioResampler(stream.format, layout, rate_hz, stream.frame_size or 1024)
    frames = [*fitting.resample(frame), *fitting.resample(None), None]
    return [packet for part in frames for packet in stream.encode(part)]


def _add_picture(out: Any) -> None:
    picture = out.add_stream("mpeg4", rate=5)
    picture.width = picture.height = 32
    picture.pix_fmt = "yuv420p"
    for _ in range(5):
        out.mux(picture.encode(av.VideoFrame(32, 32, "yuv420p")))
    out.mux(picture.encode(None))


def wav(
    samples: np.ndarray,
    *,
    rate_hz: int = 8000,
    n_channels: int = 2,
    stated_bytes: int | None = None,
    encoding: int = 1,
) -> bytes:
    """A WAV file written by hand: its data chunk may state any length."""
    data = samples.tobytes()
    width = samples.dtype.itemsize
    frame = n_channels * width
    form = struct.pack("<HHIIHH", encoding, n_channels, rate_hz, rate_hz * frame, frame, 8 * width)
    stated = len(data) if stated_bytes is None else stated_bytes
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", stated)
    return b"RIFF" + struct.pack("<I", min(36 + stated, 0xFFFFFFFF)) + body + data


def pcm16(sound: np.ndarray) -> np.ndarray:
    """Samples as 16-bit numbers."""
    return np.rint(sound * 32767).astype("<i2")
