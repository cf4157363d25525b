"""Two versions on the same requests: is the challenger worse, or proved not worse?

Each pair is ``X = challenger wrong - control wrong``, one of -1, 0, 1. Pairs on which both agree say
nothing about who is better, which is why shadow evidence needs labels only where the two disagree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ombud.domain.rollout import Increment
from ombud.errors import BadInput
from ombud_monitors.sequential.mixture import Mixture, half_cauchy

__all__ = ["bets", "check_margin", "outcome_gains", "paired_harm", "paired_not_worse"]

HARM = Mixture(np.linspace(0.02, 0.98, 49), np.full(49, -np.log(49)))


def paired_harm(increments: Sequence[Increment]) -> float:
    """E-process against "the challenger's error rate is at most the control's".

    Formula: ``W_k = prod (1 + k X)`` over pairs, averaged over ``k`` uniform on (0, 1); the largest
    value over the looks. A disagreement is a coin with ``P(challenger wrong) <= 1/2`` under the null,
    so this is the likelihood ratio of ``(1 + k) / 2`` against a fair coin.

    Args:
        increments: One segment's looks, in order; only their ``paired`` counts are read.

    Returns:
        At least 1; at or above ``1 / alpha`` rejects at level ``alpha``, whenever one looks.

    Raises:
        BadInput: A count is negative.

    Source: Ville (1939); the sequential form of McNemar's test (1947).
    Limits: assumes that at every request, given the past, the challenger's chance of error is at most
        the control's under the null; the base rate may drift at will.

    Example:
        >>> from datetime import UTC, datetime
        >>> from ombud.domain.rollout import Outcome2x2, RolloutState
        >>> look = Increment(1, RolloutState.SHADOW, 0, "all", datetime(2026, 1, 1, tzinfo=UTC),
        ...                  paired=Outcome2x2(90, 0, 10, 0))
        >>> paired_harm([look]) > 20
        True
    """
    mixture = bets(0.0, toward=1)
    return mixture.largest(_counts(increments) @ outcome_gains(mixture, 0.0, toward=1))


def paired_not_worse(increments: Sequence[Increment], *, delta: float) -> float:
    """E-process against "the challenger's error rate exceeds the control's by ``delta`` or more".

    Formula: ``W_k = prod (1 + k (delta - X))`` over all pairs, averaged over bets ``k``; the largest
    value over the looks. Any test of a bounded mean that keeps its promise is of this form up to the
    choice of bets.

    Args:
        increments: One segment's looks, in order; only their ``paired`` counts are read.
        delta: Margin in absolute error rate, in [0, 1).

    Returns:
        At least 1; at or above ``1 / alpha`` certifies "not worse by ``delta``" with error ``alpha``.

    Raises:
        BadInput: ``delta`` is outside [0, 1), or a count is negative.

    Source: Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting",
        JRSS-B 86 (2024), proposition 3.
    Limits: with ``delta=0`` it can only certify a challenger that is strictly better.

    Example:
        >>> from datetime import UTC, datetime
        >>> from ombud.domain.rollout import Outcome2x2, RolloutState
        >>> look = Increment(1, RolloutState.SHADOW, 0, "all", datetime(2026, 1, 1, tzinfo=UTC),
        ...                  paired=Outcome2x2(350, 10, 10, 30))
        >>> [round(paired_not_worse([look], delta=delta), 1) for delta in (0.01, 0.03, 0.05)]
        [1.0, 10.0, 533.7]
    """
    check_margin(delta)
    mixture = bets(delta, toward=-1)
    return mixture.largest(_counts(increments) @ outcome_gains(mixture, delta, toward=-1))


def bets(margin: float, *, toward: int) -> Mixture:
    """Sizes ``k`` of bets for which ``1 + toward k (X - margin)`` stays positive.

    Args:
        margin: Hypothetical difference of error rates, in (-1, 1).
        toward: 1 is evidence of a difference above the margin, -1 of one below.
    """
    if margin == 0 and toward == 1:
        return HARM
    return half_cauchy(0.5, smallest=0.02, largest=0.98 / (1 + toward * margin), count=32)


def outcome_gains(mixture: Mixture, margin: float, *, toward: int) -> NDArray[np.float64]:
    """``(3, k)`` log-wealth won by a pair on which the challenger was better, the same, worse.

    With margin 0 the middle row is 0: agreements neither win nor lose anything.
    """
    outcomes = np.array([-1.0, 0.0, 1.0])
    won: NDArray[np.float64] = np.log1p(toward * (outcomes - margin)[:, None] * mixture.sizes)
    return won


def check_margin(delta: float) -> None:
    """Refuse a margin that is no margin.

    Raises:
        BadInput: ``delta`` is outside [0, 1).
    """
    if not 0 <= delta < 1:
        raise BadInput(
            f"margin: delta must lie in [0, 1), got {delta}",
            remedy="Give absolute points of error rate, 0.02 for 2 points.",
        )


def _counts(increments: Sequence[Increment]) -> NDArray[np.float64]:
    """``(looks, 3)`` pairs on which the challenger was better, the same, worse."""
    rows = [
        (
            look.paired.only_control_wrong,
            look.paired.both_right + look.paired.both_wrong,
            look.paired.only_challenger_wrong,
        )
        for look in increments
    ]
    counts = np.array(rows, dtype=np.float64).reshape(-1, 3)
    if (counts < 0).any():
        raise BadInput(
            "paired counts: expected counts of at least 0, got a negative one",
            remedy="Rebuild the increments from the inference log.",
        )
    return counts
