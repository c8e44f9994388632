"""Power of short windows in a few bands, and the noise in each: what speech activity rests on."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import ndimage

from callvoice.prosody.frames import HOP_S, n_frames
from callvoice.prosody.sound import Sound
from callvoice.types import BoolArray

LEAST_POWER = 1e-9  # −90 dBFS, one step of 16 bit linear PCM
_BANDS_HZ = ((250.0, 500.0), (500.0, 1000.0), (1000.0, 2000.0), (2000.0, 3500.0), (3800.0, 7000.0))
_CHUNK_FRAMES = 512  # keeps the transform in the cache


def band_power(sound: Sound, window_s: float) -> NDArray[np.float32]:
    """Mean square in each band below the Nyquist frequency, ``[n_bands, n_frames]``.

    The Fourier transform is a matrix product with just the frequencies that are wanted.
    """
    size = 2 * round(sound.rate_hz * window_s / 2)
    transform, bands = _transform(size, sound.rate_hz)
    count = n_frames(sound.size, rate_hz=sound.rate_hz)
    starts = np.rint(np.arange(count) * (sound.rate_hz * HOP_S)).astype(np.intp) - size // 2
    out = np.empty((bands.shape[1], count), dtype=np.float32)
    for i in range(0, count, _CHUNK_FRAMES):
        at = starts[i : i + _CHUNK_FRAMES]
        windows = sliding_window_view(sound.piece(at[0], at[-1] + size), size)
        spectrum = windows[at - at[0]] @ transform
        out[:, i : i + _CHUNK_FRAMES] = (np.square(spectrum, out=spectrum) @ bands).T
    return out


def noise_power(power: NDArray[np.float32], window_s: float) -> NDArray[np.float32]:
    """Noise power per band: the least mean over 100 ms around each frame, ``[n_bands, n_frames]``.

    The least of many means lies below their mean, hence the factor. Digital silence tells nothing
    about the noise that comes with speech and is left out.
    """
    mean = ndimage.uniform_filter1d(power, 10, axis=1)
    mean[:, mean.sum(axis=0) < LEAST_POWER] = np.inf
    least = ndimage.minimum_filter1d(mean, round(window_s / HOP_S), axis=1)
    least[~np.isfinite(least)] = 0
    return np.asarray(np.maximum(np.float32(1.2) * least, np.float32(LEAST_POWER)))


def speech_power(
    power: NDArray[np.float32], noise: NDArray[np.float32], voiced: BoolArray
) -> NDArray[np.float32]:
    """Power per band above which half the energy of the voiced frames lies, ``[n_bands, 1]``;
    infinite where there are none.
    """
    active = voiced & (power > 4 * noise).any(axis=0)
    if not active.any():
        return np.full((len(power), 1), np.inf, dtype=np.float32)
    ranked = np.sort(power[:, active], axis=1)
    total = np.cumsum(ranked, axis=1, dtype=np.float64)
    middle = (total < total[:, -1:] / 2).sum(axis=1)[:, None]
    return np.take_along_axis(ranked, middle, axis=1)


@lru_cache(maxsize=8)
def _transform(size: int, rate_hz: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Windowed cosines and sines ``[size, 2 n_bins]`` and their bands ``[2 n_bins, n_bands]``."""
    hz = np.fft.rfftfreq(size, 1 / rate_hz)[::2]  # a Hann window's main lobe is 4 bins wide
    low, high = np.array([band for band in _BANDS_HZ if band[0] < 0.4 * rate_hz]).T
    member = (low <= hz[:, None]) & (hz[:, None] < np.minimum(high, 0.45 * rate_hz))
    used = member.any(axis=1)
    window = np.hanning(size + 1)[:-1]
    angle = 2 * np.pi * np.outer(np.arange(size), hz[used]) / rate_hz
    basis = np.hstack([np.cos(angle), np.sin(angle)]) * window[:, None]
    bands = np.vstack([member[used]] * 2) * (4 / (size * np.square(window).sum()))
    return basis.astype(np.float32), bands.astype(np.float32)
