"""Fundamental frequency and strength of periodicity, from the sound's autocorrelation.

Definition: F0 is the inverse of the period at which a stretch of sound best repeats itself. It
comes from periodicity, never from a spectral peak at F0 itself, because the telephone band
(300-3400 Hz) has no fundamental for most voices.

Method, every step on many frames at once:

1. resample to 8 kHz; a Hann window per frame; magnitudes of its spectrum, compressed so that
   strong formants do not hide the other harmonics;
2. autocorrelation at just the lags wanted, as one matrix product with cosines (Wiener-Khinchin),
   corrected for the window's own autocorrelation (Boersma 1993, IFA Proceedings 17, 97-110);
3. the best lag of each third of an octave is a candidate, refined by a parabola;
4. a Viterbi search chooses among the candidates and "unvoiced" (after Talkin 1995, RAPT). What
   speaks for voicing is periodicity and, linearly in dB, the level below 1.5 kHz against the
   level of speech in this recording;
5. a second search, with a soft preference for the neighbourhood of what the first one found
   within about a second: octave errors go, changes of style within a recording stay.

Conventions: frame ``i`` is centred at ``i * hop_s``; NaN is unvoiced; gain and constant offset
do not change the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from callvoice.prosody.frames import HOP_S, centred_frames, n_frames
from callvoice.prosody.viterbi import best_path
from callvoice.types import FloatArray

RATE_HZ = 8000
N_FFT = 512
EXPONENT = np.float32(
    1.4
)  # of the magnitudes: 1 or less lifts noise between harmonics, 2 lets formants win
CHUNK_FRAMES = 256  # a chunk's arrays stay in the cache


@dataclass(frozen=True)
class PitchOptions:
    """How pitch is measured. No judging limit is among these.

    ``floor_hz`` and ``ceiling_hz`` bound the search. ``window_s`` is the length of a window, at
    most 50 ms, ``top_hz`` where the spectrum's weight ends. All costs are in units of strength:
    ``voicing_threshold`` is the strength at which a frame at the level of speech counts as
    voiced, ``level_cost`` what it takes more per 10 dB below that (down to ``quiet_db``);
    ``octave_cost`` per octave below the ceiling, in the first and the second search;
    ``jump_cost`` per octave between frames, ``voicing_cost`` per change of voicing;
    ``prior_cost`` per octave further than ``prior_oct`` off the local centre, which is taken
    over ``prior_s`` on each side.
    """

    floor_hz: float = 60.0
    ceiling_hz: float = 500.0
    hop_s: float = HOP_S
    window_s: float = 0.040
    top_hz: float = 2000.0
    voicing_threshold: float = 0.12
    level_cost: float = 0.24
    quiet_db: float = 18.0
    octave_cost: tuple[float, float] = (0.06, 0.005)
    jump_cost: float = 1.0
    voicing_cost: float = 0.36
    prior_cost: float = 0.65
    prior_oct: float = 0.7
    prior_s: float = 0.8


@dataclass(frozen=True)
class Pitch:
    """What was tracked; both arrays have the signal's leading shape and then ``n_frames``.

    ``f0_hz`` is NaN where unvoiced. ``strength`` is the normalised autocorrelation 0…1 at the
    chosen period (unvoiced: the best candidate's); ``10 log10(r / (1 - r))`` gives a
    harmonics-to-noise ratio in dB, of the compressed spectrum.
    """

    f0_hz: FloatArray
    strength: FloatArray


class _Tables(NamedTuple):
    window: FloatArray  # [length]
    matrix: FloatArray  # [n_bins, 2 + n_lags]: cosines; then sums for lag 0 and for the level
    lags: NDArray[np.intp]  # [n_lags]
    edges: NDArray[np.intp]  # bounds of the bands of lags, as columns of the matrix


class _Candidates(NamedTuple):
    log_f0: FloatArray  # [n_frames, k], log2 of Hz
    strength: FloatArray  # [n_frames, k]
    power: FloatArray  # [n_frames], below 1.5 kHz


def track_pitch(
    signal: FloatArray, *, rate_hz: float, options: PitchOptions | None = None
) -> Pitch:
    """Track the pitch of one or several channels.

    Args:
        signal: finite samples, ``[n_samples]`` or ``[n_channels, n_samples]``, any length and
            gain. The level of speech is taken from each channel as a whole, so pass minutes,
            not single words, where there are.
        rate_hz: sampling rate in hertz, > 0.
        options: how to measure; the defaults suit adult speech on a telephone line.

    Returns:
        ``Pitch`` of ``[n_frames]`` or ``[n_channels, n_frames]``, float32, with ``n_frames`` as
        in :func:`callvoice.prosody.frames.n_frames`.

    Raises:
        ValueError: the signal has neither one nor two dimensions.
    """
    options = options or PitchOptions()
    signal = np.asarray(signal)
    if signal.ndim == 1:
        return _track(signal, rate_hz, options)
    if signal.ndim != 2:
        raise ValueError(f"signal must have 1 or 2 dimensions, not {signal.ndim}")
    tracks = [_track(channel, rate_hz, options) for channel in signal]
    shape = len(tracks), n_frames(signal.shape[1], rate_hz=rate_hz, hop_s=options.hop_s)
    f0_hz = np.reshape([track.f0_hz for track in tracks], shape)
    return Pitch(f0_hz, np.reshape([track.strength for track in tracks], shape))


def _track(channel: FloatArray, rate_hz: float, options: PitchOptions) -> Pitch:
    count = n_frames(channel.size, rate_hz=rate_hz, hop_s=options.hop_s)
    found = _candidates(_prepare(channel, rate_hz), count, options)
    state = _search(found, options)
    k = found.strength.shape[1]
    chosen = np.where(state < k, state, found.strength.argmax(axis=1))
    f0 = np.exp2(_pick(found.log_f0, chosen))
    f0[state == k] = np.nan
    return Pitch(f0, np.clip(_pick(found.strength, chosen), 0, 1))


def _pick(values: FloatArray, column: NDArray[np.intp]) -> FloatArray:
    return np.take_along_axis(values, column[:, None], axis=1)[:, 0]


def _prepare(channel: FloatArray, rate_hz: float) -> NDArray[np.float32]:
    """Bring a channel to 8 kHz, zero mean and a peak of about 1, whatever its gain."""
    peak = max(float(channel.max(initial=0)), -float(channel.min(initial=0)))
    if peak == 0:
        return np.zeros(channel.size, dtype=np.float32)
    scaled: NDArray[np.float32] = (channel / peak).astype(np.float32, copy=False)
    scaled -= np.float32(scaled.mean(dtype=np.float64))
    if rate_hz != RATE_HZ:
        scaled = soxr.resample(scaled, rate_hz, RATE_HZ, quality="LQ")
    return scaled


@lru_cache(maxsize=8)
def _tables(options: PitchOptions) -> _Tables:
    length = 2 * round(options.window_s * RATE_HZ / 2)
    window = np.hanning(length + 2)[1:-1]
    lags = np.arange(int(RATE_HZ / options.ceiling_hz) - 1, int(RATE_HZ / options.floor_hz) + 3)
    bin_hz = np.arange(N_FFT // 2 + 1) * RATE_HZ / N_FFT
    cosines = np.cos(2 * np.pi * np.outer(bin_hz / RATE_HZ, np.r_[lags, 0]))
    cosines[1:-1] *= 2  # a real signal's spectrum has these bins twice
    own = np.abs(scipy.fft.rfft(window, N_FFT)) ** EXPONENT @ cosines
    weight = 1 / (1 + np.exp((40 - bin_hz) / 10))
    weight /= 1 + np.exp((bin_hz - options.top_hz) / 100)
    level = (bin_hz > options.floor_hz) & (bin_hz < 2000)
    matrix = np.column_stack([weight[:, None] * cosines * (own[-1] / own), level])
    used = bin_hz < options.top_hz + 300
    n_bands = round(3 * np.log2(options.ceiling_hz / options.floor_hz))
    edges = np.geomspace(lags[1], lags[-1], n_bands + 1).round().astype(np.intp) - lags[0]
    return _Tables(window.astype(np.float32), matrix[used].astype(np.float32), lags, edges)


def _candidates(samples: FloatArray, count: int, options: PitchOptions) -> _Candidates:
    tables = _tables(options)
    hop, length = round(options.hop_s * RATE_HZ), tables.window.size
    padded = np.zeros((CHUNK_FRAMES, N_FFT), dtype=np.float32)
    parts = []
    for start in range(0, count, CHUNK_FRAMES):
        n = min(CHUNK_FRAMES, count - start)
        frames = centred_frames(samples, length=length, hop=hop, count=n, start=start)
        np.multiply(frames, tables.window, out=padded[:n, :length])
        parts.append(_correlate(padded[:n], tables))
    return _Candidates(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _correlate(padded: FloatArray, tables: _Tables) -> _Candidates:
    magnitude = np.abs(scipy.fft.rfft(padded)[:, : len(tables.matrix)])
    correlation = magnitude**EXPONENT @ tables.matrix
    log_f0, height = _peaks(correlation, tables)
    strength = height / np.maximum(correlation[:, -2], 1e-30)[:, None]
    return _Candidates(log_f0, strength, correlation[:, -1] ** (2 / EXPONENT))


def _peaks(correlation: FloatArray, tables: _Tables) -> tuple[FloatArray, FloatArray]:
    """The highest peak of each band of lags, refined by a parabola: log2 F0 and height."""
    bands = zip(tables.edges[:-1], tables.edges[1:], strict=True)
    best = np.stack([low + correlation[:, low:high].argmax(axis=1) for low, high in bands], axis=1)
    flat = correlation.ravel()
    place = best + correlation.shape[1] * np.arange(len(best))[:, None]
    before, at, after = flat.take(place - 1), flat.take(place), flat.take(place + 1)
    bend = 2 * at - before - after
    is_peak = (at >= before) & (at >= after) & (bend > 0)
    shift = np.where(is_peak, 0.5 * (after - before) / np.where(is_peak, bend, 1), 0)
    height = np.where(
        is_peak, at + 0.25 * (after - before) * shift, at - 0.3 * correlation[:, -2:-1]
    )
    log_f0 = np.log2(np.float32(RATE_HZ) / (tables.lags[0] + best + shift).astype(np.float32))
    return log_f0, height


def _search(found: _Candidates, options: PitchOptions) -> NDArray[np.intp]:
    """Viterbi twice: freely, then near what the first search found close by."""
    position = found.log_f0 * np.float32(options.jump_cost)
    depth = found.log_f0 - np.float32(np.log2(options.ceiling_hz))
    # A typical voice lies about an octave and a half below the ceiling.
    threshold = options.voicing_threshold + _level_cost(found.power, options)
    state = None
    for octave_cost in options.octave_cost:
        score = found.strength + np.float32(octave_cost) * (depth + np.float32(1.3))
        if state is not None:
            score -= _prior(found, state, options)
        state = best_path(position, score, threshold, voicing_cost=options.voicing_cost)
    return state


def _level_cost(power: FloatArray, options: PitchOptions) -> FloatArray:
    """How much more strength a frame needs, 0 at the level of speech and above, ``[n_frames]``.

    The level of speech is that above which half of all energy lies; silence has none, so it does
    not matter how much of the recording is speech. It is taken to be at least 8 dB above the
    floor (the lowest tenth of the frames), so that noise alone is not taken for speech.
    """
    ranked = np.sort(power)
    energy = np.cumsum(ranked, dtype=np.float64)
    half = ranked[np.searchsorted(energy, energy[-1] / 2)]
    speech = max(half, 6 * ranked[len(ranked) // 10], np.float32(1e-12))
    below_db = -10 * np.log10(np.maximum(power / speech, np.float32(1e-12)))
    return np.clip(below_db, -2, options.quiet_db) * np.float32(options.level_cost / 10)


def _prior(found: _Candidates, state: NDArray[np.intp], options: PitchOptions) -> FloatArray:
    """What each candidate costs for lying far from the local centre, ``[n_frames, k]``."""
    voiced = state < found.log_f0.shape[1]
    value = _pick(found.log_f0, np.where(voiced, state, 0))
    weight = np.where(voiced, _pick(found.strength, np.where(voiced, state, 0)), 0)
    half = round(options.prior_s / options.hop_s)
    centre = _local_mean(value, weight, half)
    for _ in range(2):  # the mean of what is near the mean: a few wrong octaves do not move it
        centre = _local_mean(value, weight * (np.abs(value - centre) < 0.6), half)
    far = np.abs(found.log_f0 - centre[:, None]) - np.float32(options.prior_oct)
    return np.clip(far, 0, 0.7) * np.float32(options.prior_cost)


def _local_mean(value: FloatArray, weight: FloatArray, half: int) -> FloatArray:
    """Weighted mean over a triangle of ``half`` frames on each side; ``value`` where no weight."""
    total = _triangle(weight, half)
    mean = _triangle(weight * value, half) / np.maximum(total, 1e-3)
    return np.where(total > 1e-3, mean, value).astype(np.float32)


def _triangle(values: FloatArray, half: int) -> FloatArray:
    """Sum of values weighted by a triangle: a moving sum, twice."""
    for side in (half // 2, half - half // 2):
        padded = np.pad(values, (side + 1, side))
        running = np.cumsum(padded, dtype=np.float64)
        values = running[2 * side + 1 :] - running[: -2 * side - 1]
    return values
