"""Did the length of rows change? Norms of rows and their spread, one p-value for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud.domain.verdict import Contribution
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.mean import compare_means
from ombud_monitors.two_sample.ranks import rank_features
from ombud_monitors.two_sample.windows import Windows

__all__ = ["NORMS", "Norms", "norm_contribution", "row_norms"]

NORMS = (
    "sum of absolute values",
    "Euclidean norm",
    "largest absolute value",
    "sum of absolute deviations from the mean",
    "Euclidean distance from the mean",
    "largest absolute deviation from the mean",
    "distance from the mean in standard deviations",
)
"""What :func:`row_norms` gives, in order."""


@dataclass(frozen=True)
class Norms(TwoSampleTest):
    """Largest shift in location or spread over several norms of the rows, on pooled ranks.

    Formula: every row becomes its 1-, 2- and maximum norm, about 0 and about the mean of both windows, and
    its Euclidean distance from that mean after every column was divided by its standard deviation over both
    windows (:func:`row_norms`). These seven columns are compared as by
    :class:`~ombud_monitors.two_sample.Ranks`: the exact permutation test of the largest ``|z|`` over ranks
    and their distances from the middle, with one shared set of permutations. Effect: the norm that moved
    most, in standard deviations of its rank (or of its rank's distance from the middle).

    Args:
        permutations: Random splits drawn at most; fewer splits are enumerated.
        level: Level of a bare verdict.

    Source: Lepage (1971) for ranks of location and spread, Westfall & Young (1993) for the maximum. A change
        of gain multiplies every norm and moves no direction, which is why tests of means and kernels miss it.
    Limits: six of the seven norms are dominated by the columns with the largest numbers; they are meant for
        columns that share a unit, such as embeddings. Blind to rotations.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x, y = rng.normal(size=(300, 32)), 1.1 * rng.normal(size=(200, 32))
        >>> verdict = Norms().fit(x).test(y, seed=0)
        >>> verdict.fired, verdict.causes[0].name, verdict.causes[0].current > verdict.causes[0].reference
        (True, 'Euclidean norm', True)
    """

    name: ClassVar[str] = "norms"

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        lengths = row_norms(windows.pooled)
        found = compare_means(
            rank_features(lengths),
            windows.units,
            alternative="two-sided",
            permutations=self.permutations,
            level=self.level,
            seed=seed,
        )
        which = found.column % len(NORMS)
        what = "level" if found.column < len(NORMS) else "spread"
        moved = norm_contribution(lengths, windows.n_reference, which)
        return replace(
            found.in_deviations(), causes=(moved,), note=f"Most moved: {what} of the {moved.name}."
        )


def row_norms(pooled: NDArray[Any]) -> NDArray[np.float64]:
    """Seven lengths of every row, as :data:`NORMS` names them.

    Args:
        pooled: ``(n, d)`` rows of both windows.

    Returns:
        ``(n, 7)``.

    Example:
        >>> row_norms(np.array([[3.0, 4.0], [-3.0, -4.0]]))[1].round(2).tolist()
        [7.0, 5.0, 4.0, 7.0, 5.0, 4.0, 1.41]
    """
    rows = pooled.astype(np.float64, copy=False)
    centred = rows - rows.mean(axis=0)
    deviation = centred.std(axis=0)
    scaled = centred / np.where(deviation > 0, deviation, 1.0)
    lengths = [length for x in (rows, centred) for length in (_one(x), _two(x), _largest(x))]
    return np.column_stack([*lengths, _two(scaled)])


def norm_contribution(lengths: NDArray[np.float64], n_reference: int, which: int) -> Contribution:
    """How much one of the seven lengths moved.

    Args:
        lengths: ``(n, 7)`` of :func:`row_norms`, reference first.
        n_reference: Rows of the reference.
        which: Its place in :data:`NORMS`.
    """
    before, after = lengths[:n_reference, which], lengths[n_reference:, which]
    moved = float(after.mean() - before.mean())
    return Contribution(
        NORMS[which], float(before.mean()), float(after.mean()), moved / (float(before.std()) or 1.0)
    )


def _one(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.abs(x).sum(axis=1))


def _two(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", x, x)))


def _largest(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.abs(x).max(axis=1))
