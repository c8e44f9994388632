"""Samples without a header: rate, format and channels come from the person who recorded them."""

from __future__ import annotations

from dataclasses import dataclass

from callvoice.ingest.form import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ

_SUBTYPE_AND_ENDIAN = {
    "s8": ("PCM_S8", "FILE"),
    "u8": ("PCM_U8", "FILE"),
    "s16le": ("PCM_16", "LITTLE"),
    "s16be": ("PCM_16", "BIG"),
    "s24le": ("PCM_24", "LITTLE"),
    "s32le": ("PCM_32", "LITTLE"),
    "f32le": ("FLOAT", "LITTLE"),
    "alaw": ("ALAW", "FILE"),
    "ulaw": ("ULAW", "FILE"),
}
FORMATS = tuple(_SUBTYPE_AND_ENDIAN)
_SHAPE = "RATE,FORMAT,CHANNELS, for example 8000,alaw,2"


@dataclass(frozen=True)
class RawFormat:
    """How to read samples that have no header.

    ``rate_hz`` 4000–192000; ``encoding`` is one of :data:`FORMATS`; ``n_channels`` 1 or 2,
    interleaved.

    >>> RawFormat.parse("8000,alaw,2")
    RawFormat(rate_hz=8000, encoding='alaw', n_channels=2)
    """

    rate_hz: int
    encoding: str
    n_channels: int

    def __post_init__(self) -> None:
        """Check each field; the message names what is allowed."""
        if not MIN_RATE_HZ <= self.rate_hz <= MAX_RATE_HZ:
            raise ValueError(f"rate {self.rate_hz} is not within {MIN_RATE_HZ}–{MAX_RATE_HZ} Hz")
        if self.encoding not in FORMATS:
            raise ValueError(f"format {self.encoding!r} is none of {', '.join(FORMATS)}")
        if not 1 <= self.n_channels <= MAX_CHANNELS:
            raise ValueError(f"{self.n_channels} channels: 1 or {MAX_CHANNELS} can be read")

    @classmethod
    def parse(cls, text: str) -> RawFormat:
        """``RATE,FORMAT,CHANNELS`` as a person writes it.

        Raises:
            ValueError: not of that form; the message names the allowed values.
        """
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 3:
            raise ValueError(f"{text!r} is not {_SHAPE}")
        rate_hz, encoding, n_channels = parts
        return cls(_whole(rate_hz, "rate"), encoding.lower(), _whole(n_channels, "channels"))

    def as_soundfile(self) -> dict[str, str | int]:
        """The same as arguments of ``soundfile.SoundFile``."""
        subtype, endian = _SUBTYPE_AND_ENDIAN[self.encoding]
        return {
            "format": "RAW",
            "samplerate": self.rate_hz,
            "channels": self.n_channels,
            "subtype": subtype,
            "endian": endian,
        }

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        bits = {"s16le": 16, "s16be": 16, "s24le": 24, "s32le": 32, "f32le": 32}
        return bits.get(self.encoding, 8) // 8 * self.n_channels


def _whole(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{what} {text!r} is no whole number: expected {_SHAPE}") from None
