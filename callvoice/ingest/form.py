"""What a recording has to be, and what every reader of a format hands back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callvoice.errors import UnreadableInput, UnsupportedAudio

MIN_RATE_HZ = 4_000  # below this even the telephone band is not in the recording
MAX_RATE_HZ = 192_000
MAX_CHANNELS = 2
_DAY_S = 24 * 3600  # more is no call but a broken header or clock

Samples = NDArray[np.float32] | NDArray[np.int16]


class Decoded(NamedTuple):
    """Samples ``[n_channels, n]``, int16 or float32, their rate, and what had to be mended."""

    samples: Samples
    rate_hz: int
    notes: tuple[str, ...] = ()


def check_form(n_channels: int, rate_hz: int, name: str) -> None:
    """Refuse what cannot be a telephone call.

    Raises:
        UnsupportedAudio: not one or two channels, or a rate outside 4–192 kHz.
    """
    if n_channels < 1:
        raise UnsupportedAudio(f"{name} states 0 channels: its header is damaged.")
    if n_channels > MAX_CHANNELS:
        raise UnsupportedAudio(
            f"{name} has {n_channels} channels: callvoice reads one (both parties mixed)"
            " or two (one per party). Extract the two that carry the call."
        )
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise UnsupportedAudio(
            f"{name} has a sampling rate of {rate_hz} Hz: callvoice reads"
            f" {MIN_RATE_HZ}–{MAX_RATE_HZ} Hz. Convert it, or correct its header."
        )


def check_length(n_samples: float, rate_hz: int, name: str) -> None:
    """Refuse what lasts longer than a day.

    Raises:
        UnreadableInput: it does.
    """
    if n_samples > _DAY_S * rate_hz:
        raise UnreadableInput(f"{name} claims to last over 24 hours: its header is damaged.")


def from_buffer(interleaved: bytearray, dtype: str, n_channels: int) -> Samples:
    """A view of interleaved samples as ``[n_channels, n]``: a call of hours is not copied."""
    samples = np.frombuffer(interleaved, dtype)
    whole = samples.size - samples.size % n_channels
    view: Samples = samples[:whole].reshape(-1, n_channels).T
    return view


def to_int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Float samples in 16 bits, rounded, clipped at full scale; NaN becomes silence."""
    scaled = np.rint(np.nan_to_num(samples) * np.float32(32768))
    return np.asarray(np.clip(scaled, -32768, 32767), np.int16)
