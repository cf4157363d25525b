"""The project's one false-alarm budget, split over its monitors."""

from __future__ import annotations

from ombud.domain.modality import Modality
from ombud.project import Project
from ombud_monitors.multiplicity import Budget
from ombud_monitors.panel import PanelBudget, default_panel, panel_budget

__all__ = ["budget_of"]


def budget_of(project: Project) -> PanelBudget:
    """Split as ``ombud.yaml`` says; a modality without a share weighs 1."""
    stated = project.budget
    return panel_budget(
        default_panel([Modality(m) for m in project.modalities]),
        Budget(stated.probability, stated.looks, stated.open_ended),
        noticing_share=stated.noticing_share,
        modalities={name: monitor.share for name, monitor in project.monitors.items()},
    )
