"""Scaling: how a cost grows with rows and columns, fitted to what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["Scaling", "Size", "fitted"]

Size = tuple[int, int]
"""``(n, d)``: rows of each window, columns."""

FLOOR = 1e-7
"""Costs below are clock ticks; they would bend a line of logarithms."""


@dataclass(frozen=True)
class Scaling:
    """``cost = c * n^rows * d^columns``.

    Args:
        rows: Exponent of the rows; None where only one number of rows was measured.
        columns: Exponent of the columns; None likewise.
        anchor: Largest size that was measured.
        cost: What it cost.
    """

    rows: float | None
    columns: float | None
    anchor: Size
    cost: float

    def at(self, size: Size, *, order: tuple[float, float] | None = None) -> float:
        """Extrapolated cost, along the fitted line through the largest measured size.

        Args:
            size: ``(n, d)``.
            order: Exponents that the method is known to have in the long run: fitted ones above them, which a
                cache that ends between two sizes can feign, are cut down to them.

        Limits: an extrapolation; where a cache or the memory ends, the truth bends upwards.
        """
        most = order or (math.inf, math.inf)
        cost = self.cost
        for new, old, grows, limit in zip(size, self.anchor, (self.rows, self.columns), most, strict=True):
            cost *= (new / old) ** min(max(grows or 0.0, 0.0), limit)
        return cost


def fitted(costs: Mapping[Size, float], *, largest: int = 4) -> Scaling:
    """Fit exponents by least squares of logarithms, over the largest sizes measured.

    Small sizes measure the overhead of a call, not its growth.

    Args:
        costs: Size → cost, at least one.
        largest: Sizes used.

    Example:
        >>> found = fitted({(n, d): 3e-9 * n**2 * d for n in (500, 1000, 2000) for d in (64, 512)})
        >>> round(found.rows, 6), round(found.columns, 6), round(found.at((10_000, 512)), 1)
        (2.0, 1.0, 153.6)
    """
    sizes = sorted(costs, key=lambda size: (costs[size], size))[-largest:]
    n, d = (np.log([size[axis] for size in sizes]) for axis in (0, 1))
    design = [np.ones(len(sizes))]
    many = [len(np.unique(axis)) > 1 for axis in (n, d)]
    design += [axis for axis, varies in zip((n, d), many, strict=True) if varies]
    spent = np.log([max(costs[size], FLOOR) for size in sizes])
    found = iter(np.linalg.lstsq(np.stack(design, axis=1), spent, rcond=None)[0][1:])
    rows, columns = (float(next(found)) if varies else None for varies in many)
    anchor = max(costs, key=lambda size: (size[0] * size[0] * size[1], size))
    return Scaling(rows, columns, anchor, costs[anchor])
