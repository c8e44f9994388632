"""Vocal effort and liveliness of level, as far as a telephone lets them be measured.

Definitions, all over voiced frames and all without a reference level:

- ``spectral_slope_db_oct``: how steeply band levels fall from 300 to 3400 Hz. A pressed, lively
  voice closes its glottis faster and falls less steeply; a slack one falls more.
- ``spectral_balance_db``: energy above against below 1.2 kHz, the same idea with two bands.
- ``level_rise_db_s``: how fast level rises where it rises fastest (95th percentile).
- ``level_depth_db``: distance between the loud and the weak frames (10th to 90th percentile).

Conventions: gain cancels in every measure, and automatic gain control with it, since it acts on
all bands at once and far slower than a syllable. A line's own frequency response does not cancel
in slope and balance (one dB per octave moves the slope by one): compare recordings of one line,
or use ``level_rise_db_s``. The spread of syllable peaks and the steps between them did not separate
lively from toneless speech and are not offered (``benchmarks/prosody_rate.py`` prints the figures).

Source: energy above against below 1 kHz after Sluijter and van Heuven 1996, JASA 100, 2471-2485
(spectral balance as a correlate of effort).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from callvoice.prosody.frames import HOP_S
from callvoice.prosody.smoothing import filtered, gaussians, near
from callvoice.prosody.syllables import EDGES_HZ, fit_frames
from callvoice.types import BoolArray, Effort, FloatArray

_REACH = 4.0  # standard deviations of the Gaussian


@dataclass(frozen=True)
class EffortOptions:
    """``split_hz``, one of ``EDGES_HZ``, divides low from high; ``smoothing_s`` is the standard
    deviation of the Gaussian over level; levels end ``floor_db`` below the strongest frame; fewer
    than ``min_voiced_s`` give no measure.
    """

    split_hz: float = 1200.0
    smoothing_s: float = 0.020
    floor_db: float = 60.0
    min_voiced_s: float = 0.2


def vocal_effort(
    energies: FloatArray, *, voiced: BoolArray, options: EffortOptions | None = None
) -> Effort | None:
    """Measure the effort of one channel's voice.

    Args:
        energies: what :func:`callvoice.prosody.syllables.band_energies` returns,
            ``[n_frames, 9]``.
        voiced: ``[n_frames]``, the frames to measure.
        options: how.

    Returns:
        The measures; None where the voiced frames that carry sound are too few.
    """
    options = options or EffortOptions()
    total = energies.sum(axis=1, dtype=np.float64)
    chosen = fit_frames(voiced, len(total)).astype(bool) & (total > 0)
    voiced_s = float(chosen.sum() * HOP_S)
    if voiced_s < options.min_voiced_s:
        return None
    floor = float(total.max()) * 10 ** (-options.floor_db / 10)
    voice = energies[chosen] + np.float32(floor)
    # Frames that the filter does not reach from voiced ones are left out.
    some = near(chosen, round(_REACH * options.smoothing_s / HOP_S) + 1)
    kernel = gaussians(options.smoothing_s / HOP_S)
    level = filtered(_db(total[some] + floor)[None], kernel)[0, 0]
    return Effort(
        spectral_slope_db_oct=_slope(voice),
        spectral_balance_db=_balance(voice, options.split_hz),
        level_rise_db_s=_rise(level, chosen[some]),
        level_depth_db=_depth(level[chosen[some]]),
        voiced_s=voiced_s,
    )


def _db(power: FloatArray) -> FloatArray:
    return np.asarray(10 * np.log10(power))


def _slope(energies: FloatArray) -> float:
    """Median over frames of the regression of band level on log frequency, dB per octave."""
    edges = np.asarray(EDGES_HZ)
    octaves = np.log2(np.sqrt(edges[:-1] * edges[1:]))
    octaves -= octaves.mean()
    return float(np.median(_db(energies) @ octaves) / (octaves @ octaves))


def _balance(energies: FloatArray, split_hz: float) -> float:
    """Median over frames of the level above the split against that below, dB."""
    high = np.asarray(EDGES_HZ)[:-1] >= split_hz
    return float(np.median(_db(energies[:, high].sum(axis=1) / energies[:, ~high].sum(axis=1))))


def _rise(level: FloatArray, chosen: BoolArray) -> float:
    """95th percentile of the change of level at voiced frames, dB/s."""
    steps = np.diff(level, prepend=level[0])
    return float(np.quantile(steps[chosen], 0.95) / HOP_S)


def _depth(level: FloatArray) -> float:
    """Distance between the 10th and the 90th percentile, dB."""
    low, high = np.quantile(level, [0.1, 0.9])
    return float(high - low)
