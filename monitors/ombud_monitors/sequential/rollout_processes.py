"""The evidence processes that a rollout's judge asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ombud.domain.rollout import Increment
from ombud_monitors.sequential.paired import paired_harm, paired_not_worse
from ombud_monitors.sequential.two_arm import split_harm, split_not_worse

__all__ = ["RolloutProcesses"]


@dataclass(frozen=True)
class RolloutProcesses:
    """Four e-processes over one segment's increments, ordered by look.

    Each is the largest value reached so far, so a crossing latches; each is a pure function of the
    increments, so the verdict replays. "Harm" is large when the challenger is worse; "not worse" is
    large when it is proved not to be worse by ``delta``. Requests without an answer are among the
    errors already.

    Example:
        >>> RolloutProcesses().paired_harm([])
        1.0
    """

    def paired_harm(self, increments: Sequence[Increment]) -> float:
        """See :func:`~ombud_monitors.sequential.paired.paired_harm`."""
        return paired_harm(increments)

    def paired_not_worse(self, increments: Sequence[Increment], *, delta: float) -> float:
        """See :func:`~ombud_monitors.sequential.paired.paired_not_worse`."""
        return paired_not_worse(increments, delta=delta)

    def split_harm(self, increments: Sequence[Increment]) -> float:
        """See :func:`~ombud_monitors.sequential.two_arm.split_harm`."""
        return split_harm(increments)

    def split_not_worse(self, increments: Sequence[Increment], *, delta: float) -> float:
        """See :func:`~ombud_monitors.sequential.two_arm.split_not_worse`."""
        return split_not_worse(increments, delta=delta)
