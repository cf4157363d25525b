"""Verdicts: what one monitor said about one window, with the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ombud.domain.modality import Modality

__all__ = ["Contribution", "Grade", "Outcome", "StoredVerdict", "Verdict"]


class Outcome(StrEnum):
    """How a test ended."""

    DRIFT = "drift"
    QUIET = "quiet"
    NOT_APPLICABLE = "not_applicable"
    """The test declined: too little data, failed assumptions; ``reason`` says what would suffice."""


class Grade(StrEnum):
    """What kind of claim a monitor makes; only harm pages by default."""

    CHANGED = "changed"
    ESTIMATED_HARM = "estimated_harm"
    MEASURED_HARM = "measured_harm"

    @property
    def pages(self) -> bool:
        """Whether drift of this grade wakes a person by default."""
        return self is not Grade.CHANGED


@dataclass(frozen=True)
class Contribution:
    """How much one named quantity moved.

    Args:
        name: Descriptor, class or slice.
        reference: Its mean in the reference window, in its own unit.
        current: Its mean in the current window, in its own unit.
        effect: Standardised difference (current − reference) / reference standard deviation.
    """

    name: str
    reference: float
    current: float
    effect: float


@dataclass(frozen=True)
class Verdict:
    """One monitor's answer about one window.

    A verdict that is not "not applicable" carries statistic, p- or e-value, n, threshold, effect
    size with its interval, and minimum detectable effect; one that is, carries the reason.

    Args:
        monitor: Catalogue code, e.g. ``audio.harm``.
        modality: Modality it is about (``cross_modal`` and ``fused`` included).
        detector: Name of the test, e.g. ``mmd`` or ``alibi-detect:mmd``.
        outcome: How it ended.
        grade: What kind of claim it makes.
        n_reference: Rows of the reference used.
        n_current: Rows of the current window used.
        clusters_reference: Repeating units in the reference; None when independence was assumed.
        clusters_current: Repeating units in the window; None when independence was assumed.
        statistic: Value of the test statistic.
        p_value: In (0, 1]; never 0.
        e_value: In [0, inf).
        threshold: Level at which the p-value (or 1/threshold for the e-value) was judged: what this
            look cost the budget.
        effect: Effect size in the unit named by ``effect_unit``.
        effect_unit: E.g. ``"standard deviations"`` or ``"accuracy points"``.
        effect_low: Lower end of the effect's 95% interval, in ``effect_unit``.
        effect_high: Upper end; None where no honest interval exists.
        minimum_detectable_effect: Smallest effect this test sees with power .8 at this n, in
            ``effect_unit``.
        reason: Why not applicable, or what was assumed; a sentence.
        causes: What moved most, largest first.
    """

    monitor: str
    modality: Modality
    detector: str
    outcome: Outcome
    grade: Grade
    n_reference: int
    n_current: int
    clusters_reference: int | None = None
    clusters_current: int | None = None
    statistic: float | None = None
    p_value: float | None = None
    e_value: float | None = None
    threshold: float | None = None
    effect: float | None = None
    effect_unit: str = ""
    effect_low: float | None = None
    effect_high: float | None = None
    minimum_detectable_effect: float | None = None
    reason: str = ""
    causes: tuple[Contribution, ...] = ()

    @property
    def fired(self) -> bool:
        """Whether the monitor says that something changed."""
        return self.outcome is Outcome.DRIFT


@dataclass(frozen=True)
class StoredVerdict:
    """A verdict with its place in history.

    Args:
        verdict_id: ``window_id/monitor/detector`` — re-running a window replaces nothing.
        model: Model name.
        version: Version watched.
        window_id: Window looked at.
        advisory: True for second opinions, which never page and cost no budget.
        at: When it was reached (aware, UTC).
        run_id: Orchestrator run that reached it.
        verdict: The verdict.
    """

    verdict_id: str
    model: str
    version: int
    window_id: str
    advisory: bool
    at: datetime
    run_id: str
    verdict: Verdict
