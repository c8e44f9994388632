"""Recordings that FFmpeg reads, through PyAV: MP3, AAC, AMR, WMA, and the audio of containers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import numpy as np

from callvoice.errors import TruncatedInput, UnreadableInput, UnsupportedAudio
from callvoice.ingest.form import MIN_RATE_HZ, Decoded, check_form, check_length, from_buffer

if TYPE_CHECKING:
    import av
    import av.audio.frame
    import av.audio.stream
    import av.container

# Playlists (HLS, ffconcat, DASH, …) are formats too, and name other files and addresses to open.
# A recording from a stranger must not: only formats that carry their sound themselves are tried.
_FORMATS = (
    "aac,ac3,adx,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dss,eac3,flac,flv,g722,g729,gsm,matroska,"
    "mov,mp3,mpeg,mpegts,nut,ogg,sbc,tta,voc,w64,wav,webm,wv"
)
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}
_LENGTH_IS_STATED = {"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "asf"}  # FFmpeg estimates others
_LENGTH_IN_FIRST_FRAME = (b"Xing", b"Info", b"VBRI")  # MP3
_HEAD = 1 << 16  # bytes, enough for tags before the first frame
_CARRY_AN_INDEX = ((4, b"ftyp"), (0, b"OggS"), (0, b"caff"))
_MISSING_S = 0.25  # codecs prime and pad by up to a tenth of a second
_GAP_S = 0.1  # a step of the clock above rounding and the seams of joined files
_LONGEST_GAP_S = 600.0  # beyond this the clock was set anew, nothing is missing


def read(stream: IO[bytes], name: str) -> Decoded:
    """Decode the first audio stream with FFmpeg.

    Damaged packets are left out; where the clock runs on without sound (discontinuous
    transmission, lost packets), there is silence in the result.

    Raises:
        UnreadableInput: no recording, or no audio in it.
        TruncatedInput: it breaks off before its first sample.
        UnsupportedAudio: see :func:`callvoice.ingest.form.check_form`; channels that change.
    """
    import av

    stream.seek(0)
    head = stream.read(_HEAD)
    stream.seek(0)
    try:
        with av.open(
            stream, mode="r", metadata_errors="ignore", container_options=_OPTIONS
        ) as container:
            return _decode(container, name, head)
    except (av.FFmpegError, ValueError) as error:
        raise _undecodable(head, name) from error


def _undecodable(head: bytes, name: str) -> UnreadableInput:
    if any(head.startswith(magic, at) for at, magic in _CARRY_AN_INDEX):
        return TruncatedInput(
            f"{name} was cut short while it was recorded or copied: what it needs to be decoded"
            " is missing. Copy it again from its source."
        )
    return UnreadableInput(
        f"{name} is not a recording that callvoice can decode (tried libsndfile and"
        " FFmpeg): is it audio, and complete?"
    )


def _decode(container: av.container.InputContainer, name: str, head: bytes) -> Decoded:
    if not container.streams.audio:
        raise UnreadableInput(f"{name} holds no audio stream.")
    source = container.streams.audio[0]
    context = source.codec_context
    if not context.channels or not context.sample_rate:  # FFmpeg takes much for sound that is none
        raise ValueError("no form")
    check_form(context.channels, context.sample_rate, name)
    sink = _Sink(name, _dtype(context))
    damage_s = _decode_packets(container, source, sink)
    promised_s = _promised_s(container, source) if _states_length(container, head) else 0.0
    return sink.decoded(damage_s=damage_s, promised_s=promised_s)


def _dtype(context: av.AudioCodecContext) -> str:
    """16 bits for lossy codecs too: rounding adds noise 98 dB below full scale, far below theirs,
    and a call of hours needs half the memory.
    """
    sixteen = context.codec.lossy or context.format.name.rstrip("p") in {"u8", "s16"}
    return "int16" if sixteen else "float32"


def _decode_packets(
    container: av.container.InputContainer, source: av.audio.stream.AudioStream, sink: _Sink
) -> list[float]:
    """When packets could not be decoded, in seconds of the result."""
    import av

    damage_s: list[float] = []
    try:
        for packet in container.demux(source):
            try:
                for frame in packet.decode():
                    sink.add(frame)
            except (av.InvalidDataError, EOFError):
                if not bytes(packet).startswith(b"ID3"):  # the tag of a file that was joined on
                    damage_s.append(sink.length_s)
    except (av.InvalidDataError, av.PatchWelcomeError, EOFError):
        damage_s.append(sink.length_s)
    return damage_s


def _states_length(container: av.container.InputContainer, head: bytes) -> bool:
    """Whether the length is the file's own word and not FFmpeg's estimate."""
    if container.format.name == "mp3":
        return any(mark in head for mark in _LENGTH_IN_FIRST_FRAME)
    return container.format.name in _LENGTH_IS_STATED


def _promised_s(
    container: av.container.InputContainer, source: av.audio.stream.AudioStream
) -> float:
    """How long the file says it is, 0 where it does not."""
    if source.duration is not None and source.time_base is not None:
        return float(source.duration * source.time_base)
    if container.duration is not None and len(container.streams) == 1:
        return float(container.duration) / 1e6
    return 0.0


@dataclass
class _Sink:
    """Collects frames as interleaved samples at the rate of the first."""

    name: str
    dtype: str
    rate_hz: int = 0
    n_channels: int = 0
    buffer: bytearray = field(default_factory=bytearray)
    notes: dict[str, None] = field(default_factory=dict)
    form: tuple[int, str, str] | None = None
    resampler: av.AudioResampler | None = None
    zero_s: float | None = None  # the clock's reading at the first sample

    def note(self, slug: str) -> None:
        """Remember once what had to be mended."""
        self.notes[slug] = None

    @property
    def n_samples(self) -> int:
        """Samples of one channel so far."""
        return len(self.buffer) // (self.n_channels * self.sample_bytes)

    @property
    def length_s(self) -> float:
        """Seconds so far, 0 before the first frame."""
        return self.n_samples / self.rate_hz if self.rate_hz else 0.0

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return 2 if self.dtype == "int16" else 4

    def add(self, frame: av.audio.frame.AudioFrame) -> None:
        """Append one frame, after silence where the clock has run on."""
        form = (frame.sample_rate, frame.layout.name, frame.format.name)
        if form != self.form:
            self._change(frame, form)
        self._keep_time(frame)
        self._append(frame)
        check_length(self.n_samples, self.rate_hz, self.name)

    def _change(self, frame: av.audio.frame.AudioFrame, form: tuple[int, str, str]) -> None:
        import av

        n_channels = frame.layout.nb_channels
        if not self.rate_hz:
            check_form(n_channels, frame.sample_rate, self.name)
            self.rate_hz, self.n_channels = frame.sample_rate, n_channels
        if n_channels != self.n_channels:
            raise UnsupportedAudio(
                f"{self.name} changes from {self.n_channels} to {n_channels} channels after"
                f" {self.n_samples / self.rate_hz:.1f} s: split it there."
            )
        if frame.sample_rate != self.rate_hz:
            self.note("rate-changed")
        self._append(None)
        packed = "s16" if self.dtype == "int16" else "flt"
        self.resampler = av.AudioResampler(packed, frame.layout, self.rate_hz)
        self.form = form

    def _append(self, frame: av.audio.frame.AudioFrame | None) -> None:
        if self.resampler is not None:
            for converted in self.resampler.resample(frame):
                self.buffer += converted.to_ndarray().tobytes()

    def _keep_time(self, frame: av.audio.frame.AudioFrame) -> None:
        if frame.time is None:
            return
        if self.zero_s is None:
            self.zero_s = frame.time
        gap_s = frame.time - self.zero_s - self.n_samples / self.rate_hz
        if gap_s > _LONGEST_GAP_S:
            self.zero_s += gap_s
        elif gap_s > _GAP_S:
            self.note("gaps-filled")
            missing = round(gap_s * self.rate_hz) * self.n_channels
            self.buffer += bytes(missing * self.sample_bytes)

    def decoded(self, *, damage_s: list[float], promised_s: float) -> Decoded:
        """All that was added."""
        if not self.rate_hz:
            return self._nothing(damaged=bool(damage_s))
        self._append(None)
        last_s = self.length_s - _MISSING_S
        if any(at_s < last_s for at_s in damage_s):
            self.note("damaged-parts")
        explained = self.notes.keys() & {"damaged-parts", "rate-changed"}
        cut = not explained and self.length_s < promised_s - _MISSING_S
        if cut or any(at_s >= last_s for at_s in damage_s):
            self.note("truncated")
        samples = from_buffer(self.buffer, self.dtype, self.n_channels)
        return Decoded(samples, self.rate_hz, tuple(self.notes))

    def _nothing(self, *, damaged: bool) -> Decoded:
        if damaged:
            raise TruncatedInput(f"{self.name} breaks off before its first sample.")
        return Decoded(np.zeros((1, 0), np.int16), MIN_RATE_HZ)
