"""Combination: many statistics become one, by how unusual each is among splits that were drawn for that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

__all__ = ["Combination"]

POWER = 0.5
"""``r`` of the power mean. 1 is the harmonic mean, which listens to the smallest p-value alone; towards 0 it
becomes Fisher's sum, which listens to the average. Measured on 12 shifts of digits and Gaussian rows: 1, 1/2
and 1/4 have the same mean power within a point; smaller ones gain where several views see a little."""
_SKEWNESS = (0.05, 2.0)
"""Skewness allowed to sums of squares: nearly normal to exponential."""
_SMALL = -20.0
"""Logarithm of a p-value below which ``1 - (1 - p)^m`` is ``m p`` to the last digit."""


@dataclass(frozen=True, eq=False)
class Combination:
    """A power mean of approximate p-values.

    Formula: a *sum of squares* ``t`` has mean, standard deviation and skewness ``g`` over the calibration
    splits; ``x = (t - mean) / sd`` becomes a normal deviate as a gamma variable of shape ``a = 4 / g^2`` does
    (Wilson & Hilferty: the cube root of ``1 + x / sqrt(a)`` is nearly normal), and that a p-value. The
    *largest* ``t`` of several nearly normal differences has the p-value ``1 - (1 - 2 Phi(-t))^m``, ``m`` the
    effective number of differences: its maximum-likelihood estimate ``-1 / mean log(1 - 2 Phi(-t))`` over the
    calibration splits. Then

        C = log(sum_k w_k p_k^-r) / r

    with weights that sum to 1.

    Args:
        mean: ``(k,)`` means over the calibration splits.
        deviation: ``(k,)`` standard deviations; 1 for a statistic that never varies.
        shape: ``(k,)`` shapes of the gamma distributions of sums of squares.
        number: ``(k,)`` effective numbers of differences; 0 for sums of squares.
        weights: ``(k,)``, summing to 1.

    Source: Wilson & Hilferty, PNAS 17 (1931); Šidák, JASA 62 (1967); Vovk & Wang, "Combining p-values via
        averaging", Biometrika 107 (2020), for power means.
    Limits: the ``p_k`` are approximate and need not be valid: ``C`` is a statistic, and its own p-value comes
        from permutations.

    Example:
        >>> null = np.random.default_rng(0).chisquare(3, size=(5000, 1))
        >>> combination = Combination.of(null, np.ones(1), np.array([False]))
        >>> float(np.exp(-combination.surprise(np.array([[7.815]])))[0, 0].round(2))
        0.05
    """

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    shape: NDArray[np.float64]
    number: NDArray[np.float64]
    weights: NDArray[np.float64]

    @classmethod
    def of(
        cls, calibration: NDArray[np.float64], weights: NDArray[np.float64], largest: NDArray[np.bool_]
    ) -> Combination:
        """Learn what is usual.

        Args:
            calibration: ``(b, k)`` statistics of splits that are not used for the p-value.
            weights: ``(k,)``, summing to 1.
            largest: ``(k,)`` which statistics are the largest of several differences.
        """
        mean, deviation = calibration.mean(axis=0), calibration.std(axis=0)
        deviation = np.where(deviation > 1e-9 * np.abs(mean), deviation, 1.0)
        skewness = (((calibration - mean) / deviation) ** 3).mean(axis=0)
        number = -1 / np.minimum(_log_one(calibration).mean(axis=0), -1e-12)
        shape = 4 / np.clip(skewness, *_SKEWNESS) ** 2
        return cls(mean, deviation, shape, np.where(largest, number, 0.0), weights)

    def surprise(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(p, k)`` values of ``-log p_k``."""
        found = np.empty(values.shape)
        largest, a = self.number > 0, self.shape[self.number == 0]
        x = (values - self.mean)[:, ~largest] / self.deviation[~largest]
        cube = np.cbrt(np.maximum(1 + x / np.sqrt(a), 0.0))
        found[:, ~largest] = -log_ndtr(-(cube - (1 - 1 / (9 * a))) * 3 * np.sqrt(a))
        t, m = values[:, largest], self.number[largest]
        tail = np.log(2 * m) + log_ndtr(-t)
        together = -np.expm1(m * _log_one(t))
        found[:, largest] = -np.where(tail < _SMALL, tail, np.log(np.maximum(together, 1e-300)))
        return found

    def statistic_at(self, deviate: float) -> NDArray[np.float64]:
        """``(k,)`` values whose approximate p-value is that of a standard normal deviate."""
        a = self.shape
        cube = (deviate / (3 * np.sqrt(a)) + 1 - 1 / (9 * a)) ** 3
        total = self.mean + self.deviation * np.sqrt(a) * (cube - 1)
        one = -np.expm1(np.log1p(-ndtr(-deviate)) / np.maximum(self.number, 1e-9))
        return np.asarray(np.where(self.number > 0, -ndtri(one / 2), total))

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(p,)`` values of ``C`` for ``(p, k)`` statistics."""
        return np.asarray(np.logaddexp.reduce(self.terms(values), axis=1) / POWER)

    def terms(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(p, k)`` logarithms of the terms ``w_k p_k^-r``; the largest is the most telling statistic's."""
        return np.asarray(POWER * self.surprise(values) + np.log(self.weights))


def _log_one(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the chance that one normal difference stays below ``t`` in absolute value."""
    return np.asarray(np.log1p(-np.minimum(2 * ndtr(-t), 1 - 1e-12)))
