"""Did any of several unlike quantities move or spread? Ranks, one p-value for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud_monitors.detector import FEATURES, declined, digest, matrix, same_width
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.mean import compare_means

__all__ = ["FittedRanks", "Ranks", "rank_features"]


def rank_features(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Location and spread of every column, free of its unit and of outliers.

    Args:
        values: ``(n, d)`` pooled rows; NaN where undefined.

    Returns:
        ``(n, 2 d)``: the centred mid-rank in (-1, 1), then its distance from the middle. Ties share a
        rank; NaN stays NaN.

    Example:
        >>> rank_features(np.array([[1.0], [5.0], [900.0], [np.nan]])).round(2).tolist()
        [[-0.67, 0.67], [0.0, 0.0], [0.67, 0.67], [nan, nan]]
    """
    ranks = rankdata(values, axis=0, nan_policy="omit")
    defined = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    location = (2 * ranks - 1) / defined - 1
    return np.concatenate([location, np.abs(location)], axis=1)


@dataclass(frozen=True)
class Ranks:
    """Largest shift in location or spread over columns, on pooled ranks.

    Formula: every column becomes its centred mid-rank ``r`` and the distance ``|r|``; then
    ``T = max |z|`` over all of them, as in :class:`~ombud_monitors.two_sample.Mean`, with one shared
    set of permutations. Ranks are taken over both windows together, so the test stays exact. Effect:
    the location or spread that moved most, in standard deviations of its rank.

    Args:
        permutations: Random splits drawn when there are more; fewer splits are enumerated.
        level: Level of a bare verdict.

    Source: Lepage, "A combination of Wilcoxon's and Ansari-Bradley's statistics" (1971), with the
        maximum of Westfall & Young (1993) instead of a sum.
    Limits: looks at columns one by one; a change of dependence alone is for
        :class:`~ombud_monitors.two_sample.MMD`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = Ranks().fit(rng.normal(size=(300, 5)))
        >>> fitted.test(rng.normal(size=(200, 5)) * [1, 1, 1, 1, 2], seed=0).fired
        True
    """

    permutations: int = 999
    level: float = 0.05

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        return "ranks"

    def fit(self, reference: ArrayLike, *, clusters: ArrayLike | None = None) -> FittedRanks:
        """Bind to a reference window ``(n, d)``; NaN cells mean "undefined here".

        Raises:
            BadInput: The reference is empty, not numeric or infinite.
        """
        x = matrix(reference, window="reference", undefined=True)
        return FittedRanks(self, x, None if clusters is None else np.asarray(clusters).astype(np.str_))


@dataclass(frozen=True, eq=False)
class FittedRanks:
    """:class:`Ranks` with its reference window."""

    detector: Ranks
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
            rank_features(np.concatenate([x, y])),
            units,
            alternative="two-sided",
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
