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
:data:`SMALLEST_BLOCK` wait for the next look of the same stratum (a rollout's stage and step, an hour, a
segment). Blocks are formed by counts of requests alone, never by outcomes.

Source: Turner, Ly & Grünwald, "Generic e-variables for exact sequential k-sample tests that allow for
    optional stopping", JSPI 230 (2024); Waudby-Smith & Ramdas, JRSS-B 86 (2024).
Limits: assumes that within a block both arms meet the same mix of requests (random assignment at a
    constant weight) and that *when* a label arrives does not depend on whether the answer was right.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.domain.rollout import Arm, Increment
from ombud.errors import BadInput
from ombud_monitors.sequential.mixture import half_cauchy
from ombud_monitors.sequential.paired import check_margin
from ombud_monitors.sequential.sealing import State

__all__ = ["BETS", "SMALLEST_BLOCK", "Block", "Blocks", "blocks", "gains", "split_harm", "split_not_worse"]

SMALLEST_BLOCK = 12
"""Requests in a block: with 12 at most a twelfth of the information is lost."""

PRIOR_REQUESTS = 20
PRIOR_RATE = 0.1
SAFE = 0.98
"""Share of the largest bet that keeps every factor positive."""

BETS = half_cauchy(0.35, smallest=0.03, largest=30.0)
"""Logarithms of odds ratios that are bet on: .35 is 5 against 7%."""


@dataclass(frozen=True)
class Block:
    """Outcomes of both arms over the same stretch of traffic.

    Args:
        requests: Control's and challenger's judged requests.
        errors: How many of each were wrong.
        guess: Error rate expected from the blocks before, in (0, 1).

    Example:
        >>> made = Blocks()
        >>> looks = [made.add((50, 50), errors, stratum="step 1") for errors in ((2, 9), (3, 11), (1, 8))]
        >>> [round(block.guess, 3) for block in looks]
        [0.119, 0.112, 0.124]
        >>> [round(BETS.largest(gains(looks[:n], BETS.sizes, gaps=0.0, toward=1)), 1) for n in (1, 2, 3)]
        [4.0, 34.1, 510.9]
    """

    requests: tuple[int, int]
    errors: tuple[int, int]
    guess: float


class Blocks:
    """Looks merged into blocks, each with the guess that the blocks before it allow.

    Every stratum guesses for itself, starting at the rate known last. Strata may come one after the other
    or interleaved; requests that do not yet fill a block of their stratum wait.

    Example:
        >>> made = Blocks()
        >>> made.add((4, 4), (0, 1), stratum="morning"), made.add((9, 2), (1, 0), stratum="evening")
        (None, None)
        >>> made.add((2, 2), (1, 0), stratum="morning")
        Block(requests=(6, 6), errors=(1, 1), guess=0.119...)
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[int]] = {}
        self._known: dict[Hashable, list[float]] = {}
        self._latest = [PRIOR_REQUESTS * PRIOR_RATE, float(PRIOR_REQUESTS)]

    def add(self, requests: Sequence[int], errors: Sequence[int], *, stratum: Hashable) -> Block | None:
        """One look: counts of control and challenger. The block that it completes, if any.

        Raises:
            BadInput: More errors than requests, or a negative count.
        """
        if not all(0 <= e <= n for n, e in zip(requests, errors, strict=True)):
            raise BadInput(
                f"stratum {stratum}: expected 0 <= errors <= requests in each arm, "
                f"got {tuple(errors)} of {tuple(requests)}",
                remedy="Count the requests again from the inference log.",
            )
        if stratum not in self._known:
            wrong, seen = self._latest
            self._known[stratum] = [PRIOR_REQUESTS * wrong / seen, float(PRIOR_REQUESTS)]
            self._waiting[stratum] = [0, 0, 0, 0]
        waiting, known = self._waiting[stratum], self._known[stratum]
        for i, count in enumerate((*requests, *errors)):
            waiting[i] += count
        n_a, n_b, e_a, e_b = waiting
        if min(n_a, n_b) == 0 or n_a + n_b < SMALLEST_BLOCK:
            return None
        # Kept away from 0 and 1, where a single surprise would be worth everything.
        block = Block((n_a, n_b), (e_a, e_b), (known[0] + 0.5) / (known[1] + 1))
        known[0] += e_a + e_b
        known[1] += n_a + n_b
        waiting[:] = 0, 0, 0, 0
        self._latest = list(known)
        return block

    def state(self) -> State:
        """Plain numbers from which :meth:`resume` continues; strata must be strings or whole numbers."""
        rows = [[stratum, *self._waiting[stratum], *known] for stratum, known in self._known.items()]
        return {"strata": rows, "latest": list(self._latest)}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Continue where a :meth:`state` stood."""
        self._waiting = {row[0]: list(row[1:5]) for row in state["strata"]}
        self._known = {row[0]: list(row[5:]) for row in state["strata"]}
        self._latest = list(state["latest"])


