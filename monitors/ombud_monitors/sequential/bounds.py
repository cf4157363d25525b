"""Bounds: the range that betting needs to know, and the checks of what comes in."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput

__all__ = ["Bounds", "check_alpha", "check_direction", "flags", "numbers"]


@dataclass(frozen=True)
class Bounds:
    """The range in which every value must lie.

    Args:
        low: Smallest possible value.
        high: Largest possible value.

    Raises:
        BadInput: The ends are not finite, or ``low`` is not below ``high``.

    Example:
        >>> Bounds(-1.0, 1.0).unit([-1, 0, 1]).tolist()
        [0.0, 0.5, 1.0]
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise BadInput(
                f"bounds: expected finite low < high, got [{self.low}, {self.high}]",
                remedy="Give the range that no value can leave, fixed before the data are seen.",
            )

    @property
    def span(self) -> float:
        """``high - low``."""
        return self.high - self.low

    def unit(self, values: ArrayLike) -> NDArray[np.float64]:
        """Values moved to [0, 1], shape kept.

        Raises:
            BadInput: A value is not a finite number, or lies outside the bounds.
        """
        x = numbers(values, what="values")
        if x.size and (x.min() < self.low or x.max() > self.high):
            raise BadInput(
                f"values: expected numbers in [{self.low}, {self.high}], got [{x.min()}, {x.max()}]",
                remedy="Widen the bounds before the first value, or clip by a rule fixed beforehand.",
            )
        # Rounding of the division must not leave the unit interval.
        return np.clip((x - self.low) / self.span, 0.0, 1.0)

    def unit_null(self, null: float) -> float:
        """A hypothetical mean moved to (0, 1).

        Raises:
            BadInput: It is not strictly inside the bounds, so one value decides or none can.
        """
        if not self.low < null < self.high:
            raise BadInput(
                f"null: expected a mean strictly between {self.low} and {self.high}, got {null}",
                remedy="Test a mean that lies inside the bounds.",
            )
        return (null - self.low) / self.span

    def back(self, unit: float) -> float:
        """A number in [0, 1] moved back to these bounds."""
        return self.low + self.span * unit


def numbers(values: ArrayLike, *, what: str) -> NDArray[np.float64]:
    """An array of finite float64 numbers.

    Raises:
        BadInput: Not numeric, NaN, infinite or masked.
    """
    if isinstance(values, np.ma.MaskedArray) and bool(np.any(values.mask)):
        raise BadInput(f"{what}: masked cells hold numbers that mean nothing", remedy="Drop them.")
    given: NDArray[Any] = np.asarray(values)
    if given.size and given.dtype.kind not in "biuf":
        raise BadInput(f"{what}: expected numbers, got {given.dtype}", remedy="Turn them into numbers first.")
    x = given.astype(np.float64)
    if not np.isfinite(x).all():
        raise BadInput(
            f"{what}: {int((~np.isfinite(x)).sum())} of {x.size} are not finite",
            remedy="Drop them, or score a failure by the largest loss.",
        )
    return x


def flags(values: ArrayLike, *, what: str) -> NDArray[np.bool_]:
    """A vector ``(n,)`` of booleans, also given as 0 and 1.

    Raises:
        BadInput: Another shape, or values other than 0 and 1.
    """
    x = numbers(values, what=what)
    if x.ndim != 1 or not np.isin(x, (0.0, 1.0)).all():
        raise BadInput(
            f"{what}: expected a vector (n,) of 0 and 1, got shape {x.shape} with {np.unique(x)[:5]}",
            remedy="Give one flag per request.",
        )
    return x.astype(np.bool_)


def check_alpha(alpha: float) -> None:
    """Refuse an error level that is none.

    Raises:
        BadInput: ``alpha`` is not strictly between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise BadInput(
            f"alpha: must lie strictly between 0 and 1, got {alpha}", remedy="Use a level such as 0.05."
        )


def check_direction(alternative: str, among: Collection[str]) -> None:
    """Refuse a direction of evidence that is none.

    Raises:
        BadInput: ``alternative`` is not among those known.
    """
    if alternative not in among:
        raise BadInput(
            f"alternative: expected one of {', '.join(among)}, got {alternative!r}",
            remedy='Use "greater" to be told of a value above the null, "less" of one below it.',
        )
