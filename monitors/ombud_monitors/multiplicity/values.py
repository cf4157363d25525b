"""P-values, e-values and levels as they come in: numbers that are none of these are refused."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput

__all__ = ["LARGEST", "e_values", "fixed_weights", "level", "p_values"]

LARGEST = 1e300
"""Evidence stops here, so that it stays a finite number in JSON; a smaller e-value is a valid one too."""


def p_values(given: ArrayLike) -> NDArray[np.float64]:
    """P-values as an array of the same shape.

    Args:
        given: Numbers in (0, 1]. An exact zero is refused: no test on finitely many rows proves one,
            and every calibrator would answer "infinite evidence".

    Raises:
        BadInput: Anything else, NaN included.

    Example:
        >>> p_values([0.01, 1])
        array([0.01, 1. ])
    """
    values = _array(given, "p-values")
    if not bool(((values > 0) & (values <= 1)).all()):
        raise BadInput(
            f"p-values must lie in (0, 1], got {_first(values, (values > 0) & (values <= 1))}",
            remedy="A permutation p-value is (k + 1) / (B + 1); it is never 0.",
        )
    return values


def e_values(given: ArrayLike) -> NDArray[np.float64]:
    """E-values as an array of the same shape.

    Args:
        given: Finite numbers ≥ 0.

    Raises:
        BadInput: Anything else, NaN and infinity included.

    Example:
        >>> e_values([0.0, 30])
        array([ 0., 30.])
    """
    values = _array(given, "e-values")
    good = np.isfinite(values) & (values >= 0)
    if not bool(good.all()):
        raise BadInput(
            f"e-values must be finite and at least 0, got {_first(values, good)}",
            remedy="Cap an overflowing e-value; leave out what could not be computed.",
        )
    return values


def level(given: float) -> float:
    """A chance of error, strictly between 0 and 1.

    Raises:
        BadInput: It is not.
    """
    if not 0 < given < 1:
        raise BadInput(
            f"level: expected a chance strictly between 0 and 1, got {given}", remedy="Use one such as 0.05."
        )
    return float(given)


def fixed_weights(given: Sequence[float] | None, count: int) -> NDArray[np.float64]:
    """Weights that sum to 1, chosen before the evidence was seen.

    Args:
        given: ``count`` numbers ≥ 0 with a positive sum, any scale; None weighs all alike.
        count: How many are needed.

    Raises:
        BadInput: Too few, too many, a negative or infinite one, or all zero.

    Example:
        >>> fixed_weights([3, 1], 2)
        array([0.75, 0.25])
    """
    if count < 1:
        raise BadInput("expected at least one piece of evidence, got none", remedy="Leave the step out.")
    weights = np.ones(count) if given is None else _array(given, "weights")
    total = float(weights.sum())
    if weights.shape != (count,) or not (weights >= 0).all() or not 0 < total < math.inf:
        raise BadInput(
            f"weights: expected {count} numbers of at least 0 with a positive sum, got {weights.tolist()}",
            remedy="Give one weight per piece of evidence.",
        )
    return weights / total


def _array(given: ArrayLike, what: str) -> NDArray[np.float64]:
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadInput(
            f"{what} must be numbers, got {given!r}", remedy="Leave out what is missing."
        ) from None


def _first(values: NDArray[np.float64], good: NDArray[np.bool_]) -> float:
    return float(values[~good].ravel()[0])
