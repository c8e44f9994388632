"""From labels to a mapping of scores, and how well it does on agents it was not fitted on.

Isotonic regression from ``isotonic_from`` labels on, below that a logistic curve on the score's
logit (Platt). Held-out figures come from folds over agents: no agent is both learned from and
tested on, so a habit of one person cannot pass for a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callvoice.settings import ScoreMap, logit

Floats = NDArray[np.float64]
Predict = Callable[[Floats], Floats]
Fit = Callable[[Floats, NDArray[np.bool_]], Predict]


@dataclass(frozen=True)
class FitOptions:
    """When labels are enough: in all, of each answer, and for an isotonic mapping; folds."""

    labels: int = 10
    of_each: int = 3
    isotonic_from: int = 50
    folds: int = 5


@dataclass(frozen=True)
class HeldOut:
    """Figures on agents that were not fitted on; None where nothing defines them.

    ``auc`` compares only pairs within one fold: across folds the mapping differs. ``found`` is
    where the held-out mapping says at least one half.
    """

    auc: float | None
    precision: float | None
    recall: float | None
    n: int


def enough(yes: NDArray[np.bool_], options: FitOptions) -> bool:
    """Whether there are labels enough, of both answers, to fit anything."""
    n_yes = int(yes.sum())
    return len(yes) >= options.labels and min(n_yes, len(yes) - n_yes) >= options.of_each


def fit_map(
    raw: Floats, yes: NDArray[np.bool_], *, limits_digest: str, options: FitOptions
) -> ScoreMap | None:
    """The mapping of raw scores ``[n]`` to the share of yes; None where it would not rise."""
    if len(raw) >= options.isotonic_from:
        return _isotonic(raw, yes, limits_digest)
    return _logistic(raw, yes, limits_digest)


def raw_limit(mapping: ScoreMap) -> float | None:
    """The lowest raw score, in thousandths, that half of the listeners agree with."""
    return next((k / 1000 for k in range(1001) if mapping(k / 1000) >= 0.5), None)


def cross_validate(
    raw: Floats,
    yes: NDArray[np.bool_],
    agents: NDArray[np.str_],
    fit: Fit,
    *,
    folds: int,
) -> HeldOut:
    """Figures of ``fit`` on held-out agents.

    Args:
        raw: scores ``[n]``.
        yes: labels ``[n]``.
        agents: whose call it is ``[n]``.
        fit: learns from scores and labels and returns what predicts a share.
        folds: at most so many; never more than there are agents.
    """
    from sklearn.model_selection import GroupKFold

    n_folds = min(folds, len(set(agents)))
    if n_folds < 2:
        return HeldOut(None, None, None, 0)
    share = np.empty(len(raw))
    pairs = np.zeros(2)
    for train, test in GroupKFold(n_folds).split(raw, yes, agents):
        share[test] = fit(raw[train], yes[train])(raw[test])
        pairs += ordered_pairs(share[test], yes[test])
    precision, recall = found_right(share >= 0.5, yes)
    auc = round(float(pairs[0] / pairs[1]), 3) if pairs[1] else None
    return HeldOut(auc, precision, recall, len(raw))


def ordered_pairs(share: Floats, yes: NDArray[np.bool_]) -> Floats:
    """Pairs of a yes and a no that stand in the right order (ties half), and all such pairs."""
    difference = share[yes][:, None] - share[~yes][None, :]
    right = (difference > 0).sum() + 0.5 * (difference == 0).sum()
    return np.array([right, difference.size], dtype=np.float64)


def found_right(
    found: NDArray[np.bool_], yes: NDArray[np.bool_]
) -> tuple[float | None, float | None]:
    """Precision and recall of ``found``; None where nothing was found, or nothing is there."""
    right = int((found & yes).sum())
    n_found, n_yes = int(found.sum()), int(yes.sum())
    return (
        round(right / n_found, 3) if n_found else None,
        round(right / n_yes, 3) if n_yes else None,
    )


def mapped_by(options: FitOptions) -> Fit:
    """A fit for :func:`cross_validate` that makes the same mapping as :func:`fit_map`.

    Where there is none to make, the same share is predicted for all.
    """

    def fit(raw: Floats, yes: NDArray[np.bool_]) -> Predict:
        mixed = 0 < yes.sum() < len(yes)
        mapping = fit_map(raw, yes, limits_digest="", options=options) if mixed else None
        if mapping is None:
            return lambda scores: np.full(len(scores), float(yes.mean()))
        return lambda scores: np.array([mapping(score) for score in scores])

    return fit


def _logistic(raw: Floats, yes: NDArray[np.bool_], limits_digest: str) -> ScoreMap | None:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(np.array([[logit(s)] for s in raw]), yes)
    slope, intercept = round(float(model.coef_[0, 0]), 5), round(float(model.intercept_[0]), 5)
    return ScoreMap("logistic", limits_digest, slope, intercept) if slope > 0 else None


def _isotonic(raw: Floats, yes: NDArray[np.bool_], limits_digest: str) -> ScoreMap | None:
    from sklearn.isotonic import IsotonicRegression

    # No sample proves a certainty: the ends stay one label short of it (Laplace).
    edge = 1 / (len(raw) + 2)
    model = IsotonicRegression(y_min=edge, y_max=1 - edge).fit(raw, yes.astype(np.float64))
    shares = np.asarray(model.y_thresholds_)
    if shares[0] == shares[-1]:
        return None
    points = zip(np.asarray(model.X_thresholds_).tolist(), shares.tolist(), strict=True)
    return ScoreMap("isotonic", limits_digest, knots=tuple((x, round(y, 5)) for x, y in points))
