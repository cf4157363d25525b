"""Evidence about distances between distribution functions, column by column: what such tests share.

A distance is a norm of the difference ``F - G`` of a column's two distribution functions: its largest
absolute value (Kolmogorov–Smirnov) or its root mean square (Cramér–von Mises). Of all columns the largest
distance counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud.domain.verdict import Contribution
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.permuting import critical_value, permutation_test
from ombud_monitors.two_sample.unit_curves import UnitCurves

__all__ = ["COVERAGE", "UNIT", "Moved", "contributions", "means_of", "most_moved", "permuted_evidence"]

UNIT = "difference of probabilities"
COVERAGE = 0.95
POWER_Z = 0.8416212335729143
"""Standard normal quantile of power .8."""
_SHOWN = 5

Norm = Callable[[NDArray[np.float32], NDArray[np.float64]], NDArray[np.float64]]
"""``(p, K)`` differences and ``(K,)`` shares of the pooled rows → ``(p,)`` distances."""


@dataclass(frozen=True, eq=False)
class Moved:
    """Evidence about all columns, and how far each moved.

    Args:
        evidence: Without causes.
        distances: ``(d,)`` distance of each column.
    """

    evidence: Evidence
    distances: NDArray[np.float64]


def permuted_evidence(
    curves: UnitCurves, norm: Norm, *, wobble: float, permutations: int, level: float, seed: int
) -> Moved:
    """Judge the largest distance against whole units permuted between the windows.

    Every split's distances are divided by the standard error of a difference at that split, so that units of
    unequal size stay comparable; the largest over the columns then has a p-value that holds for all of them.
    The interval takes the permuted windows' distances as those of ``F - G`` around its mean, as in
    :mod:`~ombud_monitors.two_sample.kolmogorov`.

    Args:
        curves: Distribution functions of the units.
        norm: The distance.
        wobble: Largest standard deviation of the distance where the windows differ, as a multiple of the
            standard error: .5 for the largest absolute value, ``1 / pi`` for the root mean square.
        permutations: Random splits at most.
        level: Level that the minimum detectable effect refers to.
        seed: Seed of the splits.
    """
    dimensions = curves.numbers.shape[1]
    shares = [curves.shares(j) for j in range(dimensions)]

    def each(splits: NDArray[np.bool_]) -> NDArray[np.float64]:
        weights, divisor = curves.weights(splits)
        apart = (norm(curves.differences(j, weights), shares[j]) for j in range(dimensions))
        return np.stack([distance / np.sqrt(divisor) for distance in apart], axis=1)

    # Distances are summed in single precision: equal splits differ in their seventh digit.
    found = permutation_test(
        lambda splits: each(splits).max(axis=1),
        curves.units,
        permutations=permutations,
        seed=seed,
        tolerance=1e-5,
    )
    observed = curves.units.in_current[None]
    error = float(np.sqrt(curves.weights(observed)[1][0]))
    null = found.null if len(found.null) else np.array([found.observed])
    effect, half = found.observed * error, critical_value(null, 1 - COVERAGE) * error
    reach = (critical_value(null, level) + POWER_Z * wobble) * error
    evidence = Evidence(
        statistic=effect,
        p_value=found.p_value,
        effect=effect,
        effect_unit=UNIT,
        effect_low=max(effect - half, 0.0),
        effect_high=min(effect + half, 1.0),
        minimum_detectable_effect=min(reach, 1.0),
    )
    return Moved(evidence, each(observed)[0] * error)


def most_moved(distances: NDArray[np.float64]) -> NDArray[np.int64]:
    """Up to five columns, the largest distance first.

    Example:
        >>> most_moved(np.array([0.1, 0.4, 0.2])).tolist()
        [1, 2, 0]
    """
    return np.argsort(-distances, kind="stable")[:_SHOWN]


def means_of(rows: NDArray[Any], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Means of some columns of ``(n, d)`` rows."""
    # A product with equal weights: a mean along the first axis of a few columns is many times slower.
    return np.asarray(np.full(len(rows), 1 / len(rows)) @ rows[:, columns].astype(np.float64))


def contributions(
    columns: Sequence[int] | NDArray[np.int64],
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    deviation: NDArray[np.float64],
) -> tuple[Contribution, ...]:
    """What moved, from the columns' means in both windows and standard deviation in the reference."""
    return tuple(
        Contribution(f"column {j}", float(r), float(c), float((c - r) / (s or 1.0)))
        for j, r, c, s in zip(columns, reference, current, deviation, strict=True)
    )
