"""Two mono files of one call on one clock: the agent's leg on channel 0, the caller's on channel 1.

Recorders that write a file for each party often start one of them seconds later. The offset is
estimated (see :mod:`callvoice.ingest.leg_offset`), or stated by the user or a container.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from callvoice.errors import UnsupportedAudio, printable
from callvoice.ingest.decode import load
from callvoice.ingest.form import Samples
from callvoice.ingest.leg_offset import Offset, OffsetOptions, estimate
from callvoice.ingest.raw import RawFormat
from callvoice.types import Audio

_LISTENED_S = 1200  # the offset does not change; the first 20 minutes show it
_ENOUGH_HZ = 8_000
_NOTES = {"crosstalk": "legs-aligned-crosstalk", "turn-taking": "legs-aligned-turns"}


class Legs(NamedTuple):
    """A call from two files: its sound, the sha256 of both files' digests, and the offset."""

    audio: Audio
    sha256: str
    offset: Offset


def load_legs(
    agent: Path,
    caller: Path,
    *,
    raw: RawFormat | None = None,
    offset_s: float | None = None,
) -> Legs:
    """Decode both parties' files and put them on one clock.

    Args:
        agent: the agent's recording, one channel.
        caller: the caller's recording, one channel.
        raw: how to read both where they have no header.
        offset_s: the caller's first sample on the agent's clock, where it is known; else estimated.

    Raises:
        UnsupportedAudio: a file with two different channels, or the same recording twice.
        UnreadableInput, TruncatedInput, NothingToAnalyse: as :func:`callvoice.ingest.decode.load`.
    """
    sounds, digests = zip(*(load(path, raw=raw) for path in (agent, caller)), strict=True)
    for path, sound in zip((agent, caller), sounds, strict=True):
        if sound.n_channels != 1:
            raise UnsupportedAudio(
                f"{printable(path)} holds both parties on two channels: analyse it alone."
            )
    if digests[0] == digests[1]:
        raise UnsupportedAudio(
            f"{printable(agent)} and {printable(caller)} are the same recording: name one leg each."
        )
    audio, offset = join(*sounds, offset_s=offset_s)
    return Legs(audio, hashlib.sha256("".join(digests).encode()).hexdigest(), offset)


def join(
    first: Audio,
    second: Audio,
    *,
    offset_s: float | None = None,
    options: OffsetOptions | None = None,
) -> tuple[Audio, Offset]:
    """Two one-channel recordings as one of two channels, silence where one is missing.

    The lower rate is brought to the higher: nothing that either leg holds is lost.

    Args:
        first: becomes channel 0.
        second: becomes channel 1.
        offset_s: where the second begins on the clock of the first; estimated if None.
        options: of the estimate.
    """
    rate_hz = max(first.rate_hz, second.rate_hz)
    legs = [_at(leg, rate_hz) for leg in (first, second)]
    if offset_s is None:
        agent, caller = (_for_listening(Audio(leg, rate_hz)) for leg in legs)
        offset = estimate(agent, caller, min(rate_hz, _ENOUGH_HZ), options=options)
    else:
        offset = Offset(offset_s, "high", "given")
    notes = [*first.notes, *second.notes, *_notes(offset)]
    if first.rate_hz != second.rate_hz:
        notes.append("legs-resampled")
    joined = _placed(legs, round(offset.offset_s * rate_hz))
    return Audio(joined, rate_hz, tuple(dict.fromkeys(notes))), offset


def _notes(offset: Offset) -> list[str]:
    if offset.evidence == "none":
        return ["legs-offset-unknown"]
    return [_NOTES[offset.evidence]] if offset.offset_s and offset.evidence in _NOTES else []


def _at(leg: Audio, rate_hz: int) -> Samples:
    import soxr

    if leg.rate_hz == rate_hz:
        return leg.pcm
    resampled: Samples = soxr.resample(leg.pcm[0], leg.rate_hz, rate_hz)[np.newaxis]
    return resampled


def _for_listening(leg: Audio) -> NDArray[np.float32]:
    import soxr

    start = leg.channel(0, 0, _LISTENED_S * leg.rate_hz)
    if leg.rate_hz <= _ENOUGH_HZ:
        return start
    return np.asarray(soxr.resample(start, leg.rate_hz, _ENOUGH_HZ))


def _placed(legs: list[Samples], offset: int) -> Samples:
    """Both legs from the earlier start to the later end, ``[2, n]``."""
    starts = (max(0, -offset), max(0, offset))
    stops = [start + leg.shape[1] for start, leg in zip(starts, legs, strict=True)]
    if any(leg.dtype != np.int16 for leg in legs):
        legs = [Audio(leg, 1).samples for leg in legs]
    joined = np.zeros((2, max(stops)), legs[0].dtype)
    for channel, (leg, start, stop) in enumerate(zip(legs, starts, stops, strict=True)):
        joined[channel, start:stop] = leg[0]
    return joined
