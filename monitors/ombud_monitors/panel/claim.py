"""Claims: what a monitor says about a modality, and how it declines to say anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ombud.domain.modality import Modality
from ombud.domain.observations import Observations
from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud.errors import BadInput

__all__ = ["MINIMUM_ROWS", "Claim", "Monitor", "same_labels"]

MINIMUM_ROWS = 50


class Monitor(Protocol):
    """One watch over one modality, judging whole windows."""

    @property
    def code(self) -> str:
        """Catalogue code, e.g. ``audio.harm``."""
        ...

    @property
    def modality(self) -> Modality:
        """What it watches; ``fused`` and ``cross_modal`` included."""
        ...

    @property
    def grade(self) -> Grade:
        """What kind of claim it makes."""
        ...

    @property
    def title(self) -> str:
        """One line for people."""
        ...

    def judge(
        self,
        reference: Observations,
        current: Observations,
        *,
        level: float,
        seed: int,
        minimum_rows: int = MINIMUM_ROWS,
    ) -> Verdict:
        """Judge one window against the reference.

        Args:
            reference: What normal looks like.
            current: The window.
            level: Chance of a false alarm that this look may spend, from the budget; 0 means that
                the budget of the period is spent.
            seed: Seed of every random choice.
            minimum_rows: Usable rows wanted in each window.

        Raises:
            BadInput: The windows have different labels or columns.
        """
        ...


@dataclass(frozen=True)
class Claim:
    """Who speaks, about what.

    Args:
        code: Catalogue code.
        modality: What is watched.
        grade: What kind of claim is made.
        title: One line for people.
    """

    code: str
    modality: Modality
    grade: Grade
    title: str

    def decline(self, detector: str, reason: str, *, n_reference: int = 0, n_current: int = 0) -> Verdict:
        """Not applicable, and why."""
        return Verdict(
            monitor=self.code,
            modality=self.modality,
            detector=detector,
            outcome=Outcome.NOT_APPLICABLE,
            grade=self.grade,
            n_reference=n_reference,
            n_current=n_current,
            reason=reason,
        )

    def too_early(self, level: float, n_reference: int, n_current: int, minimum: int, what: str) -> str:
        """Why nothing can be said yet; empty if something can.

        Args:
            level: What this look may spend.
            n_reference: Usable rows of the reference.
            n_current: Usable rows of the window.
            minimum: How many are wanted in each.
            what: What makes a row usable, e.g. ``rows with audio``.
        """
        if level <= 0:
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


def same_labels(reference: Observations, current: Observations) -> None:
    """Refuse windows of two different label spaces.

    Raises:
        BadInput: The labels or their order differ.
    """
    if reference.labels != current.labels:
        raise BadInput(
            f"current window: expected the reference's labels {list(reference.labels)}, "
            f"got {list(current.labels)}",
            remedy="Judge each model version against a reference of its own.",
        )
