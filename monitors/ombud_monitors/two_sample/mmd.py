"""Did the joint distribution change? Exact maximum mean discrepancy with permutations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.contrasts import contrasts
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.permuting import critical_value, permutation_test
from ombud_monitors.two_sample.unit_means import intraclass_correlation
from ombud_monitors.two_sample.windows import Windows, subsample

__all__ = ["MMD", "median_bandwidth", "quadratic_forms"]

BLOCK = 512
"""Rows of the kernel matrix that exist at one time."""
BANDWIDTH_ROWS = 1000
POWER = 0.8
Float = TypeVar("Float", np.float32, np.float64)


@dataclass(frozen=True)
class MMD(TwoSampleTest):
    """Maximum mean discrepancy with a Gaussian kernel, exact, with permutations.

    Formula: with weights ``v`` that sum to +1 over the current window and to -1 over the reference,
    ``MMD^2 = v' K v``, ``K_ij = exp(-|x_i - x_j|^2 / (2 h^2))``, ``h`` the median distance between
    pooled rows after every column was standardised over both windows. The statistic divides ``MMD^2``
    by ``1/W_c + 1/W_r`` (see :mod:`~ombud_monitors.two_sample.unit_means`), its expectation under the
    null up to a constant, so that splits into units of unequal size stay comparable; with independent
    rows all splits have the same divisor. Bandwidth, standardisation and weights depend on the pooled
    rows only, so the permutation test is exact. The effect is the squared MMD beyond what the
    permutations expect, dimensionless, between 0 (same) and 2 (nothing in common).

    Cost: ``O(n^2 (d + B))`` time by matrix products over blocks of the kernel; with clusters
    ``O(n^2 (d + u))``. The ``(n, n)`` kernel is never held.

    Args:
        permutations: Random splits drawn when there are more; fewer splits are enumerated.
        level: Level of a bare verdict.
        max_rows: Rows used of each window; more are subsampled by the seed, blind to their values. None
            uses all.

    Source: Gretton et al., "A kernel two-sample test", JMLR 13 (2012), section 5 and lemma 4.
    Limits: power falls with dimension when few dimensions move; weak against a pure change of norm.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = MMD(permutations=100).fit(rng.normal(size=(90, 3)))
        >>> verdict = fitted.test(rng.normal(0.6, size=(80, 3)), seed=1)
        >>> round(verdict.p_value, 4), verdict.fired
        (0.0099, True)
    """

    name: ClassVar[str] = "mmd"

    permutations: int = 199
    max_rows: int | None = None

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        rng = np.random.default_rng(seed)
        windows = windows.subsampled(self.max_rows, rng)
        units, pooled = windows.units, windows.pooled.astype(np.float64)
        deviation = pooled.std(axis=0)
        pooled = (pooled - pooled.mean(axis=0)) / np.where(deviation > 1e-12, deviation, 1.0)
        rho, bandwidth = intraclass_correlation(pooled, units), median_bandwidth(pooled, rng)

        def standardised(splits: NDArray[np.bool_]) -> NDArray[np.float64]:
            weights, divisor = contrasts(units, splits, rho)
            return quadratic_forms(pooled, bandwidth, weights, units) / divisor

        # The kernel is computed in single precision: equal splits differ in their seventh digit.
        found = permutation_test(
            standardised, units, permutations=self.permutations, seed=seed, tolerance=1e-5
        )
        null = found.null if len(found.null) else np.array([found.observed])
        divisor = float(contrasts(units, units.in_current[None], rho)[1][0])
        reach = critical_value(null, self.level) - float(np.quantile(null, 1 - POWER))
        effect, spread = (found.observed - float(null.mean())) * divisor, float(null.std()) * divisor
        return Evidence(
            statistic=found.observed * divisor,
            p_value=found.p_value,
            effect=effect,
            effect_unit="squared MMD",
            effect_low=effect - 2 * spread,
            effect_high=effect + 2 * spread,
            minimum_detectable_effect=reach * divisor,
        )


def median_bandwidth(pooled: NDArray[np.float64], rng: np.random.Generator) -> float:
    """Median distance between rows, of at most 1,000 of them; 1 where all rows are equal.

    Args:
        pooled: ``(n, d)`` rows of both windows.
        rng: Draws the rows.
    """
    rows = pooled[subsample(len(pooled), BANDWIDTH_ROWS, rng)]
    squared = _squared_distances(rows, rows)[np.triu_indices(len(rows), 1)]
    positive = squared[squared > 1e-12]
    return float(np.sqrt(np.median(positive))) if positive.size else 1.0


def quadratic_forms(
    pooled: NDArray[np.float64],
    bandwidth: float,
    contrasts: NDArray[np.float64],
    units: Exchangeable,
) -> NDArray[np.float64]:
    """``v' K v`` for many ``v`` at once.

    Args:
        pooled: ``(n, d)`` rows.
        bandwidth: ``h`` of the Gaussian kernel.
        contrasts: ``(p, u)`` weight of each unit, spread evenly over its rows; each sums to 0.
        units: The units.

    Returns:
        ``(p,)`` float64, within about 1e-7 of the same in double precision.
    """
    x = pooled.astype(np.float32)
    gamma = np.float32(0.5 / bandwidth**2)
    if not units.clustered:
        v = np.ascontiguousarray(contrasts.T, dtype=np.float32)
        total = np.zeros(v.shape[1])
        for start in range(0, len(x), BLOCK):
            kernel = np.exp(-gamma * _squared_distances(x[start : start + BLOCK], x))
            # Contrasts sum to 0, so taking a constant off the kernel changes nothing but rounding.
            kernel -= np.float32(0.5)
            total += np.einsum("ip,ip->p", v[start : start + BLOCK], kernel @ v, dtype=np.float64)
        return total
    average = np.zeros((len(x), units.size), dtype=np.float32)
    average[np.arange(len(x)), units.of_row] = 1 / units.rows[units.of_row]
    between = np.zeros((units.size, units.size))
    for start in range(0, len(x), BLOCK):
        kernel = np.exp(-gamma * _squared_distances(x[start : start + BLOCK], x))
        between += average[start : start + BLOCK].T @ (kernel @ average)
    forms: NDArray[np.float64] = ((contrasts @ between) * contrasts).sum(axis=1)
    return forms


def _squared_distances(a: NDArray[Float], b: NDArray[Float]) -> NDArray[Float]:
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return np.asarray(np.maximum(squared, 0, out=squared))
