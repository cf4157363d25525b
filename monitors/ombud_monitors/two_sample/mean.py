"""Did a mean move? The exact permutation test behind every monitor that compares averages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from ombud_monitors.two_sample.assignments import batches
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.permuting import critical_value, permutation_test
from ombud_monitors.two_sample.unit_means import UnitMeans
from ombud_monitors.two_sample.windows import Windows

__all__ = ["Alternative", "Mean", "MeanEvidence", "compare_means"]

Alternative = Literal["two-sided", "less", "greater"]
POWER = 0.8
COVERAGE = 0.95


@dataclass(frozen=True)
class MeanEvidence:
    """What a comparison of means found.

    Args:
        statistic: Largest z-score over the columns, in the direction asked for.
        p_value: Family-wise over the columns; never 0.
        column: Index of the column with the largest z-score.
        difference: Its mean, current minus reference, in its own unit.
        low: Lower end of the 95% interval of that difference, corrected for the choice of the column.
        high: Upper end.
        scale: Its standard deviation per row.
        minimum_detectable: Smallest difference of that column, in its own unit, that comes out at
            the level with power .8; estimated from the permutations of the windows with their means
            taken out, so a shift in this window does not blur it.

    Limits: the interval leans on Student's t, the p-value does not: near the edge the two may differ.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(200, 3))
        >>> x[120:, 1] += 0.8
        >>> asked = {"alternative": "two-sided", "permutations": 999, "level": 0.01, "seed": 0}
        >>> found = compare_means(x, Exchangeable.of(120, 80), **asked)
        >>> found.column, [round(end, 2) for end in (found.low, found.difference, found.high)], found.p_value
        (1, [0.6, 0.99, 1.37], 0.001)
        >>> round(found.minimum_detectable, 2)
        0.57
    """

    statistic: float
    p_value: float
    column: int
    difference: float
    low: float
    high: float
    scale: float
    minimum_detectable: float

    def in_deviations(self) -> Evidence:
        """The same as evidence, its effect in standard deviations of the column."""
        one = self.scale or 1.0
        return Evidence(
            statistic=self.statistic,
            p_value=self.p_value,
            effect=self.difference / one,
            effect_unit="standard deviations",
            effect_low=self.low / one,
            effect_high=self.high / one,
            minimum_detectable_effect=self.minimum_detectable / one,
        )


def compare_means(
    values: NDArray[np.float64],
    units: Exchangeable,
    *,
    alternative: Alternative,
    permutations: int,
    level: float,
    seed: int,
) -> MeanEvidence:
    """Test whether any column's mean differs between the windows.

    Args:
        values: ``(n, d)`` pooled rows, reference first; NaN where undefined.
        units: Their exchangeable units.
        alternative: ``less`` looks for a fall of the current window, ``greater`` for a rise.
        permutations: Random splits to draw at most, where there are too many to enumerate.
        level: Level that ``minimum_detectable`` refers to.
        seed: Seed of the draws.

    Source: Westfall & Young, *Resampling-Based Multiple Testing* (1993): the maximum over columns.
    Limits: sees means only, and the p-value is as right as the ``units`` are.

    Example:
        >>> x = np.r_[np.zeros(6), np.ones(4)][:, None]
        >>> rise = {"alternative": "greater", "permutations": 999, "level": 0.05, "seed": 0}
        >>> compare_means(x, Exchangeable.of(6, 4), **rise).p_value == 1 / 210
        True
    """
    unit = _powers_of_two(values)
    means = UnitMeans.of(values / unit, units)

    def largest(splits: NDArray[np.bool_]) -> NDArray[np.float64]:
        _, z = means.differences(splits)
        return np.asarray(_toward(z, alternative).max(axis=1))

    found = permutation_test(largest, units, permutations=permutations, seed=seed)
    difference, z = means.differences(units.in_current[None])
    column = int(_toward(z[0], alternative).argmax())
    # What power .8 takes: the critical value, less what the null reaches downwards one time in five.
    splits = next(batches(units, permutations, seed))
    _, null_z = means.without_shift(units.in_current).differences(splits)
    critical = critical_value(_toward(null_z, alternative).max(axis=1), level)
    signed = -null_z[:, column] if alternative == "less" else null_z[:, column]
    reach = max(critical - float(np.quantile(signed, 1 - POWER)), 0.0)
    error = float(means.standard_error(units.in_current)[column])
    # Student's t with the units' degrees of freedom, at a level shared by all columns (Bonferroni).
    tail = (1 - COVERAGE) / 2 / values.shape[1]
    half = float(student.isf(tail, max(units.size - 2, 1))) * error
    gap, one = float(difference[0, column]), float(unit[column])
    return MeanEvidence(
        statistic=found.observed,
        p_value=found.p_value,
        column=column,
        difference=gap * one,
        low=(gap - half) * one,
        high=(gap + half) * one,
        scale=float(means.scale[column]) * one,
        minimum_detectable=reach * error * one,
    )


def _powers_of_two(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(d,)`` the size of each column, so that squares neither overflow nor vanish; dividing is exact."""
    largest = np.nanmax(np.abs(values), axis=0, initial=0.0)
    return np.asarray(np.exp2(np.clip(np.round(np.log2(np.where(largest > 0, largest, 1.0))), -1000, 1000)))


def _toward(z: NDArray[np.float64], alternative: Alternative) -> NDArray[np.float64]:
    """Scores turned so that large means "moved in the direction asked for"."""
    return np.abs(z) if alternative == "two-sided" else -z if alternative == "less" else z


@dataclass(frozen=True)
class Mean(TwoSampleTest):
    """Permutation test of means, the largest standardised difference over the columns.

    Formula: ``T = max_d z_d``, with ``z_d`` of :mod:`~ombud_monitors.two_sample.unit_means` in the
    direction of ``alternative``; all columns share one set of permutations, so the p-value holds
    family-wise whatever their dependence. Effect in standard deviations of the column that moved most.

    Args:
        alternative: ``two-sided``, ``less`` or ``greater`` (current against reference).
        permutations: Random splits drawn at most; fewer splits are enumerated.
        level: Level of a bare verdict.

    Source: Westfall & Young, *Resampling-Based Multiple Testing* (1993).
    Limits: sees means only; :class:`~ombud_monitors.two_sample.Ranks` also sees spread and shape.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> who = np.repeat(list("abcdef"), 20)
        >>> fitted = Mean("less", level=0.01).fit(rng.normal(size=120), clusters=who)
        >>> verdict = fitted.test(rng.normal(size=40), clusters=["y", "z"] * 20, seed=0)
        >>> print(verdict.reason.replace(", ", ",\\n").replace("; ", ";\\n"))
        6 clusters in the reference and 2 in the current window allow 28 distinct splits,
        so no p-value below 0.036 where 0.01 is wanted;
        4 clusters in the current window would do.
    """

    name: ClassVar[str] = "mean"
    undefined: ClassVar[bool] = True

    alternative: Alternative = "two-sided"

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        return compare_means(
            windows.pooled,
            windows.units,
            alternative=self.alternative,
            permutations=self.permutations,
            level=self.level,
            seed=seed,
        ).in_deviations()
