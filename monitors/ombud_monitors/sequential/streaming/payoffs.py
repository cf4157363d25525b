"""Payoffs: what every bet on a rank pays.

A rank ``u`` is uniform as long as nothing changed, so a bet may pay ``p(u)`` for any density ``p`` on (0, 1):
its expectation is 1. With ``z = Phi^-1(u)`` the densities of shifted normal scores are

    p(u) = exp(b z - b^2 / 2)                    (the score moved by b standard deviations),

and of stretched ones ``p(u) = exp(z^2 (1 - 1/s^2) / 2) / s`` (its spread became ``s`` times as large).
The unit interval is cut into :data:`CELLS` cells of equal chance and each pays the average of the density
over it, so the expectation is 1 exactly, and a bet costs one look into a table.

Source: likelihood ratios on ranks as in Lehmann, "The power of rank tests", AMS 24 (1953); bets and
    sizes as said below.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

__all__ = ["CELLS", "MOVED", "NORMAL_SCORES", "PAYOFFS", "PRIOR", "STRETCHED", "moved", "stretched"]

Matrix = NDArray[np.float64]

CELLS = 4096
"""Cells of (0, 1). The largest rank of a reference of 4,096 rows is the last cell."""

_EDGES: Matrix = ndtri(np.arange(CELLS + 1) / CELLS)


def moved(by: float) -> Matrix:
    """``(CELLS,)`` payoffs of the bet that the normal score moved by ``by``.

    Example:
        >>> bool(np.isclose(moved(1.0).mean(), 1.0))
        True
    """
    return _averages(ndtr(_EDGES - by))


def stretched(by: float) -> Matrix:
    """``(CELLS,)`` payoffs of the bet that the normal score's spread became ``by`` times as large."""
    return _averages(ndtr(_EDGES / by))


def _averages(chances: Matrix) -> Matrix:
    cells: Matrix = (chances[1:] - chances[:-1]) * float(CELLS)
    return cells


MOVED = (0.25, 0.5, 1.0, 2.5)
"""Sizes of moves betted on, up and down. A bet of ``b`` on a true move of ``m`` keeps ``1 - (1 - b/m)^2`` of
the growth: at least 89% from .2 to 1.5, and 82% at 1.75; above 3 ranks end and all bets pay alike."""

STRETCHED = (0.5, 2.0)
"""Factors of spread betted on."""

_UP, _DOWN = [moved(b) for b in MOVED], [moved(-b) for b in MOVED]

PAYOFFS: Matrix = np.stack([*_UP, *_DOWN, *(stretched(s) for s in STRETCHED)], axis=1)
"""``(CELLS, 10)`` what each bet pays in each cell."""

PRIOR: Matrix = np.array([1.0, 4.0, 4.0, 1.0, 1.0, 4.0, 4.0, 1.0, 0.5, 0.5]) / 21.0
"""Shares of the bets. Moves of half and of one standard deviation are what monitoring is asked for and where
a share costs most rows (``log(1 / share) / (b^2 / 2)``); large moves are found at once with any share."""

_DENSITY = np.exp(-(_EDGES**2) / 2) / np.sqrt(2 * np.pi)

NORMAL_SCORES: Matrix = CELLS * (_DENSITY[:-1] - _DENSITY[1:])
"""``(CELLS,)`` mean normal score of each cell."""
