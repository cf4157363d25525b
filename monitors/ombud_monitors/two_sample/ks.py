"""Did any column's distribution change? Kolmogorov–Smirnov per dimension, corrected for their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstwo

from ombud.domain.verdict import Contribution
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.permuting import critical_value, permutation_test
from ombud_monitors.two_sample.windows import Windows

__all__ = ["KS", "ks_distances"]


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
class KS(TwoSampleTest):
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

    name: ClassVar[str] = "ks"

    def permutes(self, units: Exchangeable) -> bool:
        """Clusters are permuted; independent rows have Kolmogorov's distribution."""
        return units.clustered

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        units, pooled = windows.units, windows.pooled
        n, m, dimensions = windows.n_reference, windows.n_current, pooled.shape[1]

        def each(splits: NDArray[np.bool_]) -> NDArray[np.float64]:
            weights = _row_weights(splits[:, units.of_row])
            return np.stack([ks_distances(pooled[:, j], weights) for j in range(dimensions)], axis=1)

        distances = each(units.in_current[None])[0]
        largest = float(distances.max())
        if units.clustered:
            found = permutation_test(
                lambda splits: each(splits).max(axis=1), units, permutations=self.permutations, seed=seed
            )
            p_value, critical = found.p_value, critical_value(found.null, self.level)
        else:
            size = max(round(n * m / (n + m)), 1)
            p_value = float(np.clip(kstwo.sf(largest, size) * dimensions, 1e-300, 1.0))
            critical = float(kstwo.isf(self.level / dimensions, size))
        # The distance of a shifted column varies by about .5 / sqrt(effective n) around its mean.
        spread = 0.5 * float(np.sqrt(1 / units.n_reference + 1 / units.n_current))
        return Evidence(
            statistic=largest,
            p_value=p_value,
            effect=largest,
            effect_unit="difference of probabilities",
            effect_low=max(largest - 2 * spread, 0.0),
            effect_high=min(largest + 2 * spread, 1.0),
            minimum_detectable_effect=min(critical + 0.84 * spread, 1.0),
            causes=_moved(windows.reference, windows.current, distances),
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
