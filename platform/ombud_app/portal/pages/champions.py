"""Who was champion when, read from the rollouts' events: the registry's aliases have no history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ombud.domain.rollout import Rollout, RolloutEvent, RolloutState

__all__ = ["Bar", "Reign", "bars", "reigns"]


@dataclass(frozen=True)
class Reign:
    """A stretch of time under one champion; ``until`` is None while it lasts."""

    version: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Bar:
    """A reign as a rectangle: ``x`` and ``width`` in percent of the drawing."""

    reign: Reign
    x: float
    width: float


def reigns(history: Iterable[tuple[Rollout, Sequence[RolloutEvent]]]) -> list[Reign]:
    """Champions in order of time.

    The alias moves when a rollout starts baking (the first champion: when it is promoted) and moves
    back when a baking rollout has been rolled back.
    """
    moves = sorted(
        ((event, rollout) for rollout, events in history for event in events),
        key=lambda pair: (pair[0].at, pair[0].rollout_id, pair[0].seq),
    )
    changes: list[tuple[int, datetime]] = []
    for event, rollout in moves:
        reigning = changes[-1][0] if changes else None
        if event.target in (RolloutState.BAKING, RolloutState.PROMOTED) and reigning != rollout.challenger:
            changes.append((rollout.challenger, event.at))
        gave_back = event.target is RolloutState.ROLLED_BACK and reigning == rollout.challenger
        if gave_back and rollout.control is not None:
            changes.append((rollout.control, event.at))
    ends: list[datetime | None] = [at for _, at in changes[1:]]
    return [Reign(v, at, end) for (v, at), end in zip(changes, [*ends, None], strict=False)]


def bars(history: Sequence[Reign], now: datetime) -> list[Bar]:
    """Rectangles that fill the width; a short reign stays wide enough to be read."""
    if not history:
        return []
    spans = [max(((r.until or now) - r.since).total_seconds(), 1.0) for r in history]
    total = sum(spans)
    shares = [max(span / total, 0.08) for span in spans]
    drawn, x = [], 0.0
    for reign, share in zip(history, shares, strict=True):
        width = 100 * share / sum(shares)
        drawn.append(Bar(reign, round(x, 3), round(width, 3)))
        x += width
    return drawn
