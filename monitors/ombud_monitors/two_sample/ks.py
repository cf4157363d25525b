"""Did any column's distribution change? Kolmogorov–Smirnov per dimension, corrected for their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kstwo

from ombud.domain.verdict import Contribution, Grade, Outcome, Verdict
from ombud_monitors.detector import FEATURES, declined, digest, matrix, same_width
from ombud_monitors.two_sample.assignments import assignments, permutation_p_value
from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["KS", "FittedKS", "ks_distances"]


def ks_distances(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest vertical distance between two weighted distribution functions, for many splits.

    Args:
        values: ``(n,)`` pooled column.
        weights: ``(p, n)``, positive over the current window and summing to 1 there, negative over
            the reference and summing to -1.

    Returns:
        ``(p,)`` distances in [0, 1]; tied values step together.

    Example:
        >>> ks_distances(np.array([1.0, 2.0, 2.0, 3.0]), np.array([[-0.5, -0.5, 0.5, 0.5]])).tolist()
        [0.5]
    """
    order = np.argsort(values, kind="stable")
    sorted_values = values[order]
    last_of_tie = np.append(sorted_values[1:] != sorted_values[:-1], True)
    gaps = np.abs(np.cumsum(weights[:, order], axis=1)[:, last_of_tie])
    return np.asarray(gaps.max(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class KS:
    """Kolmogorov–Smirnov test of every column, one p-value for all.

    Formula: ``D_j = sup_t |F_j(t) - G_j(t)|``. Independent rows: p-values of ``D_j`` at the effective
    size ``n m / (n + m)``, times the number of columns (Bonferroni). With clusters: ``max_j D_j``
    against whole clusters permuted between the windows, family-wise without Bonferroni's loss. The
    effect is the largest ``D_j``, a difference of probabilities.

    Args:
        permutations: Random splits of clusters; unused with independent rows.
        level: Level of a bare verdict.

    Source: Kolmogorov (1933); Smirnov (1948); Simard & L'Ecuyer, J. Stat. Softw. 39 (2011).
    Limits: conservative on discrete data; columns one by one, so blind to a change of dependence.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = KS().fit(rng.normal(size=(200, 4)))
        >>> verdict = fitted.test(rng.normal(size=(150, 4)) + [0, 0, 1, 0], seed=0)
        >>> verdict.fired, verdict.causes[0].name
        (True, 'column 2')
    """

    permutations: int = 999
    level: float = 0.05

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        return "ks"

    def fit(self, reference: ArrayLike, *, clusters: ArrayLike | None = None) -> FittedKS:
        """Bind to a reference window ``(n, d)``.

        Raises:
            BadInput: The reference is empty, not numeric or not finite.
        """
        x = matrix(reference, window="reference")
        return FittedKS(self, x, None if clusters is None else np.asarray(clusters).astype(np.str_))


@dataclass(frozen=True, eq=False)
class FittedKS:
    """:class:`KS` with its reference window."""

    detector: KS
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
        x, y = self.reference, matrix(current, window="current")
        same_width(x, y)
        settings, dimensions = self.detector, x.shape[1]
        units = Exchangeable.of(len(x), len(y), self.clusters, clusters)
        if units.clustered and (reason := units.refusal(settings.level, settings.permutations)):
            return declined(settings.name, reason, n_reference=len(x), n_current=len(y))
        pooled = np.concatenate([x, y])
        observed = _row_weights(units.in_current[None, units.of_row])
        distances = np.array([ks_distances(pooled[:, j], observed)[0] for j in range(dimensions)])
        if units.clustered:
            weights = _row_weights(assignments(units, settings.permutations, seed)[:, units.of_row])
            largest = np.zeros(len(weights))
            for j in range(dimensions):
                np.maximum(largest, ks_distances(pooled[:, j], weights), out=largest)
            p_value = permutation_p_value(largest)
            critical = float(np.quantile(largest[1:], 1 - settings.level)) if len(largest) > 1 else 1.0
        else:
            size = max(round(len(x) * len(y) / (len(x) + len(y))), 1)
            p_value = float(np.clip(kstwo.sf(distances.max(), size) * dimensions, 1e-300, 1.0))
            critical = float(kstwo.isf(settings.level / dimensions, size))
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
            statistic=float(distances.max()),
            p_value=p_value,
            threshold=settings.level,
            effect=float(distances.max()),
            effect_unit="difference of probabilities",
            # The distance of a shifted column varies by about .5 / sqrt(effective n) around its mean.
            minimum_detectable_effect=min(
                critical + 0.84 * 0.5 * float(np.sqrt(1 / units.n_reference + 1 / units.n_current)), 1.0
            ),
            reason="" if units.clustered else "No clusters were given: rows were taken as independent.",
            causes=_moved(x, y, distances),
        )


def _row_weights(current: NDArray[np.bool_]) -> NDArray[np.float64]:
    in_current = current.sum(axis=1, keepdims=True)
    return np.where(current, 1 / in_current, -1 / (current.shape[1] - in_current))


def _moved(
    x: NDArray[np.float64], y: NDArray[np.float64], distances: NDArray[np.float64]
) -> tuple[Contribution, ...]:
    top = np.argsort(-distances, kind="stable")[:5]
    return tuple(
        Contribution(
            name=f"column {j}",
            reference=float(x[:, j].mean()),
            current=float(y[:, j].mean()),
            effect=float((y[:, j].mean() - x[:, j].mean()) / (x[:, j].std() or 1.0)),
        )
        for j in top
    )
