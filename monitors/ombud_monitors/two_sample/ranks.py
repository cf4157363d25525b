"""Did any of several unlike quantities move or spread? Ranks, one p-value for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.mean import compare_means
from ombud_monitors.two_sample.windows import Windows

__all__ = ["Ranks", "rank_features"]


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
class Ranks(TwoSampleTest):
    """Largest shift in location or spread over columns, on pooled ranks.

    Formula: every column becomes its centred mid-rank ``r`` and the distance ``|r|``; then
    ``T = max |z|`` over all of them, as in :class:`~ombud_monitors.two_sample.Mean`, with one shared
    set of permutations. Ranks are taken over both windows together, so the test stays exact. Effect:
    the location or spread that moved most, in standard deviations of its rank.

    Args:
        permutations: Random splits drawn at most; fewer splits are enumerated.
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

    name: ClassVar[str] = "ranks"
    undefined: ClassVar[bool] = True

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        return compare_means(
            rank_features(windows.pooled),
            windows.units,
            alternative="two-sided",
            permutations=self.permutations,
            level=self.level,
            seed=seed,
        ).in_deviations()
