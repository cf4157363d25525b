"""Did the joint distribution change? Energy distance with permutations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.cells import cells
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.mmd import median_distance
from ombud_monitors.two_sample.quadratic_test import quadratic_test
from ombud_monitors.two_sample.standardised import moments, resemblance, standardised_rows
from ombud_monitors.two_sample.tiles import QuadraticForms, distance_kernel
from ombud_monitors.two_sample.windows import Windows

__all__ = ["Energy"]

DOUBLE_COLUMNS = 64
"""Columns up to which distances are computed in double precision: few columns have many nearly equal rows,
which single precision does not tell apart; with more the products would cost more than all the rest."""


@dataclass(frozen=True)
class Energy(TwoSampleTest):
    """Energy distance, exact, with permutations.

    Formula: ``E = 2 E|X - Y| - E|X - X'| - E|Y - Y'|`` with Euclidean distances, which is ``v' K v`` for
    ``K_ij = -|x_i - x_j|`` and contrasts ``v`` as for :class:`~ombud_monitors.two_sample.MMD`; the
    permutation test is exact in the same way. There is no bandwidth to choose. The effect is ``E`` beyond
    what the permutations expect, with an interval from
    :mod:`~ombud_monitors.two_sample.quadratic_test`; a small shift of ``delta`` standard deviations along
    one of ``d`` standardised columns makes it about ``delta^2 / sqrt(2 d)``.

    Cost: that of ``MMD``.

    Args:
        permutations: Random splits drawn at most; fewer splits are enumerated.
        level: Level of a bare verdict.
        standardise: Whether every column is divided by its standard deviation over both windows. Without,
            distances are in the columns' own unit, which all of them must then share.
        max_rows: Rows used of each window; more are subsampled by the seed, blind to their values. None
            uses all.

    Source: Székely & Rizzo, "Energy statistics: a class of statistics based on distances", J. Stat. Plan.
        Inference 143 (2013).
    Limits: needs a finite mean; power falls with dimension when few dimensions move. Long tails weigh more
        than with ``MMD``. With more than 64 columns rows closer than a thousandth of the median distance
        count as equal.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = Energy(permutations=100).fit(rng.normal(size=(90, 3)))
        >>> fitted.test(rng.normal(0.6, size=(80, 3)), seed=1).fired
        True
    """

    name: ClassVar[str] = "energy"

    permutations: int = 199
    standardise: bool = True
    max_rows: int | None = None

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        rng = np.random.default_rng(seed)
        windows = windows.subsampled(self.max_rows, rng)
        mean, deviation = moments(windows)
        # Raw columns share one scale, so that no unit of measurement leaves the range of single precision.
        common = 1.0 if self.standardise else float(np.sqrt(np.square(deviation).mean()))
        scale = deviation if self.standardise else np.where(deviation > 0, common, 0.0)
        typical = median_distance(windows, mean, scale, rng)
        precision = np.float64 if len(mean) <= DOUBLE_COLUMNS else np.float32
        rows: NDArray[Any] = np.empty((len(windows.units.of_row), len(mean) + 2), precision)
        standardised_rows(windows, mean, scale, rows[:, :-2])
        units = cells(windows.units, rng)
        forms = QuadraticForms(rows, distance_kernel(typical), units)

        def in_own_unit(v: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            values, witness = forms(v)
            return values * common, witness * common

        return quadratic_test(
            in_own_unit,
            units,
            rho=resemblance(windows, scale),
            permutations=self.permutations,
            level=self.level,
            seed=seed,
            unit="standard deviations" if self.standardise else "columns' unit",
        )
