"""The recording as a browser plays it: one compressed track of both parties.

Where the bit rate carries it, the parties keep a channel each, so that the page can mute one; Opus
makes one channel of two at low rates, so a long call is mixed here, knowingly.

Opus in Ogg through libopus (RFC 6716, RFC 7845). Speech of telephone band stays well intelligible
from about 12 kbit/s; the bit rate falls with the call's length so that an hour stays under 10 MB
even as base64. Where this build of FFmpeg has no libopus the track is lossless FLAC instead.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import av
import numpy as np
import soundfile
import soxr
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from callvoice.types import Audio

_BLOCK_S = 10


@dataclass(frozen=True)
class ClipOptions:
    """How the track is encoded: bit rates in bit/s, ``budget_bytes`` bounds a long call's size;
    from ``separate_bit_rate`` on, two channels stay apart.
    """

    highest_bit_rate: int = 24_000
    separate_bit_rate: int = 24_000
    lowest_bit_rate: int = 8_000
    budget_bytes: int = 6_000_000
    narrow_rate_hz: int = 8_000
    wide_rate_hz: int = 16_000
    complexity: int = 2


@dataclass(frozen=True)
class Clip:
    """An encoded recording and its media type; ``separate`` if each party has its channel."""

    data: bytes
    media_type: str
    separate: bool

    @property
    def base64(self) -> str:
        """The data as base64 text."""
        return base64.b64encode(self.data).decode("ascii")


def encode_clip(audio: Audio, options: ClipOptions | None = None) -> Clip:
    """Compress a recording for a browser, both parties apart where the bit rate carries it.

    Both parties keep their relative level; only what is beyond full scale is turned down.
    """
    options = options or ClipOptions()
    rate_hz = options.narrow_rate_hz if audio.rate_hz <= 8_000 else options.wide_rate_hz
    bits_per_s = bit_rate(audio.duration_s, options)
    separate = audio.n_channels == 2 and bits_per_s >= options.separate_bit_rate
    pcm = _as_int16(_levelled(audio.samples, mixed=not separate), audio.rate_hz, rate_hz)
    if "libopus" not in av.codecs_available:
        return Clip(_flac(pcm, rate_hz), "audio/flac", separate)
    return Clip(_opus(pcm, rate_hz, bits_per_s, options), "audio/ogg", separate)


def bit_rate(duration_s: float, options: ClipOptions) -> int:
    """Bit rate in bit/s that keeps a call of this length inside the budget."""
    affordable = options.budget_bytes * 8 / max(duration_s, 1.0)
    return int(min(max(affordable, options.lowest_bit_rate), options.highest_bit_rate))


def _levelled(samples: NDArray[np.float32], *, mixed: bool) -> NDArray[np.float32]:
    """``[n_channels, n_samples]`` turned down so that the sum of the channels stays in scale."""
    mix: NDArray[np.float32] = samples.sum(axis=0, dtype=np.float32)[None]
    largest = np.float32(max(float(np.abs(mix).max(initial=0.0)), 1.0))
    return (mix if mixed else samples) / largest


def _as_int16(pcm: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.int16]:
    resampled = pcm if from_hz == to_hz else soxr.resample(pcm.T, from_hz, to_hz).T
    return np.rint(np.clip(resampled, -1.0, 1.0) * 32767).astype(np.int16)


def _opus(pcm: NDArray[np.int16], rate_hz: int, bits_per_s: int, options: ClipOptions) -> bytes:
    sink = io.BytesIO()
    with av.open(sink, "w", format="ogg") as container:
        stream = container.add_stream(
            "libopus",
            rate=rate_hz,
            layout=_layout(pcm),
            # 60 ms packets: at these bit rates the packet headers of 20 ms ones cost a tenth.
            options={
                "application": "voip",
                "frame_duration": "60",
                "compression_level": str(options.complexity),
            },
        )
        stream.bit_rate = bits_per_s
        for start in range(0, pcm.shape[1], _BLOCK_S * rate_hz):
            frame = _frame(pcm[:, start : start + _BLOCK_S * rate_hz], rate_hz, start)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return sink.getvalue()


def _layout(pcm: NDArray[np.int16]) -> str:
    return "stereo" if pcm.shape[0] == 2 else "mono"


def _frame(block: NDArray[np.int16], rate_hz: int, position: int) -> AudioFrame:
    interleaved = np.ascontiguousarray(block.T).reshape(1, -1)
    frame = AudioFrame.from_ndarray(interleaved, format="s16", layout=_layout(block))
    frame.sample_rate = rate_hz
    frame.pts = position
    return frame


def _flac(pcm: NDArray[np.int16], rate_hz: int) -> bytes:
    sink = io.BytesIO()
    soundfile.write(sink, pcm.T, rate_hz, format="FLAC")
    return sink.getvalue()
