"""What the line does to a channel: noise, clipping, dropouts, hum, steady sounds, crosstalk.

Levels are dBFS (dB relative to full scale), times seconds; frame ``i`` is centred at
``i * HOP_S``. Everything holds for one channel unless it says otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from callvoice.prosody.frames import HOP_S
from callvoice.prosody.level import DIGITAL_SILENCE_DB, FLOOR_DB, level_db
from callvoice.types import BoolArray, FloatArray, Interval

_STEADY_HOP = 4  # frames between spectra that are compared, 40 ms
_STEADY_LAG = 5  # spectra between two that are compared in music, 200 ms
_TONE = 0.99  # similarity over 40 ms and share of the power in a few lines:
_TONE_LINES = 0.15  # 2 of 16832 spectra of telephone speech have both twice in a row
_NOTE = 0.98  # similarity over 200 ms; 1 in 100 spectra of speech comes above 0.91
_MUSIC = 0.69  # mean similarity over 3 s; speech stays below 0.62
_MUSIC_S = 3.0
_HUM_SPECTRA = 60
_COPY = 0.85  # correlation of the levels of a copy and its source


def snr_db(speech_level_db: float | None, noise_floor_db: float | None) -> float | None:
    """Ratio of speech to noise in dB, the noise inside the speech level taken off.

    Returns:
        At least 0; None where either level is undefined.
    """
    if speech_level_db is None or noise_floor_db is None:
        return None
    ratio = 10 ** ((speech_level_db - noise_floor_db) / 10)
    return float(10 * np.log10(max(ratio - 1, 1.0)))


def clipped_share(signal: ArrayLike) -> float:
    """Share of samples 0…1 in flat tops: three or more in a row at the channel's own extreme.

    The extreme need not be full scale, for a recording can be turned down after it was clipped.
    """
    x = np.asarray(signal)
    if x.size == 0 or not np.any(x):
        return 0.0
    return float(sum(_flat(x * sign) for sign in (1, -1)) / x.size)


def dropouts(
    signal: ArrayLike, *, rate_hz: float, speech_level_db: float | None, max_s: float = 0.3
) -> tuple[Interval, ...]:
    """Where the line fell silent in the middle of speech, as lost packets leave it.

    Args:
        signal: samples in −1…1, ``[n_samples]``.
        rate_hz: sampling rate in hertz.
        speech_level_db: speech level of the channel; no dropouts without it.
        max_s: longer silences are the speaker's.

    Returns:
        Stretches of digital silence with sound within 20 dB of the speech level on both sides,
        5 ms away.
    """
    if speech_level_db is None:
        return ()
    hop_s = 0.005
    level = level_db(signal, rate_hz=rate_hz, hop_s=hop_s)
    change = np.diff(np.concatenate([[False], level <= DIGITAL_SILENCE_DB, [False]]))
    starts, ends = np.flatnonzero(change)[::2], np.flatnonzero(change)[1::2]
    padded = np.pad(level, 2, constant_values=FLOOR_DB)
    around = np.minimum(padded[starts], padded[ends + 3])
    lost = (around > speech_level_db - 20) & ((ends - starts) * hop_s <= max_s)
    return tuple(
        Interval(float(a) * hop_s, float(b - 1) * hop_s)
        for a, b in zip(starts[lost], ends[lost], strict=True)
    )


def hum_db(signal: ArrayLike, *, rate_hz: float) -> float:
    """Level of mains hum: lines at multiples of 50 or 60 Hz up to 400 Hz, in dBFS.

    Medians over 1 s spectra keep speech out of it. Returns the stronger series, −120 without any
    or where the recording is shorter than 3 s.
    """
    x = np.asarray(signal, dtype=np.float32)
    size = round(rate_hz)
    seconds = x[: x.size // size * size].reshape(-1, size)
    if len(seconds) < 3:
        return FLOOR_DB
    seconds = seconds[:: max(1, len(seconds) // _HUM_SPECTRA)]
    window = np.hanning(size).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(seconds * window, axis=1)[:, :410]) ** 2
    density = np.median(spectrum, axis=0) * (2 / (size * np.square(window).sum()))
    excess = np.maximum(density - 4 * ndimage.median_filter(density, 21), 0)
    line = ndimage.uniform_filter1d(excess, 3) * 3
    strongest = max(float(line[base : min(401, line.size) : base].sum()) for base in (50, 60))
    return float(10 * np.log10(max(strongest, 10 ** (FLOOR_DB / 10))))


def steady_sound(signal: ArrayLike, *, rate_hz: float, active: BoolArray) -> BoolArray:
    """Tones and music: sound whose spectrum stays the same for longer than in speech.

    Spectra are compared by the cosine of their amplitudes. Tones of one to three lines hardly
    change in 40 ms (dialling, ringing and busy tones), any tone or chord hardly in 200 ms; music
    has a high mean cosine over 200 ms during 3 s without pauses.

    Args:
        signal: samples in −1…1, ``[n_samples]``.
        rate_hz: sampling rate in hertz.
        active: where there is sound above the noise, ``[n_frames]``.

    Returns:
        ``[n_frames]``, true in tones and music.
    """
    index = np.flatnonzero(active[::_STEADY_HOP])
    if index.size <= _STEADY_LAG:
        return np.zeros(len(active), dtype=bool)
    x = np.asarray(signal, dtype=np.float32)
    amplitude = _spectra(x, rate_hz, index * _STEADY_HOP)
    n = -(-len(active) // _STEADY_HOP)
    lines = np.zeros(n, dtype=bool)
    lines[index] = np.square(np.square(amplitude)).sum(axis=1) > _TONE_LINES
    tone = ndimage.binary_opening((_similarity(amplitude, index, n, 1) > _TONE) & lines, _ones(2))
    similar = _similarity(amplitude, index, n, _STEADY_LAG)
    note = ndimage.binary_opening(similar > _NOTE, _ones(3))
    # Each find reaches to the ends of what was compared.
    found = ndimage.binary_dilation(tone, _ones(5))
    found |= ndimage.binary_dilation(note, np.arange(-_STEADY_LAG, _STEADY_LAG + 1) >= 0)
    size = round(_MUSIC_S / (_STEADY_HOP * HOP_S))
    mean = ndimage.uniform_filter1d(np.where(tone, 0, similar), size, mode="constant")
    if (mean > _MUSIC).any():
        found |= ndimage.binary_dilation(mean > _MUSIC, _ones(size))
    return np.repeat(found, _STEADY_HOP)[: len(active)]


def without_bleed(
    speech: BoolArray, level_db: FloatArray, *, min_difference_db: float = 15.0
) -> BoolArray:
    """Speech of two channels without what is only a weaker copy of the other one.

    A stretch is a copy if the other channel is louder by ``min_difference_db`` at the lag between
    the channels and both levels rise and fall together.

    Args:
        speech: ``[2, n_frames]``.
        level_db: dBFS, ``[2, n_frames]``.
        min_difference_db: how much weaker a copy is at least.

    Returns:
        ``[2, n_frames]``, nowhere true where ``speech`` is not.
    """
    return np.stack(
        [_own(speech[own], level_db[own], level_db[1 - own], min_difference_db) for own in (0, 1)]
    )


def _flat(x: FloatArray) -> int:
    """Number of samples in runs of three or more at the positive extreme."""
    top = float(x.max())
    if top <= 0:
        return 0
    index = np.flatnonzero(x >= top * (1 - 1e-4))
    run = np.cumsum(np.diff(index, prepend=index[0]) != 1)
    lengths = np.bincount(run)
    return int(lengths[lengths >= 3].sum())


def _own(speech: BoolArray, own: FloatArray, other: FloatArray, difference_db: float) -> BoolArray:
    """The stretches of one channel's speech that are no copy of the other channel."""
    labels, count = ndimage.label(speech)
    if count == 0:
        return speech.copy()
    lags = range(0, 30, 2)
    source = [np.pad(other, (lag, 0), constant_values=FLOOR_DB)[: len(other)] for lag in lags]
    fit = np.array([_correlation(own, s, labels) for s in source])
    at = int(np.argmax((fit * np.bincount(labels)[1:]).sum(axis=1)))
    louder = _means(source[at] - own, labels) >= difference_db
    copy = np.concatenate([[False], louder & (fit[at] > _COPY)])
    return np.asarray(speech & ~copy[labels])


