"""Did a mean move? The exact permutation test behind every monitor that compares averages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud_monitors.detector import FEATURES, declined, digest, matrix, same_width
from ombud_monitors.two_sample.assignments import assignments, permutation_p_value
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.unit_means import UnitMeans

__all__ = ["Alternative", "FittedMean", "Mean", "MeanEvidence", "compare_means"]

Alternative = Literal["two-sided", "less", "greater"]
POWER = 0.8


@dataclass(frozen=True)
class MeanEvidence:
    """What a comparison of means found.

    Args:
        statistic: Largest z-score over the columns, in the direction asked for.
        p_value: Family-wise over the columns; never 0.
        column: Index of the column with the largest z-score.
        difference: Its mean, current minus reference, in its own unit.
        scale: Its standard deviation per row.
        minimum_detectable: Smallest difference of that column, in its own unit, that comes out at
            the level with power .8; estimated from the permutations of the windows with their means
            taken out, so a shift in this window does not blur it.
    """

    statistic: float
    p_value: float
    column: int
    difference: float
    scale: float
    minimum_detectable: float


def compare_means(
    values: NDArray[np.float64],
    units: Exchangeable,
    *,
    alternative: Alternative,
    permutations: int,
    level: float,
    seed: int,
) -> MeanEvidence:
    """Test whether any column's mean differs between the windows.

    Args:
        values: ``(n, d)`` pooled rows, reference first; NaN where undefined.
        units: Their exchangeable units.
        alternative: ``less`` looks for a fall of the current window, ``greater`` for a rise.
        permutations: Random splits to draw where there are too many to enumerate.
        level: Level that ``minimum_detectable`` refers to.
        seed: Seed of the draws.

    Example:
        >>> x = np.r_[np.zeros(6), np.ones(4)][:, None]
        >>> rise = {"alternative": "greater", "permutations": 999, "level": 0.05, "seed": 0}
        >>> compare_means(x, Exchangeable.of(6, 4), **rise).p_value == 1 / 210
        True
    """
    means = UnitMeans.of(values, units)
    splits = assignments(units, permutations, seed)
    differences, z = means.differences(splits)
    column = int(_toward(z[0], alternative).argmax())
    family = _toward(z, alternative).max(axis=1)
    # What power .8 takes: the critical value, less what the null reaches downwards one time in five.
    _, null_z = means.without_shift(units.in_current).differences(splits)
    critical = _upper_quantile(_toward(null_z, alternative).max(axis=1), level)
    signed = -null_z[:, column] if alternative == "less" else null_z[:, column]
    reach = max(critical - float(np.quantile(signed, 1 - POWER)), 0.0)
    return MeanEvidence(
        statistic=float(family[0]),
        p_value=permutation_p_value(family),
        column=column,
        difference=float(differences[0, column]),
        scale=float(means.scale[column]),
        minimum_detectable=reach * float(means.standard_error(units.in_current)[column]),
    )


def _toward(z: NDArray[np.float64], alternative: Alternative) -> NDArray[np.float64]:
    """Scores turned so that large means "moved in the direction asked for"."""
    return np.abs(z) if alternative == "two-sided" else -z if alternative == "less" else z


def _upper_quantile(values: NDArray[np.float64], level: float) -> float:
    """Smallest value that at most a share ``level`` of the values exceed."""
    return float(np.sort(values)[math.ceil((1 - level) * len(values)) - 1])


@dataclass(frozen=True)
class Mean:
    """Permutation test of means, the largest standardised difference over the columns.

    Formula: ``T = max_d z_d``, with ``z_d`` of :mod:`~ombud_monitors.two_sample.unit_means` in the
    direction of ``alternative``; all columns share one set of permutations, so the p-value holds
    family-wise whatever their dependence. Effect in standard deviations of the column that moved most.

    Args:
        alternative: ``two-sided``, ``less`` or ``greater`` (current against reference).
        permutations: Random splits drawn when there are more; fewer splits are enumerated.
        level: Level of a bare verdict.

    Source: Westfall & Young, *Resampling-Based Multiple Testing* (1993).
    Limits: sees means only; :class:`~ombud_monitors.two_sample.Ranks` also sees spread and shape.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> who = np.repeat(list("abcdef"), 20)
        >>> fitted = Mean("less", level=0.01).fit(rng.normal(size=120), clusters=who)
        >>> verdict = fitted.test(rng.normal(size=40), clusters=["y", "z"] * 20, seed=0)
        >>> print(verdict.reason.replace(", ", ",\\n").replace("; ", ";\\n"))
        6 clusters in the reference and 2 in the current window allow 28 distinct splits,
        so no p-value below 0.036 where 0.01 is wanted;
        4 clusters in the current window would do.
    """

    alternative: Alternative = "two-sided"
    permutations: int = 999
    level: float = 0.05

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        return "mean"

    def fit(self, reference: ArrayLike, *, clusters: ArrayLike | None = None) -> FittedMean:
        """Bind to a reference window ``(n, d)``; NaN cells mean "undefined here".

        Raises:
            BadInput: The reference is empty, not numeric or infinite.
        """
        x = matrix(reference, window="reference", undefined=True)
        return FittedMean(self, x, None if clusters is None else np.asarray(clusters).astype(np.str_))


@dataclass(frozen=True, eq=False)
class FittedMean:
    """:class:`Mean` with its reference window."""

    detector: Mean
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
        x, y = self.reference, matrix(current, window="current", undefined=True)
        same_width(x, y)
        units = Exchangeable.of(len(x), len(y), self.clusters, clusters)
        settings = self.detector
        if reason := units.refusal(settings.level, settings.permutations):
            return declined(settings.name, reason, n_reference=len(x), n_current=len(y))
        found = compare_means(
            np.concatenate([x, y]),
            units,
            alternative=settings.alternative,
            permutations=settings.permutations,
            level=settings.level,
            seed=seed,
        )
        one = found.scale or 1.0
        return Verdict(
            monitor=settings.name,
            modality=FEATURES,
            detector=settings.name,
            outcome=Outcome.DRIFT if found.p_value <= settings.level else Outcome.QUIET,
            grade=Grade.CHANGED,
            n_reference=len(x),
            n_current=len(y),
            clusters_reference=units.n_reference if units.clustered else None,
            clusters_current=units.n_current if units.clustered else None,
            statistic=found.statistic,
            p_value=found.p_value,
            threshold=settings.level,
            effect=found.difference / one,
            effect_unit="standard deviations",
            minimum_detectable_effect=found.minimum_detectable / one,
            reason="" if units.clustered else "No clusters were given: rows were taken as independent.",
        )
