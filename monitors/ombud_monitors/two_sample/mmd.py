"""Did the joint distribution change? Exact maximum mean discrepancy with permutations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.cells import cells
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.quadratic_test import quadratic_test
from ombud_monitors.two_sample.standardised import moments, resemblance, standardised_rows
from ombud_monitors.two_sample.tiles import FLOAT32_EXPONENT, QuadraticForms, gaussian_kernel
from ombud_monitors.two_sample.windows import Windows, subsample

__all__ = ["MMD", "median_distance", "quadratic_forms"]

MEDIAN_ROWS = 500
"""Rows that the median distance is taken over: 125,000 pairs, whose median is known to a few percent in one
dimension and better in more; power hardly depends on it."""


@dataclass(frozen=True)
class MMD(TwoSampleTest):
    """Maximum mean discrepancy with a Gaussian kernel, exact, with permutations.

    Formula: with weights ``v`` that sum to +1 over the current window and to -1 over the reference,
    ``MMD^2 = v' K v``, ``K_ij = exp(-|x_i - x_j|^2 / (2 h^2))``, ``h`` the median distance between
    pooled rows after every column was standardised over both windows. The statistic divides ``MMD^2``
    by ``1/W_c + 1/W_r`` (see :mod:`~ombud_monitors.two_sample.contrasts`), its expectation under the
    null up to a constant, so that splits into units of unequal size stay comparable; with independent
    rows all splits have the same divisor. Bandwidth, standardisation and weights depend on the pooled
    rows only, so the permutation test is exact. The effect is the squared MMD beyond what the
    permutations expect, dimensionless, between 0 (same) and 2 (nothing in common), with an interval
    from :mod:`~ombud_monitors.two_sample.quadratic_test`.

    Cost: ``O(n^2 d)`` by matrix products over tiles of the kernel
    (:mod:`~ombud_monitors.two_sample.tiles`), whatever the number of permutations: rows of large windows
    are permuted in :mod:`~ombud_monitors.two_sample.cells`. Nothing larger than 2,048 x 2,048 is held.

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
        mean, deviation = moments(windows)
        bandwidth = median_distance(windows, mean, deviation, rng)
        exponent = np.count_nonzero(deviation) / (2 * bandwidth**2)
        precision = np.float32 if exponent <= FLOAT32_EXPONENT else np.float64
        rows: NDArray[Any] = np.empty((len(windows.units.of_row), len(mean) + 2), precision)
        standardised_rows(windows, mean, deviation, rows[:, :-2])
        units = cells(windows.units, rng)
        return quadratic_test(
            QuadraticForms(rows, gaussian_kernel(bandwidth), units),
            units,
            rho=resemblance(windows, deviation),
            permutations=self.permutations,
            level=self.level,
            seed=seed,
            unit="squared MMD",
        )


def median_distance(
    windows: Windows, mean: NDArray[np.float64], deviation: NDArray[np.float64], rng: np.random.Generator
) -> float:
    """Median distance between rows that differ, of at most 500 of them; 1 where all rows are equal.

    Args:
        windows: The windows.
        mean: ``(d,)`` what to take off each column.
        deviation: ``(d,)`` what to divide it by; 0 for a constant column.
        rng: Draws the rows, blind to their values and their windows.
    """
    drawn = subsample(windows.n_reference + windows.n_current, MEDIAN_ROWS, rng)
    cut = windows.n_reference
    rows = np.concatenate([windows.reference[drawn[drawn < cut]], windows.current[drawn[drawn >= cut] - cut]])
    x = (rows - mean) / np.where(deviation > 0, deviation, 1.0)
    norms = np.einsum("ij,ij->i", x, x)
    squared = (norms[:, None] + norms - 2 * (x @ x.T))[np.triu_indices(len(x), 1)]
    # Two equal rows come out at about the rounding of their norms.
    apart = squared[squared > 1e-12 * max(float(norms.max()), 1e-300)]
    return float(np.sqrt(np.median(apart))) if apart.size else 1.0


def quadratic_forms(
    pooled: NDArray[np.float64],
    bandwidth: float,
    contrasts: NDArray[np.float64],
    units: Exchangeable,
) -> NDArray[np.float64]:
    """``v' K v`` of a Gaussian kernel for many ``v`` at once, in single precision.

    Args:
        pooled: ``(n, d)`` rows.
        bandwidth: ``h`` of the Gaussian kernel.
        contrasts: ``(p, u)`` weight of each unit, spread evenly over its rows; each sums to 0.
        units: The units.

    Returns:
        ``(p,)`` float64, within 1e-6 of the same in double precision.
    """
    rows = np.empty((len(pooled), pooled.shape[1] + 2), np.float32)
    rows[:, :-2] = pooled
    return QuadraticForms(rows, gaussian_kernel(bandwidth), units)(contrasts)[0]