def _correlation(a: FloatArray, b: FloatArray, labels: NDArray[np.signedinteger]) -> FloatArray:
    """Pearson's correlation of two level contours in each labelled stretch."""
    a, b = a - a.mean(), b - b.mean()
    mean_a, mean_b = _means(a, labels), _means(b, labels)
    variance_a = _means(a * a, labels) - mean_a**2
    variance_b = _means(b * b, labels) - mean_b**2
    cross = _means(a * b, labels) - mean_a * mean_b
    return np.asarray(cross / np.sqrt(np.maximum(variance_a * variance_b, 1e-6)))


def _means(values: FloatArray, labels: NDArray[np.signedinteger]) -> FloatArray:
    """Mean of the values at each label from 1 on."""
    return np.asarray(np.bincount(labels, values)[1:] / np.bincount(labels)[1:])


def _spectra(
    x: NDArray[np.float32], rate_hz: float, frames: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Amplitude spectra of 64 ms from 250 to 3500 Hz, of length 1, ``[len(frames), n_bins]``."""
    size = 2 * round(rate_hz * 0.032)
    starts = np.rint(frames * (rate_hz * HOP_S)).astype(np.intp)
    windows = sliding_window_view(np.pad(x, size // 2), size)[starts]
    spectrum = np.abs(np.fft.rfft(windows * np.hanning(size).astype(np.float32), axis=1))
    amplitude = spectrum[:, round(250 * size / rate_hz) : round(3500 * size / rate_hz)]
    norm = np.sqrt(np.square(amplitude).sum(axis=1, keepdims=True))
    return np.asarray(amplitude / np.maximum(norm, 1e-9), dtype=np.float32)


def _ones(n: int) -> BoolArray:
    return np.ones(n, dtype=bool)


def _similarity(
    amplitude: NDArray[np.float32], index: NDArray[np.intp], n: int, lag: int
) -> NDArray[np.float32]:
    """Cosine of each of ``n`` spectra with the one ``lag`` later, 0 unless all between are given.

    ``amplitude`` ``[len(index), n_bins]`` are those at ``index``.
    """
    similar = np.zeros(n, dtype=np.float32)
    follows = index[lag:] - index[:-lag] == lag
    similar[index[:-lag]] = (amplitude[lag:] * amplitude[:-lag]).sum(axis=1) * follows
    return similar
