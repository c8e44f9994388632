"""One party's frames where both parties share a channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from callvoice.types import BoolArray, Interval, Track


def of_voice(
    track: Track, speech: Sequence[Interval], *, without: Sequence[Interval] = ()
) -> Track:
    """The track as if only one voice spoke on it.

    Args:
        track: frames of the channel.
        speech: where the voice speaks.
        without: stretches that may be another's and are left out.

    Returns:
        The same frames with speech, F0, syllables and their density of that voice only. Levels of
        noise and line are the channel's.
    """
    own = (
        track.speech
        & _inside(speech, len(track.speech), track.hop_s)
        & ~_inside(without, len(track.speech), track.hop_s)
    )
    at = np.rint(track.nuclei_s / track.hop_s).astype(np.intp)
    return replace(
        track,
        speech=own,
        f0_hz=np.where(own, track.f0_hz, np.float32(np.nan)),
        density=np.where(own, track.density, np.float32(0)),
        nuclei_s=track.nuclei_s[own[at]],
    )


def _inside(spans: Sequence[Interval], count: int, hop_s: float) -> BoolArray:
    """Frames ``[count]`` whose centre lies in one of the spans."""
    mask = np.zeros(count, dtype=bool)
    for span in spans:
        mask[round(span.start_s / hop_s + 0.5) : round(span.end_s / hop_s + 0.5)] = True
    return mask
