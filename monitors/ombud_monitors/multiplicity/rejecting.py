"""Which of several monitors have found something: e-Bonferroni, e-BH and its closure.

All three hold whatever the dependence between the e-values, which their p-value cousins do not:
Benjamini–Hochberg needs positive dependence, or a factor of log k.

* :func:`e_bonferroni`: the chance of *any* false rejection is at most the level.
* :func:`e_bh`: the expected *share* of false ones among the rejections (FDR) is at most the level.
* :func:`closed_e_bh`: the same guarantee, never fewer rejections, more work.

Source: Vovk & Wang, Annals of Statistics 49 (2021), for e-Bonferroni; Wang & Ramdas, "False discovery
    rate control with e-values", JRSS B 84 (2022), for e-BH; Xu, Solari, Fischer, de Heide, Ramdas &
    Goeman, "Bringing closure to FDR control: a general principle for multiple testing" (2025), for the
    closure.
Limits: FDR allows false alarms in proportion to true ones, so it says little where discoveries are few.
    The default monitors are held to "any false alarm" instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud_monitors.multiplicity import values

__all__ = ["closed_e_bh", "e_bh", "e_bonferroni"]


def e_bonferroni(e: ArrayLike, *, level: float, weights: Sequence[float] | None = None) -> tuple[int, ...]:
    """Reject where ``w e >= 1 / level``, the weights w summing to 1.

    The chance of any false rejection is at most ``level``: by Markov's inequality the k-th false one has
    chance ``w_k level``, and chances add.

    Args:
        e: ``(k,)`` e-values.
        level: Chance of any false rejection, in (0, 1).
        weights: ``(k,)`` numbers ≥ 0, fixed before the data, any scale; None weighs all alike.

    Returns:
        Positions that are rejected, ascending.

    Raises:
        BadInput: Nothing to test, no e-values, no weights, or no level.

    Example:
        >>> e_bonferroni([70.0, 30.0, 45.0], level=0.05)
        (0,)
        >>> e_bonferroni([70.0, 30.0], level=0.05, weights=[1, 3])
        (1,)
    """
    checked = np.atleast_1d(values.e_values(e))
    weighed = values.fixed_weights(weights, checked.size) * checked
    return _positions(weighed * values.level(level) >= 1)


def e_bh(e: ArrayLike, *, level: float, weights: Sequence[float] | None = None) -> tuple[int, ...]:
    """Reject the r largest, for the largest r such that the r-th of ``k w e`` is at least ``k / (level r)``.

    Args:
        e: ``(k,)`` e-values.
        level: Bound on the false discovery rate, in (0, 1).
        weights: ``(k,)`` numbers ≥ 0, fixed before the data, any scale; None weighs all alike.

    Returns:
        Positions that are rejected, ascending.

    Raises:
        BadInput: Nothing to test, no e-values, no weights, or no level.

    Example:
        >>> e_bh([45.0, 20.0, 50.0, 0.1], level=0.05)
        (0, 2)
    """
    checked = np.atleast_1d(values.e_values(e))
    count = checked.size
    weighed = values.fixed_weights(weights, count) * checked
    descending = np.argsort(-weighed, kind="stable")
    enough = weighed[descending] * values.level(level) * np.arange(1, count + 1) >= 1
    rejected = int(np.flatnonzero(enough)[-1]) + 1 if enough.any() else 0
    return tuple(sorted(int(i) for i in descending[:rejected]))


def closed_e_bh(e: ArrayLike, *, level: float) -> tuple[int, ...]:
    """Reject the r largest, for the largest r that no set of hypotheses speaks against.

    A set R may be rejected when for *every* set S of hypotheses the mean e-value of S is at least the
    share of R that S would make false, divided by the level: ``mean(e[S]) >= |R ∩ S| / (|R| level)``.
    The true nulls are one such S, and the mean of their e-values is an e-value, so the FDR of R is at
    most the level. Members of R must also reach ``1 / level`` on their own: FDR alone would let a crowd of
    strong discoveries carry one along for which nothing speaks. For the r largest e-values the worst S of
    each size takes the smallest inside R and the smallest outside, so r (k - r + 1) sums say it for all
    2^k sets.

    Args:
        e: ``(k,)`` e-values; time grows with k³ (0.1 s at k = 200).
        level: Bound on the false discovery rate, in (0, 1).

    Returns:
        Positions that are rejected, ascending; everything that :func:`e_bh` rejects is among them.

    Raises:
        BadInput: Nothing to test, no e-values, or no level.

    Example:
        >>> e_bh([45.0, 25.0, 1.0], level=0.05), closed_e_bh([45.0, 25.0, 1.0], level=0.05)
        ((), (0, 1))
    """
    checked = np.atleast_1d(values.e_values(e))
    values.fixed_weights(None, checked.size)
    bound = values.level(level)
    descending = np.argsort(-checked, kind="stable")
    ranked = checked[descending]
    for r in range(int((ranked * bound >= 1).sum()), 0, -1):
        if _unopposed(ranked[:r][::-1], ranked[r:][::-1], bound):
            return tuple(sorted(int(i) for i in descending[:r]))
    return ()


def _unopposed(inside: NDArray[np.float64], outside: NDArray[np.float64], level: float) -> bool:
    """Whether every S agrees; both arrays ascending."""
    taken = np.arange(1, inside.size + 1)[:, None]
    beside = np.arange(outside.size + 1)[None, :]
    sums = np.cumsum(inside)[:, None] + np.concatenate([[0.0], np.cumsum(outside)])[None, :]
    return bool((sums * inside.size * level >= taken * (taken + beside)).all())


def _positions(chosen: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(chosen))
