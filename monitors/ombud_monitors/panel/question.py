"""Question: one window, one reference, and what the answer may cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ombud.domain.observations import Observations
from ombud.errors import BadInput

__all__ = ["MINIMUM_ROWS", "Question"]

MINIMUM_ROWS = 50
"""Usable rows wanted in each window unless the project file says otherwise."""


@dataclass(frozen=True, eq=False)
class Question:
    """What a monitor is asked.

    Args:
        reference: What normal looks like.
        current: The window.
        level: Chance of a false alarm that this look may spend, from the budget; 0 means that the budget
            of the period is spent.
        seed: Seed of every random choice.
        minimum_rows: Usable rows wanted in each window.

    Example:
        >>> import numpy as np
        >>> none = Observations((), ("x", "y"), np.zeros((0, 2), np.float32), np.zeros(0, np.int64), {})
        >>> asked = Question(none, none, level=0.01, seed=0)
        >>> asked.too_early(0, 80, 50, "rows with audio")
        'Too few rows with audio: 0 in the reference; 50 in each would do.'
    """

    reference: Observations
    current: Observations
    level: float
    seed: int
    minimum_rows: int = MINIMUM_ROWS

    def at(self, level: float) -> Question:
        """The same question at another level."""
        return replace(self, level=level)

    def too_early(self, n_reference: int, n_current: int, minimum: int, what: str) -> str:
        """Why nothing can be said yet; empty if something can.

        Args:
            n_reference: Usable rows of the reference.
            n_current: Usable rows of the window.
            minimum: How many are wanted in each.
            what: What makes a row usable, e.g. ``rows with audio``.
        """
        if self.level <= 0:
            return (
                "The error budget of this period is spent: no more looks were planned. "
                "Plan more looks per period, or open a new period."
            )
        short = [
            f"{n} in the {window}"
            for n, window in ((n_reference, "reference"), (n_current, "current window"))
            if n < minimum
        ]
        return f"Too few {what}: {' and '.join(short)}; {minimum} in each would do." if short else ""

    def same_labels(self) -> None:
        """Refuse windows of two different label spaces.

        Raises:
            BadInput: The labels or their order differ.
        """
        if self.reference.labels != self.current.labels:
            raise BadInput(
                f"current window: expected the reference's labels {list(self.reference.labels)}, "
                f"got {list(self.current.labels)}",
                remedy="Judge each model version against a reference of its own.",
            )
