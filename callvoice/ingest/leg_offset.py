"""When one party's recording began after the other's, by evidence in the sound.

Two kinds of evidence, the stronger first:

* Crosstalk: some of one party's voice is in the other's leg. The generalised cross-correlation
  with phase transform (Knapp & Carter 1976) then has one sharp peak at the offset.
* Turn-taking: people rarely speak at once and answer within about a second, so the legs' speech is
  least alike at the true offset (Sacks, Schegloff & Jefferson 1974). Speech is smoothed over about
  the length of a usual gap, which puts the minimum into the middle between both parties' gaps.

An offset is the time of the caller's first sample on the agent's clock, in seconds: positive where
the caller's leg began later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from callvoice.types import Confidence

_Floats = NDArray[np.floating]
Evidence = Literal["crosstalk", "turn-taking", "given", "none"]


class Offset(NamedTuple):
    """An estimate: seconds, how sure, and by what. Without evidence 0 s at low confidence."""

    offset_s: float
    confidence: Confidence
    evidence: Evidence


NO_EVIDENCE = Offset(0.0, "low", "none")


@dataclass(frozen=True)
class OffsetOptions:
    """Where to search and what counts as evidence.

    Crosstalk is searched in up to ``max_blocks`` blocks of ``block_s``, from ``min_blocks`` on.
    ``min_peak`` is in robust standard deviations of the median block, so that a beep in both legs
    is none: clean legs of a minute stay below 7, a voice 30 dB down in the other leg gives 11.
    ``min_depth`` and ``min_lead`` are correlations: of the smoothed speech at its minimum, and by
    how much any place further than ``apart_s`` is less negative; ``min_gain`` by how much 0 s is.
    """

    band_hz: tuple[float, float] = (300.0, 3400.0)
    max_offset_s: float = 12.0
    block_s: float = 10.0
    min_blocks: int = 3
    max_blocks: int = 40
    min_peak: float = 9.0
    hop_s: float = 0.05
    hold_s: float = 0.3
    smoothing_s: float = 0.6
    apart_s: float = 2.0
    min_speech_s: float = 5.0
    min_length_s: float = 30.0
    min_depth: float = 0.25
    min_lead: float = 0.05
    min_gain: float = 0.03


def estimate(
    agent: _Floats, caller: _Floats, rate_hz: int, *, options: OffsetOptions | None = None
) -> Offset:
    """The caller's offset against the agent.

    Args:
        agent: samples ``[n]`` of the agent's leg.
        caller: samples ``[m]`` of the caller's leg, at the same rate.
        rate_hz: 8000 or near; more costs time and adds nothing.
        options: see :class:`OffsetOptions`.
    """
    options = options or OffsetOptions()
    found = by_crosstalk(agent, caller, rate_hz, options)
    return found or by_turns(agent, caller, rate_hz, options) or NO_EVIDENCE


def by_crosstalk(
    agent: _Floats, caller: _Floats, rate_hz: int, options: OffsetOptions
) -> Offset | None:
    """The offset at which one voice is heard in both legs, None where none is."""
    reach = round(options.max_offset_s * rate_hz)
    size = round(options.block_s * rate_hz)
    agent = agent.astype(np.float32)
    after = max(reach, agent.size - caller.size + reach) + size
    padded = np.pad(caller.astype(np.float32), (reach, after))
    starts = np.arange(0, agent.size - size + 1, size)
    if starts.size < options.min_blocks:
        return None
    starts = starts[:: -(-starts.size // options.max_blocks)]
    peaks = np.empty((starts.size, 2 * reach + 1), np.float32)
    for row, start in zip(peaks, starts, strict=True):
        around = padded[start : start + size + 2 * reach]
        row[:] = _by_phase(agent[start : start + size], around, rate_hz, options)
    peaks /= 1.4826 * np.median(np.abs(peaks), axis=1, keepdims=True) + 1e-30
    heights = np.abs(np.median(peaks, axis=0))
    best = int(heights.argmax())
    if heights[best] < options.min_peak:
        return None
    return Offset((reach - best) / rate_hz, "high", "crosstalk")


def _by_phase(block: _Floats, around: _Floats, rate_hz: int, options: OffsetOptions) -> _Floats:
    """Correlation of a block with its surroundings in the other leg, ``[2 * reach + 1]``, only by
    phase: what is loud or tonal counts no more than the rest.
    """
    n_lags = around.size - block.size + 1
    n = fft.next_fast_len(around.size, real=True)
    cross = fft.rfft(around, n) * np.conj(fft.rfft(block, n))
    hz = fft.rfftfreq(n, 1 / rate_hz)
    low, high = options.band_hz
    size = np.abs(cross)
    kept = (hz >= low) & (hz <= high) & (size > 0)
    correlation: _Floats = fft.irfft(np.where(kept, cross / np.maximum(size, 1e-30), 0), n)
    return correlation[:n_lags]


def by_turns(
    agent: _Floats, caller: _Floats, rate_hz: int, options: OffsetOptions
) -> Offset | None:
    """The offset at which the parties speak least at once, None where that is not distinct."""
    speech = [_speech(leg, rate_hz, options) for leg in (agent, caller)]
    if any(leg.sum() * options.hop_s < options.min_speech_s for leg in speech):
        return None
    if any(leg.size * options.hop_s < options.min_length_s for leg in speech):
        return None
    reach = round(options.max_offset_s / options.hop_s)
    first, second = (gaussian_filter1d(s, options.smoothing_s / options.hop_s) for s in speech)
    likeness = _correlation(first, second, reach)
    best = int(likeness.argmin())
    lags_s = np.arange(-reach, reach + 1) * options.hop_s
    elsewhere = np.abs(lags_s - lags_s[best]) > options.apart_s
    lead = float(likeness[elsewhere].min() - likeness[best])
    if likeness[best] > -options.min_depth or lead < options.min_lead:
        return None
    nothing_gained = likeness[reach] - likeness[best] < options.min_gain
    return Offset(0.0 if nothing_gained else float(lags_s[best]), "medium", "turn-taking")


def _speech(leg: _Floats, rate_hz: int, options: OffsetOptions) -> _Floats:
    """1 where a leg is loud in the telephone band and 0 elsewhere, ``[n_hops]``."""
    from scipy import signal  # slow to import, and few calls come as two files

    low, high = options.band_hz
    band = signal.butter(4, (low, min(high, 0.45 * rate_hz)), "band", fs=rate_hz, output="sos")
    size = round(options.hop_s * rate_hz)
    if leg.size < size:
        return np.zeros(0)
    filtered = signal.sosfilt(band, leg)[: leg.size // size * size].reshape(-1, size)
    level_db = 10 * np.log10(np.mean(np.square(filtered), axis=1) + 1e-10)
    quiet_db, loud_db = np.percentile(level_db, [10, 98])
    loud = level_db > max(quiet_db + 6, loud_db - 30)
    width = max(1, round(options.hold_s / options.hop_s))
    held = np.convolve(loud, np.full(width, 1 / width), "same") > 0.5
    return held.astype(np.float64)


def _correlation(agent: _Floats, caller: _Floats, reach: int) -> _Floats:
    """Correlation coefficient of two series at lags −reach…reach, over what they share there."""
    one_a, one_c = np.ones(agent.size), np.ones(caller.size)
    shared = np.maximum(_lagged(one_a, one_c, reach), 1)
    mean_agent = _lagged(agent, one_c, reach) / shared
    mean_caller = _lagged(one_a, caller, reach) / shared
    square_agent = _lagged(np.square(agent), one_c, reach) / shared
    square_caller = _lagged(one_a, np.square(caller), reach) / shared
    covariance = _lagged(agent, caller, reach) / shared - mean_agent * mean_caller
    variances = (square_agent - mean_agent**2) * (square_caller - mean_caller**2)
    return np.asarray(covariance / np.sqrt(np.maximum(variances, 1e-12)))


def _lagged(a: _Floats, b: _Floats, reach: int) -> _Floats:
    """Sums of ``a[t] * b[t - lag]`` for lags −reach…reach."""
    n = fft.next_fast_len(max(a.size, b.size) + reach + 1, real=True)
    sums = fft.irfft(fft.rfft(a, n) * np.conj(fft.rfft(b, n)), n)
    return np.concatenate([sums[-reach:], sums[: reach + 1]])
