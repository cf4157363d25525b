"""Did spread or dependence change? The covariance of whitened ranks, with permutations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.contrasts import unit_averages
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.quadratic_test import quadratic_test
from ombud_monitors.two_sample.ranked_rows import RankedRows
from ombud_monitors.two_sample.unit_means import intraclass_correlation
from ombud_monitors.two_sample.windows import Windows

__all__ = ["SecondMoment", "products", "second_moments"]

MOST = 512
"""Products kept of each row. Exact up to 31 components; beyond, the squared distance is that of a random
projection, whose relative error of about ``sqrt(2 / 512)`` = 6% is the same for all splits."""

PROBES = 32
"""Random vectors that a norm is estimated with: within about ``1 / sqrt(2 * 32)`` = 12% where one direction
has all the variance, better where many share it; it only sets a weight."""


@dataclass(frozen=True)
class SecondMoment(TwoSampleTest):
    """Distance between the covariances of both windows, whitened, with permutations.

    Formula: rows become ranks ``r`` along each column, then whitened principal components
    ``z_i = u_i' r / sqrt(s_i^2 + ridge)`` (:mod:`~ombud_monitors.two_sample.ranked_rows`). With ``D`` the
    difference of the windows' second moments ``E[z z']``,

        T = |D|_F^2 + c (trace D)^2,

    ``c`` such that both terms vary alike over permutations: the first sees correlations and spread along any
    direction, the second a change that all directions share. Ranks, whitening and ``c`` come from the pooled
    rows only, so the permutation test is exact. The effect is ``T`` beyond what the permutations expect,
    with an interval from :mod:`~ombud_monitors.two_sample.quadratic_test`.

    Cost: ``O(n d^2)`` for the components (``O(n d)`` beyond 128 columns) and ``O(512 n B)``.

    Args:
        permutations: Random splits drawn at most; fewer splits are enumerated.
        level: Level of a bare verdict.

    Source: Li & Chen, "Two sample tests for high-dimensional covariance matrices", Annals of Statistics 40
        (2012), for the distance; whitened and on ranks here.
    Limits: blind to a change of the middle alone. Beyond 64 columns it looks at the 64 leading components,
        and beyond 31 components through random projections: another seed gives another p-value.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = SecondMoment().fit(rng.normal(size=(300, 5)))
        >>> tied = rng.normal(size=(200, 5))
        >>> tied[:, 1] = 0.8 * tied[:, 0] + 0.6 * tied[:, 1]
        >>> fitted.test(tied, seed=0).fired, fitted.test(rng.normal(size=(200, 5)), seed=0).fired
        (True, False)
    """

    name: ClassVar[str] = "second_moment"

    permutations: int = 199

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        rng = np.random.default_rng(seed)
        rows = RankedRows.of(windows.pooled, rng)
        by_row = second_moments(rows.whitened(), rng)
        # Of the products themselves: they resemble each other less within a unit than the coordinates do.
        rho = intraclass_correlation(by_row.astype(np.float64), windows.units)
        by_unit = unit_averages(by_row, windows.units)

        def forms(v: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            differences = v @ by_unit
            return np.einsum("pf,pf->p", differences, differences, dtype=np.float64), by_unit @ differences[0]

        return quadratic_test(
            forms,
            windows.units,
            rho=rho,
            permutations=self.permutations,
            level=self.level,
            seed=seed,
            unit="squared change of the whitened covariance",
        )


def second_moments(whitened: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Features whose squared distance is ``T``.

    The form ``|v' F|^2`` of centred features with covariance ``S`` varies in proportion to ``|S|_F`` over
    permutations, which is what the weight of the trace is taken from. ``|S|_F^2 = E |S w|^2`` for standard
    normal ``w``, of which a few serve.

    Args:
        whitened: ``(n, q)`` rows.
        rng: Draws projections where there are more than 512 products.

    Returns:
        ``(n, m + 1)``, centred: :func:`products`, and one feature for the trace.
    """
    moments = products(whitened, rng)
    trace = np.square(whitened).sum(axis=1, dtype=np.float32)
    trace -= trace.mean()
    variance = float(np.square(trace).mean())
    m = moments.shape[1]
    probes = np.eye(m, dtype=np.float32)
    if m > PROBES:
        probes = rng.standard_normal((m, PROBES), dtype=np.float32) * np.float32(1 / np.sqrt(PROBES))
    seen = moments.T @ (moments @ probes) / np.float32(len(moments))
    weight = np.sqrt(float(np.linalg.norm(seen)) / variance) if variance > 0 else 0.0
    return np.column_stack([moments, trace * np.float32(weight)])


def products(whitened: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Products of coordinates whose squared distance is that of second moments.

    Args:
        whitened: ``(n, q)`` rows.
        rng: Draws projections where there are more than 512 products.

    Returns:
        ``(n, m)``, centred. For the difference ``D`` of two windows' means of ``z z'``, the difference of
        their means of these features has the squared length ``|D|_F^2``; on average over projections where
        they are random, since ``E (a' D b)^2 = |D|_F^2`` for standard normal ``a`` and ``b``.

    Example:
        >>> z = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], np.float32)
        >>> found = products(z, np.random.default_rng(0))
        >>> difference = np.outer(z[0], z[0]) - np.outer(z[2], z[2])
        >>> float(((found[0] - found[2]) ** 2).sum().round(4)), float((difference**2).sum())
        (3.0, 3.0)
    """
    q = whitened.shape[1]
    if q * (q + 1) // 2 <= MOST:
        i, j = np.triu_indices(q)
        pairs = whitened[:, i] * whitened[:, j]
        pairs[:, i != j] *= np.float32(np.sqrt(2))
    else:
        a, b = rng.standard_normal((2, q, MOST), dtype=np.float32)
        pairs = whitened @ a
        pairs *= whitened @ (b * np.float32(1 / np.sqrt(MOST)))
    return np.subtract(pairs, pairs.mean(axis=0), out=pairs)
