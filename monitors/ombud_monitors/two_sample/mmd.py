"""Did the joint distribution change? Exact maximum mean discrepancy with permutations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud_monitors.detector import FEATURES, declined, digest, matrix, same_width
from ombud_monitors.two_sample.assignments import assignments
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.unit_means import intraclass_correlation

__all__ = ["MMD", "FittedMMD", "median_bandwidth", "quadratic_forms"]

BLOCK = 512
"""Rows of the kernel matrix that exist at one time."""
BANDWIDTH_ROWS = 1000
POWER = 0.8
Float = TypeVar("Float", np.float32, np.float64)


@dataclass(frozen=True)
class MMD:
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
        max_rows: Rows used of each window; more are subsampled by the seed, blind to their values.

    Source: Gretton et al., "A kernel two-sample test", JMLR 13 (2012), section 5 and lemma 4.
    Limits: power falls with dimension when few dimensions move; weak against a pure change of norm.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = MMD(permutations=100).fit(rng.normal(size=(90, 3)))
        >>> verdict = fitted.test(rng.normal(0.6, size=(80, 3)), seed=1)
        >>> round(verdict.p_value, 4), verdict.fired
        (0.0099, True)
    """

    permutations: int = 199
    level: float = 0.05
    max_rows: int = 2000

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        return "mmd"

    def fit(self, reference: ArrayLike, *, clusters: ArrayLike | None = None) -> FittedMMD:
        """Bind to a reference window ``(n, d)``.

        Raises:
            BadInput: The reference is empty, not numeric or not finite.
        """
        x = matrix(reference, window="reference")
        return FittedMMD(self, x, None if clusters is None else np.asarray(clusters).astype(np.str_))


@dataclass(frozen=True, eq=False)
class FittedMMD:
    """:class:`MMD` with its reference window."""

    detector: MMD
    reference: NDArray[np.float64]
    clusters: NDArray[np.str_] | None = None

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of what it was fitted on."""
        return digest(self.reference, self.clusters)

    def test(self, current: ArrayLike, *, clusters: ArrayLike | None = None, seed: int) -> Verdict:
        """Compare a current window ``(n, d)`` with the reference.

        Raises:
            BadInput: The window's shape or content cannot be compared with the reference.
        """
        y = matrix(current, window="current")
        same_width(self.reference, y)
        settings, rng = self.detector, np.random.default_rng(seed)
        keep_x, keep_y = (_sample(len(w), settings.max_rows, rng) for w in (self.reference, y))
        x, y = self.reference[keep_x], y[keep_y]
        named = self.clusters is not None and clusters is not None
        units = Exchangeable.of(
            len(x),
            len(y),
            self.clusters[keep_x] if self.clusters is not None and named else None,
            np.asarray(clusters).astype(np.str_)[keep_y] if named else None,
        )
        if reason := units.refusal(settings.level, settings.permutations):
            return declined(settings.name, reason, n_reference=len(x), n_current=len(y))

        pooled = np.concatenate([x, y])
        deviation = pooled.std(axis=0)
        pooled = (pooled - pooled.mean(axis=0)) / np.where(deviation > 1e-12, deviation, 1.0)
        splits = assignments(units, settings.permutations, seed)
        rho = intraclass_correlation(pooled, units)
        contrasts, divisor = _contrasts(units, splits, rho)
        squared = quadratic_forms(pooled, median_bandwidth(pooled, rng), contrasts, units)
        statistic = squared / divisor
        # The kernel is computed in single precision: equal splits differ in their seventh digit.
        p_value = float(np.mean(statistic >= statistic[0] * (1 - 1e-5) - 1e-7))
        null = statistic[1:] if len(statistic) > 1 else statistic
        reach = np.quantile(null, 1 - settings.level, method="higher") - np.quantile(null, 1 - POWER)
        return Verdict(
            monitor=settings.name,
            modality=FEATURES,
            detector=settings.name,
            outcome=Outcome.DRIFT if p_value <= settings.level else Outcome.QUIET,
            grade=Grade.CHANGED,
            n_reference=len(x),
            n_current=len(y),
            clusters_reference=units.n_reference if units.clustered else None,
            clusters_current=units.n_current if units.clustered else None,
            statistic=float(squared[0]),
            p_value=p_value,
            threshold=settings.level,
            effect=float((statistic[0] - null.mean()) * divisor[0]),
            effect_unit="squared MMD",
            minimum_detectable_effect=float(reach * divisor[0]),
            reason="" if units.clustered else "No clusters were given: rows were taken as independent.",
        )


def median_bandwidth(pooled: NDArray[np.float64], rng: np.random.Generator) -> float:
    """Median distance between rows, of at most 1,000 of them; 1 where all rows are equal.

    Args:
        pooled: ``(n, d)`` rows of both windows.
        rng: Draws the rows.
    """
    rows = pooled[_sample(len(pooled), BANDWIDTH_ROWS, rng)]
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


def _contrasts(
    units: Exchangeable, splits: NDArray[np.bool_], rho: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    weights = 1 / np.maximum(rho + (1 - rho) / units.rows, 1e-12)
    w_current = splits @ weights
    w_reference = weights.sum() - w_current
    contrasts = np.where(splits, weights / w_current[:, None], -weights / w_reference[:, None])
    return contrasts, 1 / w_current + 1 / w_reference


def _squared_distances(a: NDArray[Float], b: NDArray[Float]) -> NDArray[Float]:
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return np.asarray(np.maximum(squared, 0, out=squared))


def _sample(n: int, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))
