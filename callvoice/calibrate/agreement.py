"""Agreement between reviewers: Krippendorff's alpha for nominal values.

α = 1 − observed / expected disagreement: 1 is agreement throughout, 0 what chance would give, below
0 contradiction. Any number of reviewers, any values missing; a unit that only one reviewer judged
says nothing and drops out. Source: K. Krippendorff, *Computing Krippendorff's Alpha-Reliability*
(2011). The interval is the percentile bootstrap over clusters of units (calls): the eight
judgements of one call are not eight independent ones.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Alpha with its 95 % interval over ``n_units`` judged by at least two reviewers; None where it
    is not defined: nobody to compare with, or all values alike.
    """

    alpha: float | None
    low: float | None
    high: float | None
    n_units: int


def agreement(
    counts: Counts, clusters: Sequence[Hashable], *, resamples: int = 1000, seed: int = 0
) -> Agreement:
    """Alpha and its interval.

    Args:
        counts: ``[n_units, n_values]``, how many reviewers gave each value to each unit.
        clusters: what each unit belongs to; drawn together.
        resamples: bootstrap draws.
        seed: of the draws, so that the same labels give the same interval.
    """
    paired = counts.sum(axis=1) >= 2
    counts = counts[paired]
    groups = [cluster for cluster, kept in zip(clusters, paired, strict=True) if kept]
    n_units = len(groups)
    if not n_units:
        return Agreement(None, None, None, 0)
    alpha = float(alphas(counts, np.ones((1, n_units)))[0])
    if not np.isfinite(alpha):
        return Agreement(None, None, None, n_units)
    drawn = alphas(counts, _draws(groups, resamples, seed))
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.percentile(drawn, [2.5, 97.5]) if len(drawn) else (alpha, alpha)
    return Agreement(round(alpha, 3), round(float(low), 3), round(float(high), 3), n_units)


def alphas(counts: Counts, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha of each weighting of the units, ``[n_weightings]``; NaN where nothing varies.

    Args:
        counts: ``[n_units, n_values]``, at least two reviewers a unit.
        weights: ``[n_weightings, n_units]``, how often each unit is counted.
    """
    judged = counts.sum(axis=1)
    differing = (judged**2 - (counts**2).sum(axis=1)) / (judged - 1)
    observed = weights @ differing
    totals = weights @ counts
    n = totals.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = (n**2 - (totals**2).sum(axis=1)) / (n - 1)
        return np.where(expected > 0, 1.0 - observed / expected, np.nan)


def _draws(groups: Sequence[Hashable], resamples: int, seed: int) -> NDArray[np.float64]:
    """How often each unit is drawn, ``[resamples, n_units]``."""
    names = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    of_unit = np.array([names[group] for group in groups])
    even = np.full(len(names), 1 / len(names))
    drawn = np.random.default_rng(seed).multinomial(len(names), even, size=resamples)
    return drawn[:, of_unit].astype(np.float64)
