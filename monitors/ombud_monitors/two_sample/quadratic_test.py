"""Permutation test of a quadratic form ``v' K v``, with an interval of its effect.

Contrasts ``v`` weigh units (:mod:`~ombud_monitors.two_sample.contrasts`); the statistic of a split is its
form over its divisor. The observed form is biased upwards: rows resemble themselves. What permutations
expect of it is that bias, and the **effect** is what goes beyond. Its variance has two parts (Hoeffding):

- ``L = 4 sum_c (sum_u in c v_u (w_u - mean w))^2`` over clusters ``c``, with the witness ``w = K v`` and its
  weighted mean in each window: what other rows from the same populations would have changed. It falls as
  ``1/n`` and vanishes where nothing changed;
- the variance ``V`` over permutations, which is all there is where nothing changed, and falls as ``1/n^2``.

Where nothing changed the noise of ``w`` alone makes ``L`` about ``2 V`` (both are sums of squares of the
centred kernel), so what a difference brings is ``max(L - 2 V, 0)``. It grows in proportion to the effect: an
effect ``t`` along an eigenvector of the kernel, of eigenvalue ``a``, has ``L(t) = 4 a t``. The slope is
estimated where the effect is, and drawn towards that of a small effect, the null's skewness times
``sqrt(V)``, which weighs eigenvectors by their part in ``V``: ``slope = (L - 2 V + skewness V) / (effect +
sqrt(V))``. The **interval** ends below at ``effect - q sqrt(V + V / B + L - 2 V)``, and above at the
largest ``t`` with ``t - effect <= q sqrt(V + V / B + slope t)``: an effect that came out small has an ``L``
that came out small as well, and would promise too much. ``V / B`` is for the mean over ``B`` permutations,
``q`` of Student's t with one degree of freedom less than there are units in the smaller window. With one
unit there, no spread can be known and there is no interval.

The **minimum detectable effect** exceeds the critical value ``c`` with power .8: ``t - c = 0.84 sqrt(V +
skewness sqrt(V) t)``. Along few directions it takes much more than ``V`` says.

Source: Gretton et al., "A kernel two-sample test", JMLR 13 (2012), section 6 and appendix B; Serfling,
    *Approximation Theorems of Mathematical Statistics* (1980), ch. 5.
Limits: the interval is asymptotic; where nothing changed it covers more often than promised.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from ombud_monitors.two_sample.contrasts import contrasts
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.permuting import critical_value, permutation_test

__all__ = ["Forms", "linear_variance", "quadratic_test"]

POWER = 0.8
TINY = float(np.finfo(np.float64).tiny)
COVERAGE = 0.95
MOST_SKEW = 2 * np.sqrt(2)
"""Skewness of a square of a normal variable: a null with one eigenvalue. More is sampling noise."""
TOLERANCE = 1e-5
"""Forms come in single precision: the same split reached in another order differs in its seventh digit."""
SPLITS = 64
"""Contrasts of unequal units made at a time in double precision: 10 MB at 20,000 units."""

Forms = Callable[[NDArray[np.float32]], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""``(p, u)`` contrasts → ``(p,)`` forms and the ``(u,)`` witness ``K v`` of the first contrast."""


def quadratic_test(
    forms: Forms, units: Exchangeable, *, rho: float, permutations: int, level: float, seed: int, unit: str
) -> Evidence:
    """Permute the contrasts of a quadratic form.

    Args:
        forms: The form; must not depend on which split was observed.
        units: What may move.
        rho: Intra-class correlation that units are weighted by.
        permutations: Random splits drawn at most; fewer splits are enumerated.
        level: Level that the minimum detectable effect refers to.
        seed: Seed of the draws.
        unit: Unit of the form.

    Example:
        >>> units, x = Exchangeable.of(6, 4), np.r_[np.zeros(6), np.ones(4)]
        >>> def squared_difference(v):
        ...     return (v @ x) ** 2, (v[0] @ x) * x
        >>> found = quadratic_test(
        ...     squared_difference, units, rho=0.0, permutations=999, level=0.05, seed=0, unit="squared"
        ... )
        >>> round(found.statistic, 6), found.p_value == 1 / 210
        (1.0, True)
    """
    witnesses: list[NDArray[np.float64]] = []

    def standardised(splits: NDArray[np.bool_]) -> NDArray[np.float64]:
        v, divisor = _single_contrasts(units, splits, rho)
        values, witness = forms(v)
        witnesses.append(witness)
        return values / divisor

    found = permutation_test(standardised, units, permutations=permutations, seed=seed, tolerance=TOLERANCE)
    observed, divisor = (part[0] for part in contrasts(units, units.in_current[None], rho))
    # The first split of the first batch is the observed one.
    linear = linear_variance(observed, witnesses[0], units)
    null = (found.null if len(found.null) else np.array([found.observed])) * divisor
    effect = found.observed * divisor - float(null.mean())
    low, high = _interval(effect, null, linear, min(units.n_reference, units.n_current))
    return Evidence(
        statistic=found.observed * divisor,
        p_value=found.p_value,
        effect=effect,
        effect_unit=unit,
        effect_low=low,
        effect_high=high,
        minimum_detectable_effect=_detectable(null, level),
    )


