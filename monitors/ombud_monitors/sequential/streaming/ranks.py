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

MANY = 255
"""Rows that are ranked at once: their counts fit in a byte."""


@dataclass(eq=False)
class SequentialRanks:
    """Counts in the bins of every score, and the ranks that they give.

    Args:
        bins: The bins.
        below: ``(k, e + 2)`` rows at or below each edge, whole numbers; 0 first and ``n`` last.

    Attributes:
        rows: Rows counted so far, ``n``.

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
        raised = np.arange(size) >= np.arange(size)[:, None]
        self._raises, self._few = raised.astype(np.float64), raised.astype(np.uint8)
        self._raise = np.empty(self.below.shape)
        self._first = self.bins.first
        # With a spare cell in front, one place reads the edge below in one view, the edge above in the other.
        spared = np.zeros(self.below.size + 1)
        spared[1:] = self.below.ravel()
        self.below = spared[1:].reshape(self.below.shape)
        self._lower, self._upper = spared[:-1], spared[1:]
        self.rows = int(self.below[0, -1])

    @classmethod
    def of(cls, bins: Bins, past: Matrix) -> SequentialRanks:
        """Count past scores ``(n, k)``."""
        counts = np.bincount(bins.places(past).ravel(), minlength=len(bins.edges) * bins.size)
        return cls(bins, counts.reshape(-1, bins.size).cumsum(axis=1).astype(np.float64))

    def next(self, scores: Matrix, uniform: Matrix, *, scale: float = 1.0) -> Matrix:
        """Ranks in (0, 1), times ``scale``, of one row's scores ``(k,)``, which is then counted.

        Args:
            scores: ``(k,)``.
            uniform: ``(k,)`` independent uniform numbers in [0, 1).
            scale: Unit of the ranks.
        """
        places = self.bins.places(scores)
        lower, ranks = self._lower.take(places), self._upper.take(places)
        self._raises.take(places - self._first, 0, self._raise, "clip")
        self.below += self._raise
        self.rows += 1
        ranks -= lower
        ranks *= uniform
        ranks += lower
        ranks += uniform
        ranks *= scale / self.rows
        return ranks

    def many(self, scores: Matrix, uniform: Matrix, *, scale: float = 1.0) -> Matrix:
        """The same for rows ``(n, k)``, one after the other."""
        if len(scores) > MANY:
            halves = zip(np.array_split(scores, 2), np.array_split(uniform, 2), strict=True)
            return np.concatenate([self.many(*half, scale=scale) for half in halves])
        places = self.bins.places(scores)
        n = len(places)
        # How many of these rows so far lie at or below each edge: few, so that bytes will do.
        raised = np.empty((n + 1, 1 + self.below.size), np.uint8)
        raised[0] = 0
        added = self._few.take(places - self._first, axis=0).reshape(n, -1)
        raised[:, 0] = 0
        so_far = raised[:, 1:]
        for t in range(n):
            np.add(so_far[t], added[t], so_far[t + 1])
        line = raised.shape[1] * np.arange(n)[:, None]
        lower = self._lower.take(places) + raised.ravel().take(places + line)
        ranks = self._upper.take(places) + raised.ravel().take(places + line + 1)
        self.below += so_far[n].reshape(self.below.shape)
        after = self.rows + 1.0 + np.arange(n)
        self.rows += n
        ranks -= lower
        ranks *= uniform
        ranks += lower
        ranks += uniform
        ranks *= (scale / after)[:, None]
        return ranks
