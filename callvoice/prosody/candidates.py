"""Candidates for F0: the peaks of each frame's autocorrelation, frames by the hundred at once.

The autocorrelation comes from the spectrum (Wiener-Khinchin), at just the lags wanted, as one
matrix product with cosines. Before that the magnitudes are compressed, so that strong formants do
not hide the other harmonics, and frequencies that carry noise in this recording weigh less. The
result is corrected for the window's own autocorrelation (Boersma 1993, IFA Proceedings 17, 97-110).

A frame ruled by one harmonic, as close vowels on the telephone are by the second, repeats itself
at that harmonic's period almost as well as at its own. The weak odd harmonics tell the two apart;
in such frames the spectrum is compressed once more, and what then repeats itself worse counts less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from callvoice.prosody.frames import HOP_S, centred_frames
from callvoice.types import FloatArray

RATE_HZ = 8000
N_FFT = 512
EXPONENT = np.float32(1.4)  # of the magnitudes: 1 lifts noise, 2 lets formants win
CHUNK_FRAMES = 256  # a chunk's arrays stay in the cache


@dataclass(frozen=True)
class PitchOptions:
    """How pitch is measured. No judging limit is among these.

    ``floor_hz`` and ``ceiling_hz`` bound the search. ``window_s`` is the length of a window, at
    most 50 ms, ``top_hz`` where the spectrum's weight ends. All costs are in units of strength:
    ``voicing_threshold`` is the strength at which a frame at the level of speech counts as
    voiced, ``level_cost`` what it takes more per 10 dB below that (down to ``quiet_db``);
    ``octave_cost`` per octave below the ceiling times the noise in a frame, in the first and the
    second search (noise makes long lags look periodic);
    ``jump_cost`` per octave between frames, ``voicing_cost`` per change of voicing;
    ``prior_cost`` per octave further than ``prior_oct`` off the local centre, which is taken
    over ``prior_s`` on each side, times ``prior_floor`` plus the noise in the frame: a clear frame
    knows its octave. What is ``silent_db`` below speech is not voiced. The outer frame of a voiced
    run is dropped if F0 leaps there by ``end_leap_oct`` or, at the end, strength falls by
    ``end_drop``. A piece of voice between gaps and leaps of ``stray_leap_oct`` is dropped if its
    mean lies more than ``stray_oct`` off the local centre and its mean strength is below
    ``stray_strength`` times the median of all that is voiced. Recordings longer than ``piece_s``
    are worked on in pieces of that length, to bound the memory.

    Where strength exceeds the first of ``clear``, fully from the second on, and the strongest bin
    has more than the first of ``ruled`` of all energy, fully from the second on, a candidate
    costs ``odd_cost`` times what it falls short of the best once the spectrum is compressed.
    """

    floor_hz: float = 60.0
    ceiling_hz: float = 500.0
    hop_s: float = HOP_S
    window_s: float = 0.040
    top_hz: float = 2000.0
    voicing_threshold: float = 0.115
    level_cost: float = 0.24
    quiet_db: float = 18.0
    octave_cost: tuple[float, float] = (0.14, 0.02)
    jump_cost: float = 1.0
    voicing_cost: float = 0.36
    prior_cost: float = 1.0
    prior_oct: float = 0.7
    prior_s: float = 1.5
    prior_floor: float = 0.2
    silent_db: float = 40.0
    end_leap_oct: float = 0.12
    end_drop: float = 0.25
    stray_leap_oct: float = 0.15
    stray_oct: float = 0.35
    stray_strength: float = 0.6
    piece_s: float = 300.0
    clear: tuple[float, float] = (0.80, 0.95)
    ruled: tuple[float, float] = (0.15, 0.25)
    odd_cost: float = 0.5


class _Tables(NamedTuple):
    window: FloatArray  # [length]
    matrix: FloatArray  # [n_bins, n_lags + 2]: cosines; then sums for lag 0 and for the level
    even: FloatArray  # [n_lags]: what corrects cosine sums of the compressed spectrum instead
    lags: FloatArray  # [n_lags] in samples, band after band, each with a neighbour on both sides
    bands: tuple[tuple[int, int], ...]  # columns of each band, without those neighbours
    steps: FloatArray  # [n_bands], distance of the lags in each band


class Candidates(NamedTuple):
    """Nine or so candidates per frame, and how loud the frame is."""

    log_f0: FloatArray  # [n_frames, k], log2 of Hz
    strength: FloatArray  # [n_frames, k]
    power: FloatArray  # [n_frames], below 2 kHz


@lru_cache(maxsize=8)
def _tables(options: PitchOptions) -> _Tables:
    length = 2 * round(options.window_s * RATE_HZ / 2)
    window = np.hanning(length + 2)[1:-1]
    lags, bands, steps = _lag_bands(options)
    bin_hz = np.arange(N_FFT // 2 + 1) * RATE_HZ / N_FFT
    cosines = np.cos(2 * np.pi * np.outer(bin_hz / RATE_HZ, np.r_[lags, 0]))
    cosines[1:-1] *= 2  # a real signal's spectrum has these bins twice
    spectrum = np.abs(scipy.fft.rfft(window, N_FFT)) ** EXPONENT
    own, even = (values @ cosines for values in (spectrum, np.sqrt(spectrum)))
    weight = 1 / (1 + np.exp((40 - bin_hz) / 10))
    weight /= 1 + np.exp((bin_hz - options.top_hz) / 100)
    level = (bin_hz > options.floor_hz) & (bin_hz < 2000)
    matrix = np.column_stack([weight[:, None] * cosines * (own[-1] / own), level])
    used = bin_hz < options.top_hz + 300
    return _Tables(
        window.astype(np.float32),
        matrix[used].astype(np.float32),
        (own / own[-1] * even[-1] / even)[:-1].astype(np.float32),
        lags.astype(np.float32),
        bands,
        steps.astype(np.float32),
    )


def _lag_bands(
    options: PitchOptions,
) -> tuple[FloatArray, tuple[tuple[int, int], ...], FloatArray]:
    """Lags of every third of an octave; half samples where a whole one is too coarse a step."""
    edges = np.geomspace(options.ceiling_hz, options.floor_hz, n_candidates(options) + 1)
    edges = RATE_HZ / edges
    steps = np.where(edges[:-1] < 45, 0.5, 1.0)
    parts = [
        np.arange(np.ceil(low / step) - 1, np.ceil(high / step) + 1) * step
        for low, high, step in zip(edges[:-1], edges[1:], steps, strict=True)
    ]
    ends = np.cumsum([part.size for part in parts])
    bands = tuple(
        (int(end) - part.size + 1, int(end) - 1) for end, part in zip(ends, parts, strict=True)
    )
    return np.concatenate(parts), bands, steps


def n_candidates(options: PitchOptions) -> int:
    """Number of candidates per frame: one for each third of an octave."""
    return round(3 * math.log2(options.ceiling_hz / options.floor_hz))


def find_candidates(
    samples: FloatArray, *, count: int, options: PitchOptions, start: int = 0
) -> Candidates:
    """Candidates of ``count`` frames of ``samples``, ``[n_samples]`` at 8 kHz, peak about 1.

    ``start`` is the first frame; what lies before serves its window only.
    """
    tables = _tables(options)
    hop, length = round(options.hop_s * RATE_HZ), tables.window.size
    matrix = tables.matrix.copy()
    matrix[:, :-1] *= _reliability(samples, count, tables, hop)[:, None]
    tables = tables._replace(matrix=matrix)
    padded = np.zeros((CHUNK_FRAMES, N_FFT), dtype=np.float32)
    parts = []
    for first in range(start, start + count, CHUNK_FRAMES):
        n = min(CHUNK_FRAMES, start + count - first)
        frames = centred_frames(samples, length=length, hop=hop, count=n, start=first)
        np.multiply(frames, tables.window, out=padded[:n, :length])
        parts.append(_correlate(padded[:n], tables, options))
    return Candidates(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _reliability(samples: FloatArray, count: int, tables: _Tables, hop: int) -> FloatArray:
    """Share of speech in each bin's energy over the recording, ``[n_bins]``: 1 without noise.

    Noise is what is there in the quietest tenth of the frames (exponential distribution: a tenth
    lies below 0.105 of the mean), evened out over 480 Hz.
    """
    length, n_bins = tables.window.size, len(tables.matrix)
    frames = centred_frames(samples, length=length, hop=hop, count=count)
    some = frames[:: max(1, count // 400)] * tables.window
    power = np.abs(scipy.fft.rfft(some, N_FFT)[:, :n_bins]) ** 2
    even = np.ones(31, dtype=np.float32) / 31
    noise, both = (
        np.convolve(np.pad(p, 15, mode="edge"), even, mode="valid")
        for p in (np.quantile(power, 0.1, axis=0) / 0.105, power.mean(axis=0))
    )
    speech = np.clip(1 - noise / np.maximum(both, 1e-30), 0.05, 1)
    weight: FloatArray = np.sqrt(speech / speech.max())
    return weight


def _correlate(padded: FloatArray, tables: _Tables, options: PitchOptions) -> Candidates:
    spectrum = np.abs(scipy.fft.rfft(padded)[:, : len(tables.matrix)]) ** EXPONENT
    correlation = spectrum @ tables.matrix
    best = np.stack(
        [low + correlation[:, low:high].argmax(axis=1) for low, high in tables.bands], axis=1
    )
    log_f0, height = _refine(correlation, best, tables)
    energy = np.maximum(correlation[:, -2], 1e-30)
    strength = np.minimum(height / energy[:, None], 1)
    clear = _ramp(strength.max(axis=1), options.clear)
    rows = np.flatnonzero(clear)
    ruling = (spectrum[rows] * tables.matrix[:, -2]).max(axis=1) / energy[rows]
    weight = clear[rows] * _ramp(ruling, options.ruled)
    rows, weight = rows[weight > 0], weight[weight > 0, None]
    shortfall = _shortfall(np.sqrt(spectrum[rows]), best[rows], tables)
    strength[rows] -= np.float32(options.odd_cost) * weight * shortfall
    return Candidates(log_f0, strength, correlation[:, -1] ** (2 / EXPONENT))


def _ramp(values: FloatArray, ends: tuple[float, float]) -> FloatArray:
    """0 up to the first of ``ends``, 1 from the second on."""
    share = (values - np.float32(ends[0])) / np.float32(ends[1] - ends[0])
    ramp: FloatArray = np.minimum(np.maximum(share, 0), 1)
    return ramp


def _shortfall(compressed: FloatArray, best: NDArray[np.intp], tables: _Tables) -> FloatArray:
    """How much less each candidate repeats itself than the best one, ``[n_frames, k]``.

    With the harmonics evened out, a period that leaves out every other one falls short.
    """
    correlation = compressed @ tables.matrix
    place = best + correlation.shape[1] * np.arange(len(best))[:, None]
    height = correlation.ravel().take(place) * tables.even.take(best)
    height = np.minimum(height / np.maximum(correlation[:, -2:-1], 1e-30), 1)
    shortfall: FloatArray = height.max(axis=1, keepdims=True) - height
    return shortfall


def _refine(
    correlation: FloatArray, best: NDArray[np.intp], tables: _Tables
) -> tuple[FloatArray, FloatArray]:
    """The highest peak of each band of lags, refined by a parabola: log2 F0 and height."""
    zero_lag = correlation[:, -2:-1]
    flat = correlation.ravel()
    place = best + correlation.shape[1] * np.arange(len(best))[:, None]
    before, at, after = flat.take(place - 1), flat.take(place), flat.take(place + 1)
    bend = 2 * at - before - after
    is_peak = (at >= before) & (at >= after) & (bend > 0)
    shift = np.where(is_peak, 0.5 * (after - before) / np.where(is_peak, bend, 1), 0)
    height = np.where(is_peak, at + 0.25 * (after - before) * shift, at - 0.3 * zero_lag)
    lag = tables.lags[best] + shift * tables.steps
    return np.log2(np.float32(RATE_HZ) / lag), height
