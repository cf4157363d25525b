"""View: one way of looking at rows, as features whose averages are compared between the windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Reduction", "Statistic", "View", "standardised"]


class Reduction(Enum):
    """How the differences of many features become one number."""

    LARGEST = "largest"
    """The largest absolute difference: sees a change of few features."""
    SUM = "sum"
    """The sum of squares: sees a small change of many."""


@dataclass(frozen=True)
class Statistic:
    """One number that a view is judged by.

    Args:
        sees: What it looks at, for people.
        reduction: How differences become one number.
        weight: Its share of the aggregate, relative to the other statistics'.
        first: First of the view's features that it looks at.
        last: The one after the last; None for all from ``first`` on.
        unit: Unit of its effect.
    """

    sees: str
    reduction: Reduction
    weight: float
    first: int = 0
    last: int | None = None
    unit: str = "standard deviations"


@dataclass(frozen=True, eq=False)
class View:
    """Features of pooled rows.

    Args:
        features: ``(n, m)`` float32, centred, in the order of the rows that they were made from. What a
            statistic takes the largest of has variance 1.
        labels: ``(m,)`` what each feature is, for people.
        statistics: What it is judged by.
    """

    features: NDArray[np.float32]
    labels: Sequence[str]
    statistics: tuple[Statistic, ...]


def standardised(features: NDArray[Any]) -> NDArray[np.float32]:
    """Features ``(n, m)`` with mean 0 and variance 1; constant ones become 0.

    Example:
        >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0]])).tolist()
        [[-1.0, 0.0], [1.0, 0.0]]
    """
    centred = features - features.mean(axis=0)
    deviation = np.sqrt(np.einsum("ij,ij->j", centred, centred) / len(centred))
    varies = deviation > 1e-6 * np.abs(features).max(axis=0)
    centred *= np.where(varies, 1 / np.where(varies, deviation, 1), 0).astype(centred.dtype)
    return np.asarray(centred, dtype=np.float32)
