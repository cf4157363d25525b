"""The default panel and its shares of the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ombud.domain.modality import CROSS_MODAL, FUSED, Modality
from ombud.domain.verdict import Grade
from ombud_monitors.panel.changed import DescriptorsChanged, EmbeddingChanged
from ombud_monitors.panel.claim import Monitor
from ombud_monitors.panel.conflict import ConflictChanged
from ombud_monitors.panel.harm import EstimatedHarm, MeasuredHarm
from ombud_monitors.panel.presence import PresenceChanged

__all__ = ["default_panel", "shares"]


def default_panel(modalities: Sequence[Modality]) -> tuple[Monitor, ...]:
    """Every monitor for these modalities, in display order.

    Args:
        modalities: The inputs that the model reads.

    Example:
        >>> from ombud.domain.modality import TEXT
        >>> [monitor.code for monitor in default_panel((TEXT,)) if monitor.grade.pages]
        ['text.harm', 'text.measured_harm', 'fused.harm', 'fused.measured_harm']
    """
    panel: list[Monitor] = []
    for m in modalities:
        name = str(m).capitalize()
        panel += [
            EstimatedHarm(f"{m}.harm", m, Grade.ESTIMATED_HARM, f"{name}: estimated accuracy dropped"),
            MeasuredHarm(f"{m}.measured_harm", m, Grade.MEASURED_HARM, f"{name}: measured accuracy dropped"),
            EmbeddingChanged(f"{m}.embedding", m, Grade.CHANGED, f"{name}: embeddings changed"),
            DescriptorsChanged(f"{m}.descriptors", m, Grade.CHANGED, f"{name}: descriptors changed"),
            PresenceChanged(f"{m}.missing", m, Grade.CHANGED, f"{name}: missing more or less often"),
        ]
    return (
        *panel,
        EstimatedHarm("fused.harm", FUSED, Grade.ESTIMATED_HARM, "Final answer: estimated accuracy dropped"),
        MeasuredHarm(
            "fused.measured_harm", FUSED, Grade.MEASURED_HARM, "Final answer: measured accuracy dropped"
        ),
        ConflictChanged(
            "cross_modal.conflict", CROSS_MODAL, Grade.CHANGED, "Modalities disagree more or less often"
        ),
    )


def shares(
    panel: Sequence[Monitor], modalities: Mapping[str, float] | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of the two budgets: one for the monitors that page, one for those that inform.

    Args:
        panel: The monitors.
        modalities: Weight per modality (``fused`` and ``cross_modal`` included); 1 where not named.

    Returns:
        Code → share of the paging monitors, and of the others.

    Example:
        >>> from ombud.domain.modality import AUDIO, TEXT
        >>> paging, _ = shares(default_panel((TEXT, AUDIO)), {"audio": 2.0})
        >>> paging["audio.harm"], paging["text.harm"], paging["text.measured_harm"]
        (2.0, 1.0, 0.05)
    """
    weights = modalities or {}
    paging: dict[str, float] = {}
    changed: dict[str, float] = {}
    for monitor in panel:
        weight = monitor.weight * weights.get(str(monitor.modality), 1.0)
        (paging if monitor.grade.pages else changed)[monitor.code] = weight
    return paging, changed
