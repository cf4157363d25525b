"""Sequential ranks: where each row's scores stand among all that came before it.

Of ``n`` earlier rows let ``below`` lie in lower bins and ``beside`` in the same bin. With ``U`` uniform,

    u = (below + U (beside + 1)) / (n + 1),

and then the row is counted. If all rows are exchangeable (reference and stream alike), the row's rank among
the ``n + 1`` is uniform whatever its distribution, ties included, and the ranks of one score are independent
over time: ``u_1, u_2, ...`` are i.i.d. uniform, exactly. Bins make the score discrete, nothing more.

Source: Bhattacharya & Frierson, "A nonparametric control chart for detecting small disorders", Annals of
    Statistics 9 (1981); Vovk, Gammerman & Shafer, "Algorithmic learning in a random world" (2005), chapter 8.
Limits: a change that goes unnoticed for long becomes part of the past; ranks then fade by the share of
    changed rows. Ranks of *different* scores depend on each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.sequential.streaming.bins import Bins

__all__ = ["SequentialRanks"]

Matrix = NDArray[np.float64]


@dataclass(eq=False)
class SequentialRanks:
    """Counts in the bins of every score, and the ranks that they give.

    Args:
        bins: The bins.
        below: ``(k, e + 2)`` rows at or below each edge, whole numbers; 0 first and ``n`` last.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> past = rng.normal(size=(500, 2))
        >>> ranks = SequentialRanks.of(Bins.fit(past[:200]), past[200:])
        >>> ranks.rows, bool(ranks.next(np.array([5.0, -5.0]), np.array([0.5, 0.5]))[0] > 0.99)
        (300, True)
    """

    bins: Bins
    below: Matrix

    def __post_init__(self) -> None:
        size = self.bins.size
        # Row b raises by one all edges at or above place b.
        self._steps = (np.arange(size) >= np.arange(size)[:, None]).astype(np.float64)
        self._raise = np.empty(self.below.shape)
        self._first = self.bins.first
        # With a spare cell in front, one place reads the edge below in one view, the edge above in the other.
        spared = np.zeros(self.below.size + 1)
        spared[1:] = self.below.ravel()
        self.below = spared[1:].reshape(self.below.shape)
        self._lower, self._upper = spared[:-1], spared[1:]

    @classmethod
    def of(cls, bins: Bins, past: Matrix) -> SequentialRanks:
        """Count past scores ``(n, k)``."""
        counts = np.bincount(bins.places(past).ravel(), minlength=len(bins.edges) * bins.size)
        return cls(bins, counts.reshape(-1, bins.size).cumsum(axis=1).astype(np.float64))

    @property
    def rows(self) -> int:
        """Rows counted so far, ``n``."""
        return int(self.below[0, -1])

    def next(self, scores: Matrix, uniform: Matrix) -> Matrix:
        """Ranks in (0, 1) of one row's scores ``(k,)``, which is then counted.

        Args:
            scores: ``(k,)``.
            uniform: ``(k,)`` independent uniform numbers in [0, 1).
        """
        places = self.bins.places(scores)
        lower, upper = self._lower.take(places), self._upper.take(places)
        after = self._count(places - self._first)
        return _ranks(lower, upper, uniform, 1 / after)

    def many(self, scores: Matrix, uniform: Matrix) -> Matrix:
        """The same for rows ``(n, k)``, one after the other."""
        places = self.bins.places(scores)
        bins = places - self._first
        lower, upper, shares = np.empty(places.shape), np.empty(places.shape), np.empty((len(places), 1))
        for t, place in enumerate(places):
            self._lower.take(place, None, lower[t], "clip")
            self._upper.take(place, None, upper[t], "clip")
            shares[t] = 1 / self._count(bins[t])
        return _ranks(lower, upper, uniform, shares)

    def _count(self, bins: NDArray[np.intp]) -> float:
        """Count a row, and say how many there are now."""
        self._steps.take(bins, 0, self._raise, "clip")
        self.below += self._raise
        return float(self.below[0, -1])


def _ranks(lower: Matrix, upper: Matrix, uniform: Matrix, share: Matrix | float) -> Matrix:
    upper -= lower
    upper *= uniform
    upper += lower
    upper += uniform
    upper *= share
    return upper
