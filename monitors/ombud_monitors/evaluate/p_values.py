"""P-values: whether they keep their promise at every level, not only at the one that was tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import ksone

from ombud_monitors.evaluate.rates import CONFIDENCE

__all__ = ["BINS", "Uniformity", "histogram_text", "uniformity"]

BINS = 20
"""Bins of the histogram: one is as wide as the usual level of .05."""

_BARS = "▁▂▃▄▅▆▇█"
_DIGITS = 6


@dataclass(frozen=True)
class Uniformity:
    """How far the p-values of clean windows are from uniform.

    Args:
        excess: ``sup_t (F(t) - t)`` of the empirical distribution ``F``: how much more often than promised
            a p-value is at most ``t``, at the worst ``t``. This is what makes a test invalid.
        shortfall: ``sup_t (t - F(t))``: how much less often. Allowed: a conservative test, or ties.
        bound: Largest ``excess`` that uniform p-values explain.
        histogram: Counts in :data:`BINS` equal bins from 0 to 1.

    Example:
        >>> small = uniformity(np.random.default_rng(0).uniform(size=400) ** 1.5)
        >>> small.valid, round(small.excess, 2), round(small.bound, 2)
        (False, 0.12, 0.09)
        >>> histogram_text(small.histogram)
        '█▅▃▃▄▄▃▃▄▃▂▃▄▂▄▂▃▃▃▃'
    """

    excess: float
    shortfall: float
    bound: float
    histogram: tuple[int, ...]

    @property
    def valid(self) -> bool:
        """Whether the p-values are uniform or larger, as far as these repeats tell."""
        return self.excess <= self.bound

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "excess": round(self.excess, _DIGITS),
            "shortfall": round(self.shortfall, _DIGITS),
            "bound": round(self.bound, _DIGITS),
            "valid": self.valid,
            "histogram": list(self.histogram),
        }


def uniformity(p_values: ArrayLike, *, confidence: float = CONFIDENCE) -> Uniformity | None:
    """Compare p-values of clean windows with the uniform distribution, one direction at a time.

    Formula: the one-sided Kolmogorov-Smirnov distance ``D+``; its exact distribution for uniform
    p-values gives the bound, which also holds for p-values that are larger, or discrete.

    Args:
        p_values: ``(n,)`` numbers from 0 to 1.
        confidence: Chance that valid p-values stay within the bound.

    Returns:
        None without p-values.

    Source: Smirnov (1944); Birnbaum & Tingey, "One-sided confidence contours", Ann. Math. Stat. 22 (1951).
    Limits: says nothing about which level fails; read the histogram.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> uniformity(rng.uniform(size=500)).valid, uniformity(rng.uniform(size=500) ** 2).valid
        (True, False)
        >>> uniformity(np.ones(500)).valid
        True
    """
    p = np.sort(np.asarray(p_values, dtype=np.float64))
    n = len(p)
    if not n:
        return None
    # With ties only the last of equal values sees the whole step; a maximum over all takes care of that.
    below = np.arange(n) / n
    return Uniformity(
        excess=max(float(np.max(below + 1 / n - p)), 0.0),
        shortfall=max(float(np.max(p - below)), 0.0),
        bound=float(ksone.isf(1 - confidence, n)),
        histogram=tuple(int(k) for k in np.histogram(p, bins=BINS, range=(0.0, 1.0))[0]),
    )


def histogram_text(counts: Sequence[int]) -> str:
    """A histogram in one line of text; the tallest bin fills its cell.

    Example:
        >>> histogram_text([4, 2, 0, 1])
        '█▄ ▂'
    """
    tallest = max(max(counts, default=0), 1)
    return "".join(" " if not k else _BARS[-(-k * len(_BARS) // tallest) - 1] for k in counts)
