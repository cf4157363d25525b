"""The project's one false-alarm budget, split over its monitors."""

from __future__ import annotations

from ombud.domain.modality import Modality
from ombud.project import Project
from ombud_monitors.multiplicity import Budget
from ombud_monitors.panel import PanelBudget, default_panel, panel_budget

__all__ = ["affordable", "budget_of"]


def budget_of(project: Project) -> PanelBudget:
    """Split as ``ombud.yaml`` says; a modality without a share weighs 1."""
    stated = project.budget
    return panel_budget(
        default_panel([Modality(m) for m in project.modalities]),
        Budget(stated.probability, stated.looks, stated.open_ended),
        noticing_share=stated.noticing_share,
        modalities={name: monitor.share for name, monitor in project.monitors.items()},
    )


def affordable(budget: PanelBudget, look: int, spent: float) -> float:
    """Share of the planned levels that what is left of the period's budget pays for.

    It is 1 as long as nobody changes the plan. Who changes looks, shares or modalities within a period
    gets a plan that knows nothing of what was spent before; its levels shrink until the rest pays for them.

    Args:
        budget: The plan as it is now.
        look: Which look of the period.
        spent: Levels of all verdicts of this period together.

    Returns:
        In [0, 1].
    """
    planned = sum(budget.level(code, look) for code in budget.purposes)
    left = budget.split.budget.probability - spent
    # Levels are rounded down one by one, and their sum may be off in its last digits.
    return 1.0 if planned <= left * (1 + 1e-9) else max(left, 0.0) / planned
