"""Bins: what a stream remembers of its past rows instead of the rows.

Edges are quantiles of the training rows' scores: 1/24 apart in the middle, halving towards the tails, with
two more beyond the largest value on either side. Shifts show in the tails, where ranks pay most.

Source: own construction. Limits: bins lose what moves inside a bin only; a mean shift of a normal score loses
less than 1% of its information (Sheppard: about ``h^2 / 12`` for bins ``h`` standard deviations wide).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.sequential.streaming.scores import FAR

__all__ = ["Bins"]

Matrix = NDArray[np.float64]

_TAIL = 1 / (24 * 2.0 ** np.arange(1, 6))
QUANTILES = np.concatenate([_TAIL[::-1], np.arange(1, 24) / 24, 1 - _TAIL])
"""Chances below the edges: the outermost, 1/768, is where the training rows of a reference of 3,000 end."""

BEYOND = (0.0, 0.25)
"""Two edges on either side: at the training rows' largest value, and a quarter of their range further."""


@dataclass(eq=False)
class Bins:
    """Edges of every score's bins, searched in one call.

    Each score has a band of its own on one long axis, so that one sorted array holds all edges.

    Args:
        edges: ``(k, e)`` sorted along the rows; equal neighbours make an empty bin.

    Attributes:
        first: ``(k,)`` place of each score's lower end on the long axis.
    """

    edges: Matrix

    @classmethod
    def fit(cls, scores: Matrix) -> Bins:
        """Edges from the training rows' scores ``(n, k)``.

        Example:
            >>> bins = Bins.fit(np.random.default_rng(0).normal(size=(500, 3)))
            >>> bins.edges.shape, bins.size
            ((3, 37), 39)
        """
        inner = np.quantile(scores, QUANTILES, axis=0, method="inverted_cdf")
        low, high = scores.min(axis=0), scores.max(axis=0)
        beyond = np.array(BEYOND)[:, None] * (high - low)
        return cls(np.sort(np.vstack([low - beyond, inner, high + beyond]), axis=0).T.copy())

    @property
    def size(self) -> int:
        """Places of one score: its edges and the two ends of its band."""
        return self.edges.shape[1] + 2

    def __post_init__(self) -> None:
        count = len(self.edges)
        # Edges reach to 1.5 FAR at most, so the ends of the band lie beyond them and beyond every score.
        self._moved = np.arange(count) * 4 * FAR
        ends = np.full((count, 1), 2 * FAR)
        self._flat = (np.hstack([-ends, self.edges, ends]) + self._moved[:, None]).ravel()
        self.first = np.arange(count) * self.size

    def places(self, scores: Matrix) -> NDArray[np.intp]:
        """Place of the edge at or above each score ``(..., k)``: a score on an edge lies below it."""
        places: NDArray[np.intp] = self._flat.searchsorted(scores + self._moved)
        return places