def split_harm(increments: Sequence[Increment]) -> float:
    """E-process against "the challenger's error rate is at most the control's", arms side by side.

    Args:
        increments: One segment's looks, in order; shadow looks (no requests per arm) are skipped.

    Returns:
        At least 1; at or above ``1 / alpha`` rejects at level ``alpha``, whenever one looks.

    Raises:
        BadInput: More errors than requests, or a negative count.

    Source: Turner, Ly & Grünwald, JSPI 230 (2024), with bets averaged as the module says.
    Limits: assumes random assignment, and labels whose arrival does not depend on the answer.

    Example:
        >>> from datetime import UTC, datetime
        >>> from ombud.domain.rollout import RolloutState
        >>> look = Increment(1, RolloutState.RAMP, 0, "all", datetime(2026, 1, 1, tzinfo=UTC),
        ...                  requests={Arm.CONTROL: 90, Arm.CHALLENGER: 20},
        ...                  errors={Arm.CONTROL: 5, Arm.CHALLENGER: 12})
        >>> split_harm([look]) > 20
        True
    """
    return BETS.largest(gains(blocks(increments), BETS.sizes, gaps=0.0, toward=1))


def split_not_worse(increments: Sequence[Increment], *, delta: float) -> float:
    """E-process against "the challenger's error rate exceeds the control's by ``delta`` or more".

    Args:
        increments: One segment's looks, in order; shadow looks are skipped.
        delta: Margin in absolute error rate, in [0, 1).

    Returns:
        At least 1; at or above ``1 / alpha`` certifies "not worse by ``delta``" with error ``alpha``.

    Raises:
        BadInput: ``delta`` is outside [0, 1), more errors than requests, or a negative count.

    Source: as :func:`split_harm`, against a margin: Waudby-Smith & Ramdas, JRSS-B 86 (2024).
    Limits: assumes random assignment and labels as there; with ``delta=0`` it can only certify a
        challenger that is strictly better.

    Example:
        >>> from datetime import UTC, datetime
        >>> from ombud.domain.rollout import RolloutState
        >>> looks = [Increment(k, RolloutState.RAMP, 0, "all", datetime(2026, 1, k, tzinfo=UTC),
        ...                    requests={Arm.CONTROL: 500, Arm.CHALLENGER: 500},
        ...                    errors={Arm.CONTROL: 25, Arm.CHALLENGER: 24}) for k in range(1, 6)]
        >>> [round(split_not_worse(looks[:n], delta=0.03), 1) for n in (1, 3, 5)]
        [4.2, 395.5, 56211.6]
    """
    check_margin(delta)
    return BETS.largest(gains(blocks(increments), BETS.sizes, gaps=delta, toward=-1))


def blocks(increments: Sequence[Increment]) -> list[Block]:
    """A rollout's looks merged into blocks; its strata are stages and ramp steps.

    Late labels of a step may arrive while a later step is under way: they join their own step.

    Raises:
        BadInput: More errors than requests, or a negative count.
    """
    made = Blocks()
    arms = (Arm.CONTROL, Arm.CHALLENGER)
    found = [
        made.add(
            [look.requests.get(arm, 0) for arm in arms],
            [look.errors.get(arm, 0) for arm in arms],
            stratum=(look.stage.value, look.step),
        )
        for look in increments
        if look.requests
    ]
    return [block for block in found if block is not None]


def gains(
    made: Sequence[Block], sizes: NDArray[np.float64], *, gaps: ArrayLike, toward: int
) -> NDArray[np.float64]:
    """Log e-value of every block against one or many gaps, for every size of bet.

    Args:
        made: ``b`` blocks.
        sizes: ``(k,)`` sizes of bets.
        gaps: ``()`` or ``(g,)`` hypothetical differences, challenger minus control, in (-1, 1).
        toward: 1 is evidence of a difference above the gap, -1 of one below.

    Returns:
        ``(b, k)`` or ``(b, g, k)``.
    """
    gap = np.asarray(gaps, dtype=np.float64)[..., None]
    b = len(made)
    shape = (-1, *[1] * gap.ndim)
    n = np.array([block.requests for block in made], dtype=np.float64).reshape(b, 2)
    e = np.array([block.errors for block in made], dtype=np.float64).reshape(b, 2)
    n_a, n_b, e_a, e_b = (column.reshape(shape) for column in (*n.T, *e.T))
    guess = np.array([block.guess for block in made]).reshape(shape)
    share_a, share_b = n_b / (n_a + n_b), n_a / (n_a + n_b)
    # What a wrong and a right answer of each arm pay per unit of bet.
    wrong_a, right_a = -toward * share_a * (1 - guess), toward * share_a * guess
    wrong_b, right_b = toward * share_b * (1 - gap - guess), -toward * share_b * (gap + guess)
    worst = np.maximum(np.maximum(-wrong_a, -right_a), np.maximum(-wrong_b, -right_b))
    k = np.minimum(sizes, SAFE / worst)
    gain: NDArray[np.float64] = (
        e_a * np.log1p(k * wrong_a)
        + (n_a - e_a) * np.log1p(k * right_a)
        + e_b * np.log1p(k * wrong_b)
        + (n_b - e_b) * np.log1p(k * right_b)
    )
    return gain
