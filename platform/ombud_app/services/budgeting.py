"""The project's one false-alarm budget, split over its monitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ombud.domain.modality import Modality
from ombud.project import Project
from ombud_monitors.multiplicity import Branch, Budget, Split, SplitRow
from ombud_monitors.panel import default_panel, shares

__all__ = ["ProjectBudget", "Purpose", "budget_of"]


class Purpose(StrEnum):
    """What a monitor's part of the budget is for."""

    PAGING = "paging"
    """Claims of harm, which wake people."""
    NOTICING = "noticing"
    """Claims of change, which are shown."""


@dataclass(frozen=True)
class ProjectBudget:
    """One budget over everything that may raise an alarm: first by purpose, then by monitor.

    Args:
        split: Over ``purpose/monitor``.
        purposes: Monitor code → purpose.
    """

    split: Split
    purposes: Mapping[str, Purpose]

    def level(self, code: str, look: int) -> float:
        """Level at which the monitor judges the ``look``-th look of a period.

        Raises:
            BadInput: The monitor has no share, or ``look`` is below 1.
        """
        return self.split.level(self._path(code), look)

    def table(self, look: int = 1) -> Sequence[tuple[Purpose, SplitRow]]:
        """(purpose, row) for every monitor, largest share first within its purpose.

        Args:
            look: The look whose level is shown.
        """
        rows = [(Purpose(row.monitor.partition("/")[0]), row) for row in self.split.table(look)]
        plain = [
            (purpose, SplitRow(row.monitor.partition("/")[2], row.share, row.level, row.total))
            for purpose, row in rows
        ]
        return sorted(plain, key=lambda line: line[0] is not Purpose.PAGING)

    def _path(self, code: str) -> str:
        # A code that has no purpose is named by the split's own refusal.
        purpose = self.purposes.get(code)
        return f"{purpose.value}/{code}" if purpose else code


def budget_of(project: Project) -> ProjectBudget:
    """Split by the shares of ``ombud.yaml``; a modality without one weighs 1.

    What pages gets ``1 - noticing_share`` of the probability and what is merely noticed the rest, so the
    chance of any alarm of any kind about one version in one period is at most the probability.
    """
    weights = {name: monitor.share for name, monitor in project.monitors.items()}
    paging, noticing = shares(default_panel([Modality(m) for m in project.modalities]), weights)
    stated = project.budget
    split = Budget(stated.probability, stated.looks, stated.open_ended).split(
        {
            Purpose.PAGING.value: Branch(1 - stated.noticing_share, paging),
            Purpose.NOTICING.value: Branch(stated.noticing_share, noticing),
        }
    )
    purposes = dict.fromkeys(paging, Purpose.PAGING) | dict.fromkeys(noticing, Purpose.NOTICING)
    return ProjectBudget(split, purposes)
