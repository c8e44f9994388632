"""Bleed between the channels of a call: one party heard, weaker and later, on the other's line.

The filter that leads from one channel to the other is estimated over the blocks in which the first
is clearly louder: mean cross-spectrum over mean power spectrum (the H1 estimate of Bendat and
Piersol, Random Data, ch. 6). Bleed is a peak in its impulse response that stands out from all other
lags; what two independent voices have in common by chance has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from callvoice.types import Audio, FloatArray


@dataclass(frozen=True)
class CrosstalkOptions:
    """Blocks of ``block_s`` count where one channel is louder by ``louder_db`` and within
    ``near_peak_db`` of its loudest block. Delays to ``max_delay_s`` either way are looked at; the
    path is summed over ``path_s`` around its peak, which must exceed the usual lag by the
    factor ``salience``. What is weaker by more than ``max_attenuation_db`` nobody hears.
    """

    block_s: float = 1.0
    louder_db: float = 6.0
    near_peak_db: float = 25.0
    max_delay_s: float = 0.3
    path_s: float = 0.005
    salience: float = 25.0
    max_attenuation_db: float = 50.0
    regularisation: float = 1e-4
    min_blocks: int = 3
    max_blocks: int = 600


@dataclass(frozen=True)
class Bleed:
    """Channel ``source`` is heard on channel ``into``, ``attenuation_db`` weaker (0 or less is as
    loud or louder) and ``delay_s`` later. ``share`` 0…1 is the copy's part in the power of
    ``into`` while ``source`` is the louder. ``salience`` is peak over the usual lag.
    """

    source: int
    into: int
    attenuation_db: float
    delay_s: float
    share: float
    salience: float


def crosstalk(audio: Audio, options: CrosstalkOptions | None = None) -> tuple[Bleed, ...]:
    """Bleed in a two-channel recording, in either direction; none for other numbers of channels.

    Delays within a few samples are found for clean copies; a codec smears them over ``path_s``.
    """
    if audio.n_channels != 2:
        return ()
    options = options or CrosstalkOptions()
    directions = ((0, 1), (1, 0))
    found = (_bleed(audio, source, into, options) for source, into in directions)
    return tuple(bleed for bleed in found if bleed is not None)


def _bleed(audio: Audio, source: int, into: int, options: CrosstalkOptions) -> Bleed | None:
    size = round(options.block_s * audio.rate_hz)
    x, y = _blocks(audio, source, into, size, options)
    if len(x) < options.min_blocks:
        return None
    response = _path(x, y, options)
    reach = round(options.max_delay_s * audio.rate_hz)
    lags = np.roll(response, reach)[: 2 * reach + 1]
    peak = int(np.argmax(np.abs(lags)))
    salience = float(np.abs(lags[peak]) / max(float(np.median(np.abs(lags))), 1e-12))
    if salience < options.salience:
        return None
    width = round(options.path_s * audio.rate_hz)
    energy = float((lags[max(0, peak - width) : peak + width + 1] ** 2).sum())
    share = min(1.0, energy * float(np.mean(x**2) / max(float(np.mean(y**2)), 1e-20)))
    attenuation_db = -10 * float(np.log10(max(energy, 1e-20)))
    if attenuation_db > options.max_attenuation_db:
        return None
    return Bleed(source, into, attenuation_db, (peak - reach) / audio.rate_hz, share, salience)


def _blocks(
    audio: Audio, source: int, into: int, size: int, options: CrosstalkOptions
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Blocks ``[n_blocks, size]`` of both channels in which ``source`` speaks and ``into`` does not
    drown it.
    """
    count = audio.pcm.shape[1] // size
    if not count:
        return np.zeros((0, size), np.float32), np.zeros((0, size), np.float32)
    levels = np.array([[_power(audio, c, k, size) for k in range(count)] for c in (source, into)])
    loud = levels[0] > levels[0].max() * 10 ** (-options.near_peak_db / 10)
    chosen = np.flatnonzero(loud & (levels[0] > levels[1] * 10 ** (options.louder_db / 10)))
    chosen = chosen[:: 1 + len(chosen) // options.max_blocks].tolist()
    x, y = (
        np.array([audio.channel(channel, k * size, (k + 1) * size) for k in chosen], np.float32)
        for channel in (source, into)
    )
    return x.reshape(-1, size), y.reshape(-1, size)


def _power(audio: Audio, channel: int, block: int, size: int) -> float:
    return float(np.mean(np.square(audio.channel(channel, block * size, (block + 1) * size))))


def _path(x: NDArray[np.float32], y: NDArray[np.float32], options: CrosstalkOptions) -> FloatArray:
    """Impulse response from ``x`` to ``y``, negative lags at its end."""
    length = 2 * x.shape[1]
    # Blocks in which y carries more than the copy are noise for the estimate: they count for less.
    weight = 1 / np.sqrt(np.mean(y**2, axis=1, keepdims=True) + 1e-12)
    fx, fy = (np.fft.rfft(z * weight, length) for z in (x, y))
    power = _smooth((np.abs(fx) ** 2).mean(axis=0), 65)
    ratio = (fy * fx.conj()).mean(axis=0) / (power + options.regularisation * power.max() + 1e-30)
    return np.asarray(np.fft.irfft(ratio, length))


def _smooth(values: FloatArray, width: int) -> FloatArray:
    padded = np.pad(values, width // 2, mode="edge")
    return np.asarray(sliding_window_view(padded, width).mean(axis=-1))
