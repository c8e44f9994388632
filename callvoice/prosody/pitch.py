"""Fundamental frequency and strength of periodicity, from the sound's autocorrelation.

Definition: F0 is the inverse of the period at which a stretch of sound best repeats itself. It
comes from periodicity, never from a spectral peak at F0 itself, because the telephone band
(300-3400 Hz) has no fundamental for most voices.

Method, every step on many frames at once:

1. resample to 8 kHz; compressed spectrum and autocorrelation of Hann windows, one per frame; the
   best lag of each third of an octave is a candidate (``candidates``);
2. a Viterbi search chooses among the candidates and "unvoiced" (``viterbi``; after Talkin 1995,
   RAPT). What speaks for voicing is periodicity and, linearly in dB, the level below 2 kHz against
   the level of speech in this recording;
3. a second search, with a soft preference for the neighbourhood of what the first one found
   within about a second: octave errors go, changes of style within a recording stay;
4. stretches that still lie far off their neighbourhood and hardly repeat themselves are dropped.

Conventions: frame ``i`` is centred at ``i * hop_s``; NaN is unvoiced; gain and constant offset
do not change the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from callvoice.prosody.candidates import (
    RATE_HZ,
    Candidates,
    PitchOptions,
    find_candidates,
    n_candidates,
)
from callvoice.prosody.frames import n_frames
from callvoice.prosody.viterbi import best_path
from callvoice.types import FloatArray

__all__ = ["Pitch", "PitchOptions", "track_pitch"]

MARGIN_S = 5.0  # the search knows this much on both sides of a piece; it looks 1.5 s far
SIDE_S = 0.5  # samples beyond a piece, for its outer windows and the resampler


@dataclass(frozen=True)
class Pitch:
    """What was tracked; both arrays have the signal's leading shape and then ``n_frames``.

    ``f0_hz`` is NaN where unvoiced. ``strength`` is the normalised autocorrelation 0…1 at the
    chosen period (unvoiced: the best candidate's); ``10 log10(r / (1 - r))`` gives a
    harmonics-to-noise ratio in dB, of the compressed spectrum.
    """

    f0_hz: FloatArray
    strength: FloatArray


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

    Long recordings are worked on in pieces (``piece_s``): beyond signal and result, memory stays
    under 250 MB for four hours at 8 kHz, and all but one frame in two hundred are the same.

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
    found = _find(channel, rate_hz, count, options)
    threshold = options.voicing_threshold + _level_cost(found.power, options)
    f0_hz, strength = np.empty(count, np.float32), np.empty(count, np.float32)
    size, margin = round(options.piece_s / options.hop_s), round(MARGIN_S / options.hop_s)
    for start in range(0, count, size):
        before = min(start, margin)
        part = slice(start - before, start + size + margin)
        piece = Candidates(*(values[part] for values in found))
        pitch = _choose(piece, threshold[part], options)
        inner = slice(start, start + size)
        f0_hz[inner], strength[inner] = (
            values[before : before + size] for values in (pitch.f0_hz, pitch.strength)
        )
    return Pitch(f0_hz, strength)


def _find(channel: FloatArray, rate_hz: float, count: int, options: PitchOptions) -> Candidates:
    """Candidates of the whole channel; samples are prepared piece by piece to bound the memory."""
    size, margin = round(options.piece_s / options.hop_s), round(SIDE_S / options.hop_s)
    prepare = _preparation(channel, rate_hz)
    k = n_candidates(options)
    found = Candidates(*(np.empty(shape, np.float32) for shape in ((count, k), (count, k), count)))
    for start in range(0, count, size):
        before, n = min(start, margin), min(size, count - start)
        first, stop = (
            round(frame * options.hop_s * rate_hz) for frame in (start - before, start + n + margin)
        )
        piece = find_candidates(prepare(first, stop), count=n, start=before, options=options)
        for values, part in zip(found, piece, strict=True):
            values[start : start + n] = part
    return found


def _choose(found: Candidates, threshold: FloatArray, options: PitchOptions) -> Pitch:
    state, centre = _search(found, threshold, options)
    k = found.strength.shape[1]
    chosen = np.where(state < k, state, found.strength.argmax(axis=1))
    f0 = np.clip(np.exp2(_pick(found.log_f0, chosen)), options.floor_hz, options.ceiling_hz)
    f0[state == k] = np.nan
    strength = np.clip(_pick(found.strength, chosen), 0, 1)
    f0[_loose_ends(f0, strength, options)] = np.nan
    f0[_strays(f0, strength, centre, options)] = np.nan
    return Pitch(f0, strength)


def _strays(
    f0_hz: FloatArray, strength: FloatArray, centre: FloatArray, options: PitchOptions
) -> NDArray[np.intp]:
    """Frames of voiced pieces, cut at leaps, that are far off the local centre and weak.

    A loud hiss between two words is such a piece; a high syllable or the fall at the end of a
    phrase goes as far, but is periodic. On the telephone, and in noise, all strengths are lower:
    weak is what falls short of this recording's median. The margin over the threshold of voicing
    tells them apart less well, as quiet final falls have little of it, too.
    """
    at = np.flatnonzero(np.isfinite(f0_hz))
    if not at.size:
        return at
    octaves, firm = np.log2(f0_hz[at]), strength[at]
    leaps = np.abs(np.diff(octaves, prepend=octaves[0])) > options.stray_leap_oct
    starts = np.flatnonzero(leaps | (np.diff(at, prepend=-2) > 1))
    counts = np.diff(starts, append=at.size)
    far = np.abs(np.add.reduceat(octaves - centre[at], starts)) > options.stray_oct * counts
    least = options.stray_strength * np.median(firm)
    stray = far & (np.add.reduceat(firm, starts) < least * counts)
    return at[np.repeat(stray, counts)]


def _loose_ends(
    f0_hz: FloatArray, strength: FloatArray, options: PitchOptions
) -> NDArray[np.bool_]:
    """Outer frames of voiced runs that no longer belong: F0 leaps there, or strength breaks off.

    A window holds 40 ms, so voicing seems to last a little longer than it does.
    """
    octaves = np.pad(np.log2(f0_hz), 1, constant_values=np.nan)
    before, after = octaves[1:-1] - octaves[:-2], octaves[1:-1] - octaves[2:]
    first, last = np.isnan(before) & np.isfinite(after), np.isnan(after) & np.isfinite(before)
    drop = np.diff(strength, prepend=strength[:1]) < -options.end_drop
    leap = options.end_leap_oct
    loose: NDArray[np.bool_] = first & (np.abs(after) > leap)
    loose |= last & ((np.abs(before) > leap) | drop)
    return loose


def _pick(values: FloatArray, column: NDArray[np.intp]) -> FloatArray:
    return np.take_along_axis(values, column[:, None], axis=1)[:, 0]


def _preparation(channel: FloatArray, rate_hz: float) -> Callable[[int, int], NDArray[np.float32]]:
    """What brings samples ``first`` to ``stop`` to 8 kHz, zero mean and a peak of about 1."""
    peak = max(float(channel.max(initial=0)), -float(channel.min(initial=0))) or 1.0
    mean = float(channel.mean(dtype=np.float64)) if channel.size else 0.0

    def prepare(first: int, stop: int) -> NDArray[np.float32]:
        scaled: NDArray[np.float32] = (channel[first:stop] / peak).astype(np.float32, copy=False)
        scaled -= np.float32(mean / peak)
        if rate_hz == RATE_HZ:
            return scaled
        resampled: NDArray[np.float32] = soxr.resample(scaled, rate_hz, RATE_HZ, quality="LQ")
        return resampled

    return prepare


def _search(
    found: Candidates, threshold: FloatArray, options: PitchOptions
) -> tuple[NDArray[np.intp], FloatArray]:
    """Viterbi twice: freely, then near the local centre of what the first search found.

    The state of each frame, and that centre in log2 of Hz.
    """
    position = found.log_f0 * np.float32(options.jump_cost)
    # A typical voice lies 1.3 octaves below the ceiling: there the octave cost is 0.
    depth = found.log_f0 - np.float32(np.log2(options.ceiling_hz) - 1.3)
    # A little more than none, so that of equally good lags the shortest is the period.
    noise = np.float32(1.03) - np.clip(found.strength.max(axis=1, keepdims=True), 0, 1)
    first, second = (
        found.strength + np.float32(cost) * noise * depth for cost in options.octave_cost
    )
    state = best_path(position, first, threshold, voicing_cost=options.voicing_cost)
    centre = _centre(found, state, options)
    far = np.abs(found.log_f0 - centre[:, None]) - np.float32(options.prior_oct)
    prior = np.clip(far, 0, 0.7) * np.float32(options.prior_cost)
    second -= prior * (np.float32(options.prior_floor) + noise)
    state = best_path(position, second, threshold, voicing_cost=options.voicing_cost)
    return state, centre


def _level_cost(power: FloatArray, options: PitchOptions) -> FloatArray:
    """How much more strength a frame needs, 0 at the level of speech and above, ``[n_frames]``.

    The level of speech is that above which half of all energy lies; silence has none, so it does
    not matter how much of the recording is speech. It is taken to be at least 8 dB above the
    floor (the lowest tenth of the frames), so that noise alone is not taken for speech. What is
    further below than ``silent_db`` is silence, however periodic: a constant is periodic, too.
    """
    ranked = np.sort(power)
    energy = np.cumsum(ranked, dtype=np.float64)
    half = ranked[np.searchsorted(energy, energy[-1] / 2)]
    speech = max(half, 6 * ranked[len(ranked) // 10], np.float32(1e-12))
    below_db = -10 * np.log10(np.maximum(power / speech, np.float32(1e-12)))
    cost: FloatArray = np.clip(below_db, -2, options.quiet_db) * np.float32(options.level_cost / 10)
    cost += np.maximum(below_db - np.float32(options.silent_db), 0) * np.float32(0.1)
    return cost


def _centre(found: Candidates, state: NDArray[np.intp], options: PitchOptions) -> FloatArray:
    """Where F0 lies within ``prior_s`` of each frame, log2 of Hz ``[n_frames]``."""
    voiced = state < found.log_f0.shape[1]
    value = _pick(found.log_f0, np.where(voiced, state, 0))
    weight = np.where(voiced, _pick(found.strength, np.where(voiced, state, 0)), 0)
    half = round(options.prior_s / options.hop_s)
    centre = _local_mean(value, weight, half)
    for _ in range(2):  # the mean of what is near the mean: a few wrong octaves do not move it
        centre = _local_mean(value, weight * (np.abs(value - centre) < 0.6), half)
    return centre


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
