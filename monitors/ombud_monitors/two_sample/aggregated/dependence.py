"""Dependence: spread along principal components, and all second moments."""

from __future__ import annotations

import numpy as np

from ombud_monitors.two_sample.aggregated.view import Reduction, Statistic, View, standardised
from ombud_monitors.two_sample.ranked_rows import RankedRows
from ombud_monitors.two_sample.second_moment import second_moments

__all__ = ["component_view", "dependence_view"]


def dependence_view(rows: RankedRows, rng: np.random.Generator) -> View:
    """Second moments of whitened ranks, as in :class:`~ombud_monitors.two_sample.SecondMoment`.

    Args:
        rows: The pooled rows, ranked.
        rng: Draws projections where there are many components.
    """
    features = second_moments(rows.whitened(), rng)
    unit = "squared change of the whitened covariance"
    return View(features, (), (Statistic("spread and dependence", Reduction.SUM, 2.0, unit=unit),))


def component_view(rows: RankedRows) -> View:
    """The spread along each principal component, summed up.

    Rows of another kind depend on other columns than the rest: they lie far out along components of small
    variance, which their second moments drown among the products of all pairs.

    Args:
        rows: The pooled rows, ranked.
    """
    unit = "squared standard deviations"
    spread = Statistic("spread along principal components", Reduction.SUM, 1.0, unit=unit)
    return View(standardised(np.square(rows.whitened())), (), (spread,))
