"""Telling: which statistic spoke loudest, and its effect with interval in its own unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri_exp
from scipy.stats import t as student

from ombud.domain.verdict import Contribution
from ombud_monitors.two_sample.aggregated.combination import POWER, Combination
from ombud_monitors.two_sample.aggregated.shared_splits import SharedSplits
from ombud_monitors.two_sample.aggregated.view import Reduction
from ombud_monitors.two_sample.contrasts import contrasts
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.permuting import Permuted, critical_value
from ombud_monitors.two_sample.quadratic_test import linear_variance

__all__ = ["told"]

COVERAGE = 0.95
POWER_Z = 0.8416212335729143
"""Standard normal quantile of power .8."""
_NAMED = 3
"""Statistics named at most."""


@dataclass(frozen=True)
class _Effect:
    """An effect with its interval and the smallest one that would have been detected."""

    size: float
    low: float | None
    high: float | None
    detectable: float


def told(shared: SharedSplits, combination: Combination, found: Permuted, *, level: float) -> Evidence:
    """Evidence about the most telling statistic, which is the largest term of the combination.

    The effect of a *largest* difference is the difference of that feature, with Student's interval shared by
    all features of the statistic (Bonferroni); that of a *sum of squares* is the sum beyond what splits
    expect, with the interval of :mod:`~ombud_monitors.two_sample.quadratic_test`. The smallest detectable
    effect is the one at which this statistic alone, the others being as usual, brings the combination to its
    critical value with power .8.

    Args:
        shared: All statistics.
        combination: What is usual, and weights.
        found: The permutation test of the combination.
        level: Level of the test.
    """
    observed = shared.units.in_current[None]
    values = shared.statistics(observed)
    terms, surprise = combination.terms(values)[0], combination.surprise(values)[0]
    ranking = np.argsort(-terms, kind="stable")
    best = int(ranking[0])
    # A statistic spoke if its own p-value reaches its share of the level (weighted Bonferroni).
    spoke = [int(k) for k in ranking if surprise[k] >= -np.log(level * shared.weights[k])]
    place = shared.places[best]
    required = float(combination.statistic_at(_required_deviate(combination, found, best, level))[best])
    if place.statistic.reduction is Reduction.LARGEST:
        column, effect = _largest(shared, best, required)
        label = f" ({place.labels[column]})"
    else:
        effect, label = _sum(shared, combination, best, required), ""
    also = "; then ".join(shared.places[k].statistic.sees for k in spoke[:_NAMED] if k != best)
    return Evidence(
        statistic=found.observed,
        p_value=found.p_value,
        effect=effect.size,
        effect_unit=place.statistic.unit,
        effect_low=effect.low,
        effect_high=effect.high,
        minimum_detectable_effect=effect.detectable,
        causes=tuple(_contribution(shared, combination, values[0], k) for k in spoke[:_NAMED]),
        note=f"Most telling: {place.statistic.sees}{label}{f'; then {also}' if also else ''}.",
    )


def _required_deviate(combination: Combination, found: Permuted, best: int, level: float) -> float:
    """Normal deviate of a statistic that brings the combination to its critical value on its own."""
    null = found.null if len(found.null) else np.array([found.observed])
    usual = float(np.median(null))
    critical = max(critical_value(null, level), usual)
    weight = float(combination.weights[best])
    # exp(r C) is the sum of all terms; what the usual others bring is taken off.
    beyond = np.exp(POWER * (critical - usual)) - (1 - weight)
    surprise = usual + (np.log(beyond) - np.log(weight)) / POWER
    return -float(ndtri_exp(-max(surprise, 1e-3)))


def _largest(shared: SharedSplits, which: int, required: float) -> tuple[int, _Effect]:
    """The feature that differs most, and its effect."""
    units, part = shared.units, shared.places[which].part
    differences = shared.differences(units.in_current[None])[0, part]
    excess = shared.excess(units.in_current[None])
    factor = np.ones(len(differences)) if excess is None else np.sqrt(excess[which][0])
    differences = differences / factor
    column = int(np.abs(differences).argmax())
    divisor = float(contrasts(units, units.in_current[None], shared.rho)[1][0])
    error = float(np.sqrt(divisor) * shared.scale[part][column] * factor[column])
    tail = (1 - COVERAGE) / 2 / len(differences)
    half = float(student.isf(tail, max(units.size - 2, 1))) * error
    size = float(differences[column]) * error
    return column, _Effect(size, size - half, size + half, (required + POWER_Z) * error)


def _sum(shared: SharedSplits, combination: Combination, which: int, required: float) -> _Effect:
    """The sum of squares beyond what splits expect."""
    units, part = shared.units, shared.places[which].part
    v, divisors = contrasts(units, units.in_current[None], shared.rho)
    excess = shared.excess(units.in_current[None])
    divisor = float(divisors[0]) * (1.0 if excess is None else float(excess[which][0, 0]))
    features = shared.features[:, part].astype(np.float64)
    difference = v[0] @ features
    size = float(difference @ difference) - float(combination.mean[which]) * divisor
    variance = (float(combination.deviation[which]) * divisor) ** 2
    linear = linear_variance(v[0], features @ difference, units)
    error = float(np.sqrt(max(linear - 2 * variance, 0.0) + variance))
    fewest = min(units.n_reference, units.n_current)
    half = float(student.isf((1 - COVERAGE) / 2, fewest - 1)) * error if fewest > 1 else None
    detectable = (required - float(combination.mean[which])) * divisor + POWER_Z * float(np.sqrt(variance))
    return _Effect(
        size, None if half is None else size - half, None if half is None else size + half, detectable
    )


def _contribution(
    shared: SharedSplits, combination: Combination, values: NDArray[np.float64], which: int
) -> Contribution:
    """A statistic: what splits expect, what was observed, and the difference in their standard deviations."""
    mean, deviation = float(combination.mean[which]), float(combination.deviation[which])
    observed = float(values[which])
    return Contribution(shared.places[which].statistic.sees, mean, observed, (observed - mean) / deviation)
