"""Calibrators: from a p-value to an e-value, and back.

A *calibrator* is a decreasing function f with f ≥ 0 on (0, 1] whose integral over [0, 1] is at most 1.
Then f(P) is an e-value for every valid p-value P: for a uniform P its expectation *is* that integral,
and a stochastically larger P (a conservative or discrete test) makes a decreasing f only smaller. That
integral is each function's proof obligation; the tests compute it.

Which to use: no calibrator is best everywhere. :func:`mixture` needs no tuning; :func:`power` is best
near the p-value for which its exponent was chosen (k = 1 / -log p); :func:`heavy_tailed` loses least
at tiny p-values and says nothing above exp(-1 - k); :func:`shafer` is the plainest;
:func:`all_or_nothing` keeps the whole power of a test at one fixed level, and turns Bonferroni's
inequality into an average of e-values.

Source: Vovk & Wang, "E-values: calibration, combination and applications", Annals of Statistics 49
    (2021), section 2 and appendix B; Shafer, "Testing by betting", JRSS A 184 (2021).
Limits: calibrating costs power. At p = 0.001 the e-values are 16 to 31 (100 for :func:`all_or_nothing`
    at 0.01), where 1 / p is 1000 and is no e-value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput
from ombud_monitors.multiplicity import values

__all__ = ["Calibrator", "all_or_nothing", "e_to_p", "heavy_tailed", "mixture", "power", "shafer"]

Calibrator: TypeAlias = Callable[[ArrayLike], NDArray[np.float64]]
"""P-values in (0, 1] → e-values, of the same shape."""

_SERIES_BELOW = 1e-4
"""Where -log p is smaller than this, the mixture's formula cancels; its series is exact to 1e-13 there."""


def power(p: ArrayLike, *, exponent: float = 0.5) -> NDArray[np.float64]:
    """``k p^(k - 1)``: for one exponent k in (0, 1). Its integral is 1.

    Args:
        p: P-values in (0, 1], any shape.
        exponent: k. Fixed before the data; ``1 / -log(p)`` is best for a given p.

    Returns:
        E-values of the same shape, float64.

    Raises:
        BadInput: Something is no p-value, or k is not strictly between 0 and 1.

    Example:
        >>> power([0.0001, 1.0])
        array([50. ,  0.5])
    """
    if not 0 < exponent < 1:
        raise BadInput(f"calibrator: exponent must lie in (0, 1), got {exponent}", remedy="Use 0.5.")
    calibrated: NDArray[np.float64] = exponent * values.p_values(p) ** (exponent - 1)
    return calibrated


def mixture(p: ArrayLike) -> NDArray[np.float64]:
    """All of :func:`power` at once, averaged over k uniform on (0, 1): ``(1 - p + p log p) / (p log² p)``.

    An average of calibrators is a calibrator, so there is nothing to tune. Its integral is 1; at p = 1 its
    value is 1/2.

    Args:
        p: P-values in (0, 1], any shape.

    Returns:
        E-values of the same shape, float64.

    Raises:
        BadInput: Something is no p-value.

    Example:
        >>> mixture([0.001, 0.05, 1.0]).round(2)
        array([20.79,  1.78,  0.5 ])
    """
    checked = values.p_values(p)
    depth = -np.log(checked)
    near_one = depth < _SERIES_BELOW
    safe = np.where(near_one, 1.0, depth)
    # With u = -log p the formula is (e^u - 1 - u) / u², and expm1 keeps its digits where u is small.
    with np.errstate(over="ignore"):
        exact = (np.expm1(safe) - safe) / safe**2
    return np.minimum(np.where(near_one, 0.5 + depth / 6 + depth**2 / 24, exact), values.LARGEST)


def heavy_tailed(p: ArrayLike, *, exponent: float = 1.0) -> NDArray[np.float64]:
    """``k (1 + k)^k / (p (-log p)^(1 + k))`` up to ``p = exp(-1 - k)``, and 0 above. Its integral is 1.

    Within a power of log p of the bound 1 / p that no e-value can pass.

    Args:
        p: P-values in (0, 1], any shape.
        exponent: k, positive, fixed before the data.

    Returns:
        E-values of the same shape, float64.

    Raises:
        BadInput: Something is no p-value, or k is not positive and finite.

    Example:
        >>> heavy_tailed([1e-6, 0.001, 0.2]).round(2)
        array([10478.43,    41.91,     0.  ])
    """
    if not 0 < exponent < math.inf:
        raise BadInput(f"calibrator: exponent must be positive, got {exponent}", remedy="Use 1.")
    checked = values.p_values(p)
    depth = -np.log(checked)
    counts = depth >= 1 + exponent
    safe = np.where(counts, depth, 1.0)
    scale = exponent * (1 + exponent) ** exponent
    with np.errstate(over="ignore"):
        tail = scale / (checked * safe ** (1 + exponent))
    return np.where(counts, np.minimum(tail, values.LARGEST), 0.0)


def shafer(p: ArrayLike) -> NDArray[np.float64]:
    """``1 / sqrt(p) - 1``. Its integral is 1; an uninteresting p-value (above 1/4) becomes evidence below 1.

    Args:
        p: P-values in (0, 1], any shape.

    Returns:
        E-values of the same shape, float64.

    Raises:
        BadInput: Something is no p-value.

    Example:
        >>> shafer([0.0001, 0.25, 1.0])
        array([99.,  1.,  0.])
    """
    calibrated: NDArray[np.float64] = 1 / np.sqrt(values.p_values(p)) - 1
    return calibrated


def all_or_nothing(p: ArrayLike, *, level: float) -> NDArray[np.float64]:
    """``1 / level`` where ``p <= level``, else 0: a fixed-level test as a bet. Its integral is 1.

    Args:
        p: P-values in (0, 1], any shape.
        level: Level of the test, in (0, 1), fixed before the data.

    Returns:
        E-values of the same shape, float64.

    Raises:
        BadInput: Something is no p-value, or the level is none.

    Example:
        >>> all_or_nothing([0.01, 0.011], level=0.01)
        array([100.,   0.])
    """
    return np.where(values.p_values(p) <= values.level(level), 1 / level, 0.0)


def e_to_p(e: ArrayLike) -> NDArray[np.float64]:
    """``min(1, 1 / e)``: the only way from e-values to p-values that is never beaten (Markov's inequality).

    Args:
        e: E-values, any shape.

    Returns:
        P-values of the same shape, float64.

    Raises:
        BadInput: Something is no e-value.

    Example:
        >>> e_to_p([0.0, 0.5, 40.0])
        array([1.   , 1.   , 0.025])
    """
    checked = values.e_values(e)
    return 1 / np.maximum(checked, 1.0)