def linear_variance(
    contrast: NDArray[np.float64], witness: NDArray[np.float64], units: Exchangeable
) -> float:
    """``L``: the part of the variance that a real difference brings.

    Args:
        contrast: ``(u,)`` weights of the observed split.
        witness: ``(u,)`` kernel times contrast, averaged by unit.
        units: The units; a cluster seen in both windows counts once, with both its parts.

    Example:
        >>> v, witness = np.array([-0.5, -0.5, 1.0]), np.array([0.0, 0.2, 0.3])
        >>> round(linear_variance(v, witness, Exchangeable.of(2, 1)), 6)
        0.04
    """
    influence = np.zeros(units.size)
    correction = np.ones(units.size)
    for side in (units.in_current, ~units.in_current):
        weights = contrast[side]
        centre = weights @ witness[side] / weights.sum()
        influence[side] = weights * (witness[side] - centre)
        correction[side] = side.sum() / max(side.sum() - 1, 1)
    influence *= np.sqrt(correction)
    together = np.where(units.partner >= 0, influence[units.partner], 0.0)
    # Each of two partners carries half of the square of their sum.
    squares = (influence + together) ** 2 / np.where(units.partner >= 0, 2, 1)
    return 4 * float(squares.sum())


def _interval(
    effect: float, null: NDArray[np.float64], linear: float, fewest: int
) -> tuple[float | None, float | None]:
    """95% interval of an effect; see the module's text."""
    if fewest < 2:
        return None, None
    variance = float(null.var())
    noise, brought = variance * (1 + 1 / len(null)), max(linear - 2 * variance, 0.0)
    q = float(student.isf((1 - COVERAGE) / 2, fewest - 1))
    slope = (brought + _skewness(null) * variance) / max(max(effect, 0.0) + float(np.sqrt(variance)), TINY)
    half = effect + q**2 * slope / 2
    above = half + float(np.sqrt(max(half**2 - effect**2 + q**2 * noise, 0.0)))
    return effect - q * float(np.sqrt(noise + brought)), above


def _detectable(null: NDArray[np.float64], level: float) -> float:
    """Smallest effect that exceeds the critical value with power .8; see the module's text."""
    spread = float(null.std())
    critical = max(critical_value(null, level) - float(null.mean()), 0.0)
    z = float(norm.ppf(POWER))
    half = critical + z**2 * _skewness(null) * spread / 2
    return half + float(np.sqrt(max(half**2 - critical**2 + (z * spread) ** 2, 0.0)))


def _skewness(null: NDArray[np.float64]) -> float:
    spread = max(float(null.std()), TINY)
    return float(np.clip(np.mean(((null - null.mean()) / spread) ** 3), 0.0, MOST_SKEW))


def _single_contrasts(
    units: Exchangeable, splits: NDArray[np.bool_], rho: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """:func:`contrasts` in single precision, made without as many doubles in between."""
    if (units.rows == units.rows[0]).all():
        in_current = np.count_nonzero(splits, axis=1)[:, None]
        one, other = 1 / in_current, 1 / (units.size - in_current)
        v = np.where(splits, one.astype(np.float32), -other.astype(np.float32))
        return v, contrasts(units, units.in_current[None], rho)[1].repeat(len(splits))
    v, divisor = np.empty(splits.shape, np.float32), np.empty(len(splits))
    for start in range(0, len(splits), SPLITS):
        part = slice(start, start + SPLITS)
        v[part], divisor[part] = contrasts(units, splits[part], rho)
    return v, divisor
