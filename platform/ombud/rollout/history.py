"""What a rollout's events say about time: when a stage began, since when it is held, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ombud.domain.identity import Actor, Role
from ombud.domain.rollout import RolloutEvent
from ombud.domain.rollout import RolloutState as S

__all__ = ["JUDGE", "held_by_person", "held_since", "stage_started"]

JUDGE = Actor("ombud:judge", frozenset({Role.SERVICE}))
"""Whoever the judge's own moves are signed by."""


def stage_started(events: Sequence[RolloutEvent], state: S, step: int) -> datetime:
    """When ``state`` (and ramp step) was entered.

    A hold that the judge lifted by itself does not start the clock anew, or a stage without data
    could go to and fro for ever; a person who resumes does start it anew.

    Args:
        events: Ascending by seq, at least one.
        state: Stage asked about.
        step: Ramp step asked about.
    """
    for event in reversed(events):
        if event.target is not state or event.step != step:
            continue
        if event.source is S.HOLD and event.actor == JUDGE.identity:
            continue
        return event.at
    return events[0].at


def held_since(events: Sequence[RolloutEvent]) -> datetime | None:
    """When the current hold began; None where the last event is not a hold."""
    last = events[-1]
    return last.at if last.target is S.HOLD else None


def held_by_person(events: Sequence[RolloutEvent]) -> bool:
    """Whether the current hold was asked for by somebody other than the judge."""
    last = events[-1]
    return last.target is S.HOLD and last.actor != JUDGE.identity
