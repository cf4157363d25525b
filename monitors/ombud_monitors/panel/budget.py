"""The panel's one false-alarm budget: first by purpose, then by monitor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ombud_monitors.multiplicity import Branch, Budget, Split, SplitRow
from ombud_monitors.panel.claim import Monitor
from ombud_monitors.panel.default import shares

__all__ = ["NOTICING_SHARE", "PanelBudget", "Purpose", "panel_budget"]

NOTICING_SHARE = 0.2
"""Share of the budget for what is noticed and never pages: a false page costs a person's night, and has to
be proved from as few as two speakers; what is noticed can wait until three windows together prove it."""


class Purpose(StrEnum):
    """What a monitor's part of the budget is for.

    Example:
        >>> from ombud.domain.modality import TEXT
        >>> from ombud_monitors.panel import default_panel
        >>> table = panel_budget(default_panel((TEXT,)), Budget(0.05, looks=10)).table()
        >>> {p.value: round(sum(row.total for of, row in table if of is p), 9) for p in Purpose}
        {'paging': 0.04, 'noticing': 0.01}
    """

    PAGING = "paging"
    """Claims of harm, which wake people."""
    NOTICING = "noticing"
    """Claims of change, which are shown."""


@dataclass(frozen=True)
class PanelBudget:
    """One budget over everything that may raise an alarm.

    Args:
        split: Over ``purpose/monitor``.
        purposes: Monitor code → purpose.

    Example:
        >>> from ombud.domain.modality import AUDIO, TEXT
        >>> from ombud_monitors.panel import default_panel
        >>> budget = panel_budget(default_panel((TEXT, AUDIO)), Budget(0.05, looks=30))
        >>> round(budget.level("audio.harm", look=1), 6), budget.level("audio.harm", look=31)
        (0.000423, 0.0)
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


def panel_budget(
    panel: Sequence[Monitor],
    budget: Budget,
    *,
    noticing_share: float = NOTICING_SHARE,
    modalities: Mapping[str, float] | None = None,
) -> PanelBudget:
    """Split a budget over a panel.

    What pages gets ``1 - noticing_share`` of the probability and what is merely noticed the rest, so the
    chance of any alarm of any kind in one period is at most the probability.

    Args:
        panel: The monitors.
        budget: What is split.
        noticing_share: In (0, 1).
        modalities: Weight per modality; 1 where not named.

    Raises:
        BadInput: A share or weight is not positive.

    Example:
        >>> from ombud.domain.modality import TEXT
        >>> from ombud_monitors.panel import default_panel
        >>> split = panel_budget(default_panel((TEXT,)), Budget(0.05, looks=10))
        >>> round(sum(row.total for _, row in split.table()), 12)
        0.05
    """
    paging, noticing = shares(panel, modalities)
    split = budget.split(
        {
            Purpose.PAGING.value: Branch(1 - noticing_share, paging),
            Purpose.NOTICING.value: Branch(noticing_share, noticing),
        }
    )
    purposes = dict.fromkeys(paging, Purpose.PAGING) | dict.fromkeys(noticing, Purpose.NOTICING)
    return PanelBudget(split, purposes)
