"""The port through which the judge gets its statistics.

The core may not import the monitors, so the e-processes come in from outside. Every method returns
a *running supremum* over looks: once it has crossed a threshold it stays crossed, however the
later data look, so asking again at any time is allowed (Ville's inequality).

Source: Ramdas, Grünwald, Vovk, Shafer, "Game-theoretic statistics and safe anytime-valid
inference", Statistical Science 38 (2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ombud.domain.rollout import Increment

__all__ = ["EvidenceProcesses"]


class EvidenceProcesses(Protocol):
    """E-processes over the increments of one segment, ordered by look."""

    def paired_harm(self, increments: Sequence[Increment], /) -> float:
        """Evidence against "the challenger's error rate is at most the control's", from pairs."""
        ...

    def paired_not_worse(self, increments: Sequence[Increment], /, *, delta: float) -> float:
        """Evidence against "the challenger is worse by ``delta`` or more", from pairs."""
        ...

    def split_harm(self, increments: Sequence[Increment], /) -> float:
        """As :meth:`paired_harm`, from two arms; strata are (stage, step)."""
        ...

    def split_not_worse(self, increments: Sequence[Increment], /, *, delta: float) -> float:
        """As :meth:`paired_not_worse`, from two arms; strata are (stage, step)."""
        ...
