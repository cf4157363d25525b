"""The project's false-alarm budget, split over its monitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ombud.domain.modality import Modality
from ombud.domain.verdict import Grade
from ombud.project import Project
from ombud.project.schema import Monitor as MonitorSettings
from ombud_monitors.multiplicity import Budget, Split, SplitRow
from ombud_monitors.panel import default_panel

__all__ = ["ProjectBudget", "budget_of"]

_MEASURED_SHARE = 0.2
"""Weight of a modality's measured-harm monitor beside its estimated one: labels are late and few."""


@dataclass(frozen=True)
class ProjectBudget:
    """Two budgets of the same size: what pages people, and what is merely noticed.

    Args:
        paging: Split over monitors of harm.
        noticing: Split over monitors of change, which never page.
    """

    paging: Split
    noticing: Split

    def level(self, code: str, look: int) -> float:
        """Level at which the monitor judges the ``look``-th look of a period."""
        split = self.paging if code in self.paging.shares else self.noticing
        return split.level(code, look)

    def table(self) -> Sequence[tuple[str, SplitRow]]:
        """("paging" or "noticing", row) for every monitor."""
        return [("paging", r) for r in self.paging.table()] + [("noticing", r) for r in self.noticing.table()]


def budget_of(project: Project) -> ProjectBudget:
    """Split by the shares of ``ombud.yaml``; a modality without one weighs 1."""
    paging: dict[str, float] = {}
    noticing: dict[str, float] = {}
    for monitor in default_panel([Modality(m) for m in project.modalities]):
        share = project.monitors.get(monitor.modality, MonitorSettings()).share
        if monitor.grade is Grade.MEASURED_HARM:
            share *= _MEASURED_SHARE
        (paging if monitor.grade.pages else noticing)[monitor.code] = share
    budget = Budget(project.budget.probability, project.budget.looks)
    return ProjectBudget(budget.split(paging), budget.split(noticing))
