"""Rollout traffic of known truth, and when a process crosses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np

from ombud.domain.rollout import Arm, Increment, Outcome2x2, RolloutState

__all__ = ["first_crossing", "shadow_looks", "split_looks"]

AT = datetime(2026, 11, 1, tzinfo=UTC)
Process = Callable[[Sequence[Increment]], float]


def shadow_looks(
    rng: np.random.Generator,
    control: float,
    challenger: float,
    *,
    correlation: float,
    requests: int,
    looks: int,
) -> list[Increment]:
    """Pairs whose errors have the given rates and correlation."""
    spread = np.sqrt(control * (1 - control) * challenger * (1 - challenger))
    both = control * challenger + correlation * spread
    chances = [1 - control - challenger + both, control - both, challenger - both, both]
    return [
        Increment(i, RolloutState.SHADOW, 0, "all", AT, paired=Outcome2x2(*map(int, counts)))
        for i, counts in enumerate(rng.multinomial(requests, chances, size=looks), start=1)
    ]


def split_looks(
    rng: np.random.Generator,
    control: float,
    challenger: float,
    *,
    weight: float,
    requests: int,
    looks: int,
    step: int = 0,
) -> list[Increment]:
    """Requests assigned at random, ``weight`` of them to the challenger."""
    made = []
    for look in range(1, looks + 1):
        ours = int(rng.binomial(requests, weight))
        theirs = requests - ours
        made.append(
            Increment(
                look,
                RolloutState.RAMP,
                step,
                "all",
                AT,
                requests={Arm.CONTROL: theirs, Arm.CHALLENGER: ours},
                errors={
                    Arm.CONTROL: int(rng.binomial(theirs, control)),
                    Arm.CHALLENGER: int(rng.binomial(ours, challenger)),
                },
            )
        )
    return made


def first_crossing(process: Process, looks: Sequence[Increment], *, alpha: float = 0.05) -> int | None:
    """Number of the look at which the process reached ``1 / alpha``; None if it never did.

    By bisection, since running suprema only rise.
    """
    if process(looks) < 1 / alpha:
        return None
    low, high = 1, len(looks)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if process(looks[:middle]) >= 1 / alpha else (middle + 1, high)
    return low
