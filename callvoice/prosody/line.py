"""What the line does to a channel: noise, clipping, dropouts, hum, steady sounds, crosstalk.

Levels are dBFS (dB relative to full scale), times seconds; frame ``i`` is centred at
``i * HOP_S``. Everything holds for one channel unless it says otherwise.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from callvoice.prosody.frames import HOP_S
from callvoice.prosody.level import DIGITAL_SILENCE_DB, FINE_HOP_S, FLOOR_DB
from callvoice.prosody.sound import Sound, as_sound
from callvoice.types import BoolArray, FloatArray, Interval

_STEADY_HOP = 4  # frames between spectra that are compared, 40 ms
_STEADY_LAG = 5  # spectra between two that are compared in music, 200 ms
_TONE = 0.99  # similarity over 40 ms and share of the power in a few lines:
_TONE_LINES = 0.15  # 2 of 16832 spectra of telephone speech have both twice in a row
_NOTE = 0.98  # similarity over 200 ms; 1 in 100 spectra of speech comes above 0.91
_MUSIC = 0.69  # mean similarity over 3 s; speech stays below 0.62
_MUSIC_S = 3.0
_HUM_SPECTRA = 60
_CHUNK_SPECTRA = 500  # 20 s
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


def clipped_share(signal: ArrayLike | Sound) -> float:
    """Share of samples 0…1 in flat tops: three or more in a row at the channel's own extreme.

    The extreme need not be full scale, for a recording can be turned down after it was clipped.
    """
    sound = as_sound(signal, 1.0)
    top, bottom = max(sound.high, 0.0), min(sound.low, 0.0)
    if top == bottom:
        return 0.0
    count = 0
    for x in sound.pieces(margin=2):
        # A channel that is never above zero is not cut off there.
        count += _flat(x >= top * (1 - 1e-4) - sound.mean) if top else 0
        count += _flat(x <= bottom * (1 - 1e-4) - sound.mean) if bottom else 0
    return count / sound.size


def dropouts(
    fine_db: FloatArray, *, speech_level_db: float | None, max_s: float = 0.3
) -> tuple[Interval, ...]:
    """Where the line fell silent in the middle of speech, as lost packets leave it.

    Args:
        fine_db: levels every 5 ms, as in :class:`callvoice.prosody.level.Levels`.
        speech_level_db: speech level of the channel; no dropouts without it.
        max_s: longer silences are the speaker's.

    Returns:
        Stretches of digital silence with sound within 20 dB of the speech level on both sides,
        5 ms away.
    """
    if speech_level_db is None:
        return ()
    change = np.diff(np.concatenate([[False], fine_db <= DIGITAL_SILENCE_DB, [False]]))
    starts, ends = np.flatnonzero(change)[::2], np.flatnonzero(change)[1::2]
    padded = np.pad(fine_db, 2, constant_values=FLOOR_DB)
    around = np.minimum(padded[starts], padded[ends + 3])
    lost = (around > speech_level_db - 20) & ((ends - starts) * FINE_HOP_S <= max_s)
    return tuple(
        Interval(float(a) * FINE_HOP_S, float(b - 1) * FINE_HOP_S)
        for a, b in zip(starts[lost], ends[lost], strict=True)
    )


def hum_db(signal: ArrayLike | Sound, *, rate_hz: float) -> float:
    """Level of mains hum: lines at multiples of 50 or 60 Hz up to 400 Hz, in dBFS.

    Medians over 1 s spectra keep speech out of it. Returns the stronger series, −120 without any
    or where the recording is shorter than 3 s.
    """
    sound = as_sound(signal, rate_hz)
    size = round(rate_hz)
    count = sound.size // size
    if count < 3:
        return FLOOR_DB
    some = range(0, count, max(1, count // _HUM_SPECTRA))
    window = np.hanning(size).astype(np.float32)
    density = np.median([_power(sound.piece(s * size, (s + 1) * size) * window) for s in some], 0)
    density *= 2 / (size * np.square(window).sum())
    excess = np.maximum(density - 4 * ndimage.median_filter(density, 21), 0)
    line = ndimage.uniform_filter1d(excess, 3) * 3
    strongest = max(float(line[base : min(401, line.size) : base].sum()) for base in (50, 60))
    return float(10 * np.log10(max(strongest, 10 ** (FLOOR_DB / 10))))


def steady_sound(signal: ArrayLike | Sound, *, rate_hz: float, active: BoolArray) -> BoolArray:
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
    sounding = active[::_STEADY_HOP]
    if not sounding.any():
        return np.zeros(len(active), dtype=bool)
    same, similar, lines = _likeness(as_sound(signal, rate_hz), sounding)
    tone = ndimage.binary_opening((same > _TONE) & (lines > _TONE_LINES), _ones(2))
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


def _flat(extreme: BoolArray) -> int:
    """How many samples lie in runs of three or more, the first and last two being margins."""
    inside = extreme[2:] & extreme[1:-1] & extreme[:-2]
    if not inside.any():
        return 0
    run = np.pad(inside, 2)
    return int((run[2:] | run[1:-1] | run[:-2])[2:-2].sum())


def _own(speech: BoolArray, own: FloatArray, other: FloatArray, difference_db: float) -> BoolArray:
    """The stretches of one channel's speech that are no copy of the other channel."""
    index = np.flatnonzero(speech)
    if not index.size:
        return speech.copy()
    starts = np.flatnonzero(np.diff(index, prepend=-2) > 1)
    lengths = np.diff(starts, append=index.size)
    lags = range(0, 30, 2)
    source = [np.where(index >= lag, other[np.maximum(index - lag, 0)], FLOOR_DB) for lag in lags]
    fit = np.array([_correlation(own[index], s, starts, lengths) for s in source])
    at = int(np.argmax((fit * lengths).sum(axis=1)))
    louder = _means(source[at] - own[index], starts, lengths) >= difference_db
    out = speech.copy()
    out[index] = np.repeat(~(louder & (fit[at] > _COPY)), lengths)
    return out


