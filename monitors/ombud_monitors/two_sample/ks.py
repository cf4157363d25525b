"""Did any column's distribution change? Kolmogorov–Smirnov per dimension, corrected for their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.column_evidence import (
    COVERAGE,
    UNIT,
    Moved,
    contributions,
    means_of,
    most_moved,
    permuted_evidence,
)
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.histograms import BINS, Bins
from ombud_monitors.two_sample.kolmogorov import critical_distance, detectable_distance, p_value
from ombud_monitors.two_sample.largest_distance import Bounds, largest_distance
from ombud_monitors.two_sample.unit_curves import UnitCurves, codes
from ombud_monitors.two_sample.windows import Windows

__all__ = ["KS", "bridge_evidence", "supremum"]


@dataclass(frozen=True)
class KS(TwoSampleTest):
    """Kolmogorov–Smirnov test of every column, one p-value for all.

    Formula: ``D_j = sup_t |F_j(t) - G_j(t)|``, and ``D = max_j D_j``. Independent rows: the two-sample
    p-value of ``D`` (:mod:`~ombud_monitors.two_sample.kolmogorov`) times the number of columns. That is
    Bonferroni, which holds whatever the dependence; for the one question "did any column change?" Holm's
    and Hochberg's corrections give the same number. Clusters: ``D`` over the standard error of its split,
    against whole clusters permuted between the windows, family-wise without Bonferroni's loss; the
    distribution functions then weigh clusters as :mod:`~ombud_monitors.two_sample.contrasts` does and are
    compared at pooled quantiles (:mod:`~ombud_monitors.two_sample.unit_curves`). The effect is ``D``, a
    difference of probabilities, with an interval that holds for all columns at once; the minimum detectable
    one is an upper bound. Causes are ordered by distance, those below the largest by their binned distance.

    Args:
        permutations: Random splits of clusters; unused with independent rows.
        level: Level of a bare verdict.

    Source: Kolmogorov (1933); Smirnov (1948); the interval: :mod:`~ombud_monitors.two_sample.kolmogorov`.
    Limits: conservative on discrete data; columns one by one, so blind to a change of dependence; with
        clusters the interval takes the permuted windows' variance for the true one.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = KS().fit(rng.normal(size=(200, 4)))
        >>> verdict = fitted.test(rng.normal(size=(150, 4)) + [0, 0, 1, 0], seed=0)
        >>> verdict.fired, verdict.causes[0].name
        (True, 'column 2')
    """

    name: ClassVar[str] = "ks"

    def permutes(self, units: Exchangeable) -> bool:
        """Clusters are permuted; independent rows have Kolmogorov's distribution."""
        return units.clustered

    def prepare(self, reference: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        """Sorted columns, bins and their shares, means and deviations of the reference."""
        bins = Bins.of(reference)
        ordered = np.sort(np.ascontiguousarray(reference.T), axis=1)
        return {
            "ordered": ordered,
            "centre": bins.centre,
            "spread": bins.spread,
            "shares": bins.counts(reference)[:, :BINS] / len(reference),
            "mean": ordered.mean(axis=1, dtype=np.float64),
            "deviation": ordered.std(axis=1, dtype=np.float64),
        }

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        y, made = windows.current, windows.prepared
        if windows.units.clustered:
            moved = permuted_evidence(
                UnitCurves.of(codes(windows.pooled), windows.units),
                supremum,
                wobble=0.5,
                permutations=self.permutations,
                level=self.level,
                seed=seed,
            )
        else:
            x = made["ordered"]
            bins = Bins(made["centre"], made["spread"])
            bounds = Bounds.of(made["shares"], bins.counts(y)[:, :BINS] / len(y))
            largest, distances = largest_distance(x, y, bounds, bins)
            columns = len(distances)
            moved = Moved(bridge_evidence(largest, columns, x.shape[1], len(y), self.level), distances)
        top = most_moved(moved.distances)
        means = means_of(windows.current, top)
        causes = contributions(top, made["mean"][top], means, made["deviation"][top])
        return replace(moved.evidence, causes=causes)


def supremum(differences: NDArray[np.float32], shares: NDArray[np.float64]) -> NDArray[np.float64]:  # noqa: ARG001
    """Largest absolute difference in each row of ``(p, K)``."""
    return np.asarray(np.maximum(differences.max(axis=1), -differences.min(axis=1)), dtype=np.float64)


def bridge_evidence(largest: float, columns: int, n: int, m: int, level: float) -> Evidence:
    """Judge the largest of several columns' distances by Kolmogorov's distribution and Bonferroni.

    Args:
        largest: The largest distance.
        columns: How many columns were looked at.
        n: Rows of the reference.
        m: Rows of the current window.
        level: Level that the minimum detectable effect refers to.
    """
    half = critical_distance((1 - COVERAGE) / columns, n, m)
    return Evidence(
        statistic=largest,
        p_value=min(p_value(largest, n, m) * columns, 1.0),
        effect=largest,
        effect_unit=UNIT,
        effect_low=max(largest - half, 0.0),
        effect_high=min(largest + half, 1.0),
        minimum_detectable_effect=detectable_distance(level / columns, n, m),
    )
