"""Sample-ratio mismatch: do the two arms fill as the weights promise?

If they do not, something routes, drops or labels by arm, and no comparison of the arms means
anything. The check is an e-process, so it may be looked at as often as one likes.

Source: Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022
(Dirichlet mixture against a fixed multinomial; here with two cells, one stratum per ramp step).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ombud.domain.rollout import Arm, Increment, RolloutPlan
from ombud.domain.rollout import RolloutState as S
from ombud.rollout.alpha import ALL

__all__ = ["sample_ratio_evidence"]

_CONCENTRATION = 200.0
"""Prior strength around the promised weight: about a 10% relative deviation at a weight of 0.1."""


def sample_ratio_evidence(plan: RolloutPlan, increments: Sequence[Increment]) -> float:
    """Running supremum of the e-process against "each request goes to its arm with its weight".

    Args:
        plan: Names the weight of every ramp step.
        increments: Ordered by look; only the ramp's ``all`` segment is read.

    Returns:
        The supremum, at least 1.

    Example:
        >>> from datetime import UTC, datetime
        >>> def look(n, m):
        ...     counts = {Arm.CONTROL: n, Arm.CHALLENGER: m}
        ...     return [Increment(1, S.RAMP, 1, ALL, datetime(2026, 1, 1, tzinfo=UTC), requests=counts)]
        >>> sample_ratio_evidence(RolloutPlan(), look(510, 490)) < 20
        True
        >>> sample_ratio_evidence(RolloutPlan(), look(700, 300)) > 1e6
        True

    Limits:
        Assumes independent assignment; with session keys, heavy sessions look like a mismatch.
    """
    totals: dict[int, tuple[int, int]] = {}
    best = 0.0
    for increment in increments:
        if increment.stage is not S.RAMP or increment.segment != ALL:
            continue
        control, challenger = totals.get(increment.step, (0, 0))
        totals[increment.step] = (
            control + increment.requests.get(Arm.CONTROL, 0),
            challenger + increment.requests.get(Arm.CHALLENGER, 0),
        )
        log_e = sum(_log_e(plan.steps[s].weight, m, n) for s, (n, m) in totals.items())
        best = max(best, log_e)
    return math.exp(min(best, 700.0))


def _log_e(weight: float, challenger: int, control: int) -> float:
    """Log of beta-binomial over binomial likelihood of one sequence of assignments."""
    a, b = _CONCENTRATION * weight, _CONCENTRATION * (1 - weight)
    mixture = _log_beta(a + challenger, b + control) - _log_beta(a, b)
    return mixture - challenger * math.log(weight) - control * math.log1p(-weight)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
