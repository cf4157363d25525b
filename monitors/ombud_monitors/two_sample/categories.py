"""Did the mix of any category change? Chi-squared where counts are large, exact by permutation elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2, ncx2

from ombud_monitors.two_sample.column_evidence import COVERAGE, UNIT
from ombud_monitors.two_sample.contingency import ROWS_PER_CATEGORY, Tables
from ombud_monitors.two_sample.evidence import Evidence, Refusal
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.kolmogorov import FLOOR
from ombud_monitors.two_sample.permuting import critical_value, permutation_test
from ombud_monitors.two_sample.windows import Windows

__all__ = ["Categories", "enough_expected"]

_POWER = 0.8


def enough_expected(level: float) -> float:
    """Expected count in every cell from which chi-squared is trusted at a level.

    Five, by Cochran's rule, down to .01. Beyond, ``5 (.01 / level)^(2/3)``: with windows of 1,000 and 100
    rows and two categories 5 expected are 1.6 times too many alarms at .001, and 20 are 1.04 times.

    Source: Cochran, Biometrics 10 (1954); the exponent by simulation of such windows.

    Example:
        >>> enough_expected(0.05), round(enough_expected(0.001), 1)
        (5.0, 23.2)
    """
    return 5.0 * float(max(1.0, 0.01 / level) ** (2 / 3))


@dataclass(frozen=True)
class Categories(TwoSampleTest):
    """Test of the category shares of every column, one p-value for all.

    Formula: ``X_j^2 = sum_k (q_k - r_k)^2 / p_k / (1/n + 1/m)`` with the shares of category ``k`` in the
    current, the reference and the pooled window: Pearson's statistic of the 2 × K table. A category that
    one window has never seen is one of the table like any other. Where rows are independent and all expected
    counts are large enough (:func:`enough_expected`): chi-squared with ``K - 1`` degrees of freedom, times
    the number of columns (Bonferroni). Elsewhere: rows or whole clusters are permuted, which is exact as
    Freeman & Halton's test is; the columns' statistics are made comparable by Wilson & Hilferty's
    transformation to a normal score, and the largest score counts. The effect is the total variation
    distance of the column that changed most: the share of rows that would have to change category.

    Args:
        permutations: Random splits drawn where units are permuted.
        level: Level of a bare verdict.

    Source: Pearson (1900); Freeman & Halton, Biometrika 38 (1951); Wilson & Hilferty, PNAS 17 (1931). Both
        windows count as samples; a test of the window against fixed reference shares (as Evidently's) takes
        the reference's own chance for drift.
    Limits: takes whole numbers as codes, of which only equality counts; texts are coded by
        :class:`~ombud_monitors.two_sample.category_codes.CategoryCodes`. The order of ordered categories is
        better used by :class:`~ombud_monitors.two_sample.Ranks`. The interval is a large-sample one.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = Categories().fit(rng.choice(3, size=(400, 1), p=[0.5, 0.3, 0.2]))
        >>> verdict = fitted.test(rng.choice(4, size=(300, 1), p=[0.3, 0.3, 0.2, 0.2]), seed=0)
        >>> verdict.fired, verdict.causes[0].name
        (True, 'column 0: category 3')
    """

    name: ClassVar[str] = "categories"

    def permutes(self, units: Exchangeable) -> bool:
        """Clusters are always permuted; rows where counts turn out small (:meth:`compare`)."""
        return units.clustered

    def compare(self, windows: Windows, *, seed: int) -> Evidence | Refusal:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        units, tables = windows.units, Tables.of(windows)
        crowded = np.flatnonzero(tables.sizes * ROWS_PER_CATEGORY > len(windows.pooled))
        if crowded.size:
            j = int(crowded[0])
            return Refusal(
                f"Column {j} has {tables.sizes[j]} distinct values in {len(windows.pooled)} rows of both "
                f"windows: measurements, or too few rows; {tables.sizes[j] * ROWS_PER_CATEGORY} rows of "
                "these categories would do. Measurements are for ks, ranks or mmd."
            )
        columns = int((tables.sizes > 1).sum())
        level = self.level / columns
        few = min(windows.n_reference, windows.n_current) * tables.rarest < enough_expected(level)
        permuted = units.clustered or few
        if few and (reason := units.refusal(self.level, self.permutations)):
            return Refusal(reason)
        squares = tables.squares(units.in_current[None])[0]
        scores = tables.scores(squares[None])[0]
        if permuted:
            j = int(scores.argmax())
            found = permutation_test(
                lambda splits: tables.scores(tables.squares(splits)).max(axis=1),
                units,
                permutations=self.permutations,
                seed=seed,
            )
            null = found.null if len(found.null) else np.array([found.observed])
            p_value = found.p_value
            certain, critical = (
                tables.square_of(critical_value(null, tail), j) for tail in (1 - COVERAGE, self.level)
            )
        else:
            p_values = np.where(tables.sizes > 1, chi2.sf(squares, np.maximum(tables.sizes - 1, 1)), 1.0)
            j = int(np.lexsort((-scores, p_values))[0])
            p_value = min(max(float(p_values[j]), FLOOR) * columns, 1.0)
            freedom = tables.sizes[j] - 1
            certain, critical = (float(chi2.isf(tail, freedom)) for tail in ((1 - COVERAGE) / columns, level))
        apart, error = tables.differences(j), math.sqrt(tables.divisor)
        effect = float(np.abs(apart).sum()) / 2
        half = math.sqrt(certain) * error / 2
        reach = math.sqrt(_noncentrality(critical, int(tables.sizes[j]) - 1)) * error / 2
        return Evidence(
            statistic=float(squares[j]),
            p_value=p_value,
            effect=effect,
            effect_unit=f"{UNIT} (total variation)",
            effect_low=max(effect - half, 0.0),
            effect_high=min(effect + half, 1.0),
            minimum_detectable_effect=min(reach, 1.0),
            causes=tables.causes(j),
            note="" if not few or units.clustered else "Some expected counts are small: rows were permuted.",
        )


def _noncentrality(critical: float, freedom: int) -> float:
    """Noncentrality at which chi-squared exceeds ``critical`` with power .8.

    A total variation distance ``t`` has at least ``(2 t)^2`` over the divisor of it, by Cauchy & Schwarz, so
    what is detectable is at most half the root of it times the standard error.
    """
    if chi2.sf(critical, freedom) >= _POWER:
        return 0.0
    most = 4 * (critical + 10 * freedom + 20)
    return float(brentq(lambda x: ncx2.sf(critical, freedom, x) - _POWER, 1e-9, most))
