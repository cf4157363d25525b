"""Claims: what a monitor says about a modality, and how it declines to say anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from ombud.domain.modality import Modality
from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud_monitors.panel.question import Question

__all__ = ["Claim", "Monitor"]


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

    @property
    def weight(self) -> float:
        """Its share of the budget beside 1 for a monitor of estimated harm, or of presence."""
        ...

    def judge(self, question: Question) -> Verdict:
        """Judge one window against the reference.

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

    Example:
        >>> from ombud.domain.modality import AUDIO
        >>> claim = Claim("audio.harm", AUDIO, Grade.ESTIMATED_HARM, "Audio: estimated accuracy dropped")
        >>> claim.decline("mean", "No audio in both windows.").outcome.value
        'not_applicable'
    """

    weight: ClassVar[float] = 1.0
    """Share of the budget beside other claims of the same purpose."""

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
