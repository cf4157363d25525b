"""Gaussian and embedding-like rows: nulls whose distribution is known, and shifts of it.

All of them have 32 dimensions, mean 0 and standard deviation about 1 in every dimension.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.simulate.null import Endless, Null
from ombud_monitors.simulate.rows import Table
from ombud_monitors.simulate.shift import TABLE, Shift
from ombud_monitors.simulate.tabular import correlated, displaced, heavy_tailed, mean_moved, scaled

__all__ = [
    "DIMENSIONS",
    "GAUSSIAN_NULLS",
    "GAUSSIAN_SHIFTS",
    "embedding_rows",
    "equicorrelated_rows",
    "normal_rows",
    "rounded_rows",
    "t_rows",
]

DIMENSIONS = 32
_NORM_SPREAD = 0.25
_Draw = Callable[[int, np.random.Generator], Table]


def normal_rows(n: int, rng: np.random.Generator, *, dimensions: int = DIMENSIONS) -> Table:
    """``(n, dimensions)`` independent standard normal numbers.

    Args:
        n: Rows.
        rng: All randomness.
        dimensions: Columns.

    Example:
        >>> values = normal_rows(4000, np.random.default_rng(0), dimensions=2).values
        >>> values.std(axis=0).round(1), bool(abs(np.corrcoef(values.T)[0, 1]) < 0.05)
        (array([1., 1.]), True)
    """
    return Table(rng.normal(size=(n, dimensions)))


def equicorrelated_rows(
    n: int, rng: np.random.Generator, *, dimensions: int = DIMENSIONS, correlation: float = 0.5
) -> Table:
    """Standard normal columns with the same correlation between all pairs of columns.

    Args:
        n: Rows.
        rng: All randomness.
        dimensions: Columns.
        correlation: In [0, 1].

    Example:
        >>> values = equicorrelated_rows(4000, np.random.default_rng(0), dimensions=3, correlation=0.3).values
        >>> np.corrcoef(values.T).round(1)
        array([[1. , 0.3, 0.3],
               [0.3, 1. , 0.3],
               [0.3, 0.3, 1. ]])
    """
    return correlated(normal_rows(n, rng, dimensions=dimensions), correlation, rng)


def t_rows(n: int, rng: np.random.Generator, *, dimensions: int = DIMENSIONS) -> Table:
    """Independent columns with Student's t distribution, 3 degrees of freedom, scaled to variance 1.

    Args:
        n: Rows.
        rng: All randomness.
        dimensions: Columns.

    Limits: with 3 degrees of freedom there is no fourth moment: sample variances settle slowly.

    Example:
        >>> far = np.abs(t_rows(10_000, np.random.default_rng(0), dimensions=1).values) > 4
        >>> bool(far.mean() > 50 * 6.3e-5)  # a normal value lies that far out with chance 6.3e-5
        True
    """
    return Table(rng.standard_t(3, size=(n, dimensions)) / math.sqrt(3))


def embedding_rows(n: int, rng: np.random.Generator, *, dimensions: int = DIMENSIONS) -> Table:
    """Rows such as networks make: correlated, a falling spectrum, norms that vary.

    Principal component ``k`` has a variance proportional to ``1/k``; a fixed random rotation spreads the
    components over all columns; row norms are multiplied by a log-normal factor of log-deviation 0.25.

    Source: power-law spectra of learned representations: Ghosh et al., "Investigating power laws in deep
        representation learning" (2022), exponents near 1.

    Args:
        n: Rows.
        rng: All randomness, but for the rotation, which is fixed by ``dimensions``.
        dimensions: Columns.

    Example:
        >>> values = embedding_rows(4000, np.random.default_rng(0), dimensions=8).values
        >>> largest = np.linalg.eigvalsh(np.cov(values.T))[::-1]
        >>> (largest / largest[0]).round(1)[:4]  # 1, 1/2, 1/3, 1/4
        array([1. , 0.5, 0.3, 0.3])
    """
    rows = rng.normal(size=(n, dimensions)) @ _mixing(dimensions)
    return Table(rows * np.exp(rng.normal(0, _NORM_SPREAD, (n, 1))))


def rounded_rows(n: int, rng: np.random.Generator, *, dimensions: int = DIMENSIONS) -> Table:
    """Standard normal numbers rounded to whole ones: nearly all values are tied.

    Args:
        n: Rows.
        rng: All randomness.
        dimensions: Columns.

    Example:
        >>> np.unique(rounded_rows(500, np.random.default_rng(0), dimensions=1).values)
        array([-4., -3., -2., -1.,  0.,  1.,  2.,  3.])
    """
    return Table(np.rint(rng.normal(size=(n, dimensions))))


@lru_cache(maxsize=8)
def _mixing(dimensions: int) -> NDArray[np.float64]:
    # A property of the population, not of a window: it must be the same for every seed.
    rotation, _ = np.linalg.qr(np.random.default_rng(dimensions).normal(size=(dimensions, dimensions)))
    variance = 1 / np.arange(1, dimensions + 1)
    mixing: NDArray[np.float64] = np.sqrt(variance * dimensions / variance.sum())[:, None] * rotation
    return mixing


def _null(code: str, title: str, description: str, draw: _Draw) -> Null[Table]:
    return Null(code, title, TABLE, description, lambda: Endless(draw, lambda table: table.values))


GAUSSIAN_NULLS: tuple[Null[Table], ...] = (
    _null("gaussian", "Independent normal", "32 independent standard normal columns.", normal_rows),
    _null(
        "equicorrelated",
        "Equicorrelated normal",
        "32 standard normal columns with correlation .5 between all pairs.",
        equicorrelated_rows,
    ),
    _null("t3", "Heavy tails", "32 independent columns, t with 3 degrees of freedom, variance 1.", t_rows),
    _null(
        "embedding",
        "Embedding-like",
        "32 correlated columns, variance of principal component k proportional to 1/k, log-normal norms.",
        embedding_rows,
    ),
    _null("rounded", "Ties", "32 independent normal columns rounded to whole numbers.", rounded_rows),
)


def _shift(
    code: str,
    title: str,
    size: float,
    unit: str,
    wording: str,
    transform: Callable[[Table, float, np.random.Generator], Table],
    largest: float = math.inf,
) -> Shift[Table]:
    null = code.partition(".")[0]
    return Shift(code, title, TABLE, null, size, unit, wording, "definition", transform, largest=largest)


_ONE = partial(mean_moved, columns=1)

GAUSSIAN_SHIFTS: tuple[Shift[Table], ...] = (
    _shift(
        "gaussian.mean-all",
        "Mean of all dimensions",
        0.25,
        "standard deviations",
        "{size:g} standard deviations are added to every dimension.",
        mean_moved,
    ),
    _shift(
        "gaussian.mean-one",
        "Mean of one dimension",
        0.5,
        "standard deviations",
        "{size:g} standard deviations are added to the first dimension.",
        _ONE,
    ),
    _shift(
        "gaussian.norm-10",
        "Norms of normal rows grow by 10%",
        0.1,
        "share of the norm",
        "Every row is multiplied by 1 + {size:g}: scale grows, direction stays.",
        scaled,
    ),
    _shift(
        "gaussian.correlation",
        "Dimensions become correlated",
        0.1,
        "correlation",
        "All pairs of dimensions get correlation {size:g}; every dimension stays standard normal.",
        correlated,
        1.0,
    ),
    _shift(
        "gaussian.heavy-tails",
        "Tails become heavy",
        0.2,
        "1 / degrees of freedom",
        "Rows become multivariate t with 1/{size:g} degrees of freedom, variances kept.",
        heavy_tailed,
        0.49,
    ),
    _shift(
        "gaussian.mixture",
        "A second component",
        0.05,
        "share of rows",
        "1 standard deviation is added to every dimension of {size:.0%} of rows.",
        partial(displaced, by=1.0),
        1.0,
    ),
    _shift(
        "embedding.mean-all",
        "Mean of all dimensions of embeddings",
        0.25,
        "standard deviations",
        "{size:g} standard deviations are added to every dimension.",
        mean_moved,
    ),
    _shift(
        "embedding.norm-10",
        "Norms of embeddings grow by 10%",
        0.1,
        "share of the norm",
        "Every row is multiplied by 1 + {size:g}: scale grows, direction stays.",
        scaled,
    ),
)
