"""Two versions on different requests: is the challenger worse, or proved not worse?

One look (a block) brings ``n_a`` control and ``n_b`` challenger outcomes ``y`` (1 wrong, 0 right).
Against the null "challenger's error rate minus control's is at most ``gap``", with a guess ``g`` of the
control's error rate made from *earlier* looks and a size of bet ``k``, its e-value is

    E = prod_control (1 - l_a (y - g)) * prod_challenger (1 + l_b (y - gap - g)),
    l_a = k n_b / (n_a + n_b),   l_b = k n_a / (n_a + n_b).

Why it keeps its promise, whatever the guess: with true rates ``p_a``, ``p_b`` the expectation is
``(1 - l_a (p_a - g))^n_a (1 + l_b (p_b - gap - g))^n_b``, and since ``log(1 + u) <= u`` its logarithm
is at most ``-n_a l_a (p_a - g) + n_b l_b (p_b - gap - g) = k n_a n_b / (n_a + n_b) (p_b - p_a - gap)``,
because ``n_a l_a = n_b l_b``. Under the null that is at most 0. The base rate may change from look to
look and from ramp step to ramp step: each block compares arms that ran side by side, so a drift of the
base rate cannot pose as a difference between arms, as it does in pooled counts (Simpson). The mirrored
null, "at least ``gap``", turns both signs. With ``gap = 0`` and ``g`` the true pooled rate this is the
growth-optimal e-variable of two Bernoulli streams, and ``k`` is close to the logarithm of the odds ratio.

A block of ``n`` requests carries about ``(n - 1) / n`` of its information, so looks smaller than
:data:`SMALLEST_BLOCK` wait for the next look of the same stage and step. Blocks are formed by counts of
requests alone, never by outcomes.

Source: Turner, Ly & Grünwald, "Generic e-variables for exact sequential k-sample tests that allow for
    optional stopping", JSPI 230 (2024); Waudby-Smith & Ramdas, JRSS-B 86 (2024).
Limits: assumes that within a block both arms meet the same mix of requests (random assignment at a
    constant weight) and that *when* a label arrives does not depend on whether the answer was right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud.domain.rollout import Arm, Increment
from ombud.errors import BadInput
from ombud_monitors.sequential.mixture import half_cauchy
from ombud_monitors.sequential.paired import check_margin

__all__ = ["SMALLEST_BLOCK", "Block", "blocks", "split_harm", "split_not_worse"]

SMALLEST_BLOCK = 12
"""Requests in a block: with 12 at most a twelfth of the information is lost."""

PRIOR_REQUESTS = 20
PRIOR_RATE = 0.1
SAFE = 0.98
"""Share of the largest bet that keeps every factor positive."""


@dataclass(frozen=True)
class Block:
    """Outcomes of both arms over the same stretch of traffic.

    Args:
        requests: Control's and challenger's judged requests.
        errors: How many of each were wrong.
        guess: Error rate expected from the blocks before, in (0, 1).
    """

    requests: tuple[int, int]
    errors: tuple[int, int]
    guess: float


def split_harm(increments: Sequence[Increment]) -> float:
    """E-process against "the challenger's error rate is at most the control's", arms side by side.

    Args:
        increments: One segment's looks, in order; shadow looks (no requests per arm) are skipped.

    Returns:
        At least 1; at or above ``1 / alpha`` rejects at level ``alpha``, whenever one looks.

    Raises:
        BadInput: More errors than requests, or a negative count.

    Example:
        >>> from datetime import UTC, datetime
        >>> from ombud.domain.rollout import RolloutState
        >>> look = Increment(1, RolloutState.RAMP, 0, "all", datetime(2026, 1, 1, tzinfo=UTC),
        ...                  requests={Arm.CONTROL: 90, Arm.CHALLENGER: 20},
        ...                  errors={Arm.CONTROL: 5, Arm.CHALLENGER: 12})
        >>> split_harm([look]) > 20
        True
    """
    return _supremum(increments, gap=0.0, toward=1)


def split_not_worse(increments: Sequence[Increment], *, delta: float) -> float:
    """E-process against "the challenger's error rate exceeds the control's by ``delta`` or more".

    Args:
        increments: One segment's looks, in order; shadow looks are skipped.
        delta: Margin in absolute error rate, in [0, 1).

    Returns:
        At least 1; at or above ``1 / alpha`` certifies "not worse by ``delta``" with error ``alpha``.

    Raises:
        BadInput: ``delta`` is outside [0, 1), more errors than requests, or a negative count.
    """
    check_margin(delta)
    return _supremum(increments, gap=delta, toward=-1)


def blocks(increments: Sequence[Increment]) -> Iterator[Block]:
    """Looks merged into blocks, each with the guess that the blocks before it allow.

    The guess starts afresh, at the last known rate, with every stage and step. Looks at the end that
    do not yet fill a block wait.

    Raises:
        BadInput: More errors than requests, or a negative count.
    """
    place: object = None
    requests, errors = [0, 0], [0, 0]
    seen, wrong = float(PRIOR_REQUESTS), PRIOR_REQUESTS * PRIOR_RATE
    for look in increments:
        if not look.requests:
            continue
        if (look.stage, look.step) != place:
            place = (look.stage, look.step)
            wrong, seen = PRIOR_REQUESTS * wrong / seen, float(PRIOR_REQUESTS)
            requests, errors = [0, 0], [0, 0]
        for i, arm in enumerate((Arm.CONTROL, Arm.CHALLENGER)):
            n, e = look.requests.get(arm, 0), look.errors.get(arm, 0)
            if not 0 <= e <= n:
                raise BadInput(
                    f"look {look.look}: expected 0 <= errors <= requests in arm {arm.value}, got {e} of {n}",
                    remedy="Rebuild the increments from the inference log.",
                )
            requests[i] += n
            errors[i] += e
        if min(requests) > 0 and sum(requests) >= SMALLEST_BLOCK:
            # Kept away from 0 and 1, where a single surprise would be worth everything.
            yield Block((requests[0], requests[1]), (errors[0], errors[1]), (wrong + 0.5) / (seen + 1))
            seen, wrong = seen + sum(requests), wrong + sum(errors)
            requests, errors = [0, 0], [0, 0]


def _supremum(increments: Sequence[Increment], *, gap: float, toward: int) -> float:
    bets = half_cauchy(0.35, smallest=0.03, largest=30.0)
    gains = [_gain(block, bets.sizes, gap=gap, toward=toward) for block in blocks(increments)]
    return bets.largest(np.array(gains).reshape(-1, len(bets.sizes)))


def _gain(block: Block, sizes: NDArray[np.float64], *, gap: float, toward: int) -> NDArray[np.float64]:
    """``(k,)`` log e-value of one block for every size of bet."""
    (n_a, n_b), (e_a, e_b), guess = block.requests, block.errors, block.guess
    share_a, share_b = n_b / (n_a + n_b), n_a / (n_a + n_b)
    # What a wrong and a right answer of each arm pay per unit of bet.
    wrong_a, right_a = -toward * share_a * (1 - guess), toward * share_a * guess
    wrong_b, right_b = toward * share_b * (1 - gap - guess), -toward * share_b * (gap + guess)
    most = SAFE / max(-wrong_a, -right_a, -wrong_b, -right_b)
    k = np.minimum(sizes, most)
    gain: NDArray[np.float64] = (
        e_a * np.log1p(k * wrong_a)
        + (n_a - e_a) * np.log1p(k * right_a)
        + e_b * np.log1p(k * wrong_b)
        + (n_b - e_b) * np.log1p(k * right_b)
    )
    return gain