def _correlation(
    a: FloatArray, b: FloatArray, starts: NDArray[np.intp], lengths: NDArray[np.intp]
) -> FloatArray:
    """Pearson's correlation of two level contours in each stretch."""
    a, b = (x - x.mean(dtype=np.float64) for x in (a, b))
    mean_a, mean_b = _means(a, starts, lengths), _means(b, starts, lengths)
    variance_a = _means(a * a, starts, lengths) - mean_a**2
    variance_b = _means(b * b, starts, lengths) - mean_b**2
    cross = _means(a * b, starts, lengths) - mean_a * mean_b
    return np.asarray(cross / np.sqrt(np.maximum(variance_a * variance_b, 1e-6)))


def _means(
    values: FloatArray, starts: NDArray[np.intp], lengths: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Mean of the values of each stretch."""
    return np.asarray(np.add.reduceat(values, starts, dtype=np.float64) / lengths)


def _power(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power spectrum up to 410 Hz from 1 s of sound."""
    return np.asarray(np.square(np.abs(scipy.fft.rfft(x)[:410])), dtype=np.float32)


def _likeness(sound: Sound, sounding: BoolArray) -> NDArray[np.float32]:
    """Cosine of each spectrum with the one 40 ms and the one 200 ms later, 0 unless there is sound
    all the way; and the share of its power in a few lines. ``[3, len(sounding)]``.
    """
    out = np.zeros((3, len(sounding)), dtype=np.float32)
    for start in range(0, len(sounding), _CHUNK_SPECTRA):
        here = sounding[start : start + _CHUNK_SPECTRA + _STEADY_LAG]
        if here.any():
            found = _likeness_of(_spectra(sound, start, here), here)
            out[:, start : start + _CHUNK_SPECTRA] = found[:, :_CHUNK_SPECTRA]
    return out


def _likeness_of(amplitude: NDArray[np.float32], sounding: BoolArray) -> NDArray[np.float32]:
    out = np.zeros((3, len(sounding)), dtype=np.float32)
    through = np.cumsum(sounding)
    for row, lag in enumerate((1, _STEADY_LAG)):
        cosine = np.einsum("ij,ij->i", amplitude[lag:], amplitude[:-lag])
        unbroken = sounding[:-lag] & (through[lag:] - through[:-lag] == lag)
        out[row, : len(cosine)] = cosine * unbroken
    power = np.square(amplitude)
    out[2] = np.einsum("ij,ij->i", power, power)
    return out


def _spectra(sound: Sound, first: int, sounding: BoolArray) -> NDArray[np.float32]:
    """Amplitude spectra of 64 ms from 250 to 3500 Hz, of length 1, zero where there is no sound,
    ``[len(sounding), n_bins]``.
    """
    size = 2 * round(sound.rate_hz * 0.032)
    frames = (first + np.arange(len(sounding))) * _STEADY_HOP
    starts = np.rint(frames * (sound.rate_hz * HOP_S)).astype(np.intp) - size // 2
    view = sliding_window_view(sound.piece(starts[0], starts[-1] + size), size)
    windows = view[(starts - starts[0])[sounding]] * np.hanning(size).astype(np.float32)
    low, high = (round(hz * size / sound.rate_hz) for hz in (250, 3500))
    amplitude = np.abs(scipy.fft.rfft(windows, axis=1)[:, low:high])
    norm = np.sqrt(np.einsum("ij,ij->i", amplitude, amplitude))[:, None]
    out = np.zeros((len(sounding), amplitude.shape[1]), dtype=np.float32)
    out[sounding] = amplitude / np.maximum(norm, 1e-9)
    return out


def _ones(n: int) -> BoolArray:
    return np.ones(n, dtype=bool)
