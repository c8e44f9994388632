"""Level of a signal, and the two levels that everything relative is anchored to.

Levels are dB relative to full scale (dBFS): a square wave of amplitude 1 has 0 dB, a sine of
amplitude 1 −3.01 dB. The mean of each window is taken off, so a constant offset of the line has
no level. Frame ``i`` is centred at ``i * hop_s`` and looks at one hop on either side.

Telephone channels switch between speech, comfort noise and digital silence. Neither the maximum
of a file nor its minimum is therefore a usable anchor. ``noise_floor_db`` and ``speech_level_db``
come from the distribution of the frames on either side of a speech mask instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from callvoice.prosody.frames import HOP_S, n_frames
from callvoice.prosody.sound import Sound, as_sound
from callvoice.types import BoolArray, FloatArray

FLOOR_DB = -120.0
"""Level of silence, and the least level that is ever reported."""

DIGITAL_SILENCE_DB = -90.0
"""At or below this a line is switched off: one step of 16 bit linear PCM."""

FINE_HOP_S = HOP_S / 2
_CHUNK_FRAMES = 1024  # keeps the samples in the cache


@dataclass(frozen=True)
class Levels:
    """dBFS, at least −120, float32: ``level_db`` ``[n_frames]`` every 10 ms from 20 ms of sound,
    ``fine_db`` every 5 ms from 10 ms.
    """

    level_db: NDArray[np.float32]
    fine_db: NDArray[np.float32]


def level_db(signal: ArrayLike, *, rate_hz: float) -> NDArray[np.float32]:
    """Level of short windows.

    Args:
        signal: finite samples in −1…1, ``[n_samples]``.
        rate_hz: sampling rate in hertz, > 0.

    Returns:
        dBFS ``[n_frames]``, at least −120; ``n_frames`` as in
        :func:`callvoice.prosody.frames.n_frames`.

    >>> round(float(level_db([0.5, -0.5] * 400, rate_hz=8000)[3]), 2)
    -6.02
    """
    return levels(as_sound(signal, rate_hz)).level_db


def levels(sound: Sound) -> Levels:
    """Levels of a whole channel, from one pass over its samples."""
    count = n_frames(sound.size, rate_hz=sound.rate_hz)
    coarse, fine = np.empty(count, np.float32), np.empty((count, 2), np.float32)
    for first in range(0, count, _CHUNK_FRAMES):
        stop = min(first + _CHUNK_FRAMES, count)
        sums = _block_sums(sound, 2 * first - 2, 2 * stop)
        fine[first:stop] = _db(sums[:, 1:]).reshape(-1, 2)
        coarse[first:stop] = _db(sums.reshape(3, -1, 2).sum(axis=2))
    n_fine = n_frames(sound.size, rate_hz=sound.rate_hz, hop_s=FINE_HOP_S)
    return Levels(coarse, fine.ravel()[:n_fine])


def noise_floor_db(level_db: FloatArray, speech: BoolArray) -> float | None:
    """Median level of what is not speech, leaving out digital silence; both ``[n_frames]``.

    Returns:
        dBFS, or None where there is nothing but speech and digital silence.
    """
    noise = level_db[~speech & (level_db > DIGITAL_SILENCE_DB)]
    return float(np.median(noise)) if noise.size else None


def speech_level_db(level_db: FloatArray, speech: BoolArray) -> float | None:
    """Mean power of the speech frames (as the active level of ITU-T P.56), both ``[n_frames]``.

    Returns:
        dBFS, or None where there is no speech.
    """
    if not speech.any():
        return None
    return float(10 * np.log10(np.mean(10 ** (level_db[speech].astype(np.float64) / 10))))


def _block_sums(sound: Sound, first: int, stop: int) -> NDArray[np.float64]:
    """Number, sum and sum of squares of the samples of some of the blocks of 5 ms,
    ``[3, stop - first]``; none lie before the first block.
    """
    edges = np.rint(np.arange(first, stop + 1) * (sound.rate_hz * FINE_HOP_S)).astype(np.intp)
    x = sound.piece(edges[0], edges[-1])
    sums = np.empty((3, stop - first))
    sums[0] = np.diff(np.clip(edges, 0, sound.size))
    sums[1] = np.add.reduceat(x, edges[:-1] - edges[0])
    sums[2] = np.add.reduceat(np.square(x, out=x), edges[:-1] - edges[0])
    return sums


def _db(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level of each block but the first together with the one before it."""
    n, total, squares = sums[:, 1:] + sums[:, :-1]
    power = (squares - total**2 / np.maximum(n, 1)) / np.maximum(n, 1)
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10))))
