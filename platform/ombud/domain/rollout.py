"""Rollouts: a candidate's way from the gate to production, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ombud.errors import BadInput

__all__ = [
    "Arm",
    "Increment",
    "OutboxItem",
    "Outcome2x2",
    "Rollout",
    "RolloutEvent",
    "RolloutPlan",
    "RolloutState",
    "Step",
]


class RolloutState(StrEnum):
    """States of DESIGN's state machine; ``rollout/states.py`` holds the transition table."""

    REGISTERED = "registered"
    GATED = "gated"
    APPROVED = "approved"
    BOOTSTRAP = "bootstrap"
    SHADOW = "shadow"
    RAMP = "ramp"
    HOLD = "hold"
    CERTIFIED = "certified"
    PROMOTING = "promoting"
    BAKING = "baking"
    PROMOTED = "promoted"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


@dataclass(frozen=True)
class Step:
    """One step of the ramp.

    Args:
        weight: Share of live traffic that the challenger answers, in (0, 1).
        min_requests: Labelled requests per arm wanted before the next step.
    """

    weight: float
    min_requests: int

    def __post_init__(self) -> None:
        if not 0 < self.weight < 1:
            raise BadInput(
                f"rollout step: weight must lie strictly between 0 and 1, got {self.weight}",
                remedy="Use a share such as 0.1; full traffic comes with the promotion itself.",
            )


@dataclass(frozen=True)
class RolloutPlan:
    """What was agreed before the first request: it is frozen into the rollout.

    Args:
        alpha: Total chance of a false rollback over the whole rollout, however often one looks.
        delta: Largest rise of the error rate (in absolute points, 0.02 = 2 points) that still
            counts as "not worse"; the certificate bounds it with error ``alpha``.
        shadow_requests: Paired requests wanted in shadow before the ramp may start.
        steps: The ramp.
        bake_seconds: How long the new champion is watched after the switch.
        bake_requests: Labelled requests wanted while baking.
        hold_seconds: How long a hold may last before it rolls back.
        stage_seconds: How long a stage may go without enough evidence before it holds.
        promotion_approval: Whether a second approval is asked for after the certificate.
    """

    alpha: float = 0.05
    delta: float = 0.02
    shadow_requests: int = 200
    steps: tuple[Step, ...] = (Step(0.1, 50), Step(0.5, 50))
    bake_seconds: float = 60.0
    bake_requests: int = 0
    hold_seconds: float = 3600.0
    stage_seconds: float = 86400.0
    promotion_approval: bool = False


class Arm(StrEnum):
    """The two arms of a split."""

    CONTROL = "control"
    CHALLENGER = "challenger"


@dataclass(frozen=True)
class Outcome2x2:
    """Paired outcomes on the same requests (shadow).

    Args:
        both_right: Both arms right.
        only_control_wrong: The challenger alone was right.
        only_challenger_wrong: The control alone was right.
        both_wrong: Both wrong.
    """

    both_right: int = 0
    only_control_wrong: int = 0
    only_challenger_wrong: int = 0
    both_wrong: int = 0

    @property
    def n(self) -> int:
        """Paired requests counted."""
        return self.both_right + self.only_control_wrong + self.only_challenger_wrong + self.both_wrong


@dataclass(frozen=True)
class Increment:
    """What one look added, in integers; the verdict is a pure function of their sequence.

    Args:
        look: 1, 2, 3, ... within the rollout.
        stage: State in which it was collected (``shadow``, ``ramp``, ``baking``).
        step: Index of the ramp step; 0 elsewhere.
        segment: ``all``, a presence pattern such as ``audio`` or ``audio+text``, or ``availability``
            (an "error" is then an answer that never came; needs no label).
        paired: Paired outcomes (shadow and baking); all zero in the ramp. "Control" is the previous
            champion, "challenger" the version on trial, also while it bakes as champion.
        requests: Per arm, labelled requests in a split (the ramp); empty elsewhere.
        errors: Per arm, how many of them were wrong.
        failures: Per arm, how many had no answer at all (counted as errors too).
        at: When the look was taken (aware, UTC).
    """

    look: int
    stage: RolloutState
    step: int
    segment: str
    at: datetime
    paired: Outcome2x2 = Outcome2x2()
    requests: Mapping[Arm, int] = field(default_factory=dict)
    errors: Mapping[Arm, int] = field(default_factory=dict)
    failures: Mapping[Arm, int] = field(default_factory=dict)

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Look, then stage, step and segment: unique in a rollout, and the order of replay.

        One look can hold two stages: late labels of the shadow arrive while the ramp is under way.
        """
        return self.look, list(RolloutState).index(self.stage), self.step, self.segment


@dataclass(frozen=True)
class Rollout:
    """A rollout as it stands.

    Args:
        rollout_id: Its id.
        model: Model name.
        challenger: Version on trial.
        control: Champion at the start; None for the first champion.
        plan: Frozen plan.
        state: Where it stands.
        step: Index of the current ramp step; 0 outside the ramp.
        seq: Number of its last event; the compare-and-set key.
        submitted_by: Identity that started it; may not approve it.
        created_at: Aware, UTC.
        updated_at: When it last moved (aware, UTC).
        reason: Why it is in this state.
        resume_to: While on hold, the state to go back to; None otherwise.
    """

    rollout_id: str
    model: str
    challenger: int
    control: int | None
    plan: RolloutPlan
    state: RolloutState
    step: int
    seq: int
    submitted_by: str
    created_at: datetime
    updated_at: datetime
    reason: str = ""
    resume_to: RolloutState | None = None


@dataclass(frozen=True)
class RolloutEvent:
    """One transition, append-only.

    Args:
        rollout_id: Rollout that moved.
        seq: 1, 2, 3, ...; unique per rollout.
        source: State before; None for the first event.
        target: State after.
        step: Ramp step after.
        actor: Identity that moved it.
        role: Role in which it moved it.
        reason: Why.
        evidence: Numbers behind it (e-values, counts, bounds), as a JSON object.
        evidence_digest: ``sha256:<hex>`` of the canonical ``evidence``.
        idempotency_key: Same key, same event: a retry changes nothing.
        at: When (aware, UTC).
    """

    rollout_id: str
    seq: int
    source: RolloutState | None
    target: RolloutState
    step: int
    actor: str
    role: str
    reason: str
    evidence: Mapping[str, object]
    evidence_digest: str
    idempotency_key: str
    at: datetime


@dataclass(frozen=True)
class OutboxItem:
    """An effect that a transaction promised and the worker must carry out exactly once in effect.

    Args:
        key: ``rollout:<id>:<seq>:<effect>`` or ``alert:<id>:<route>``; unique.
        effect: ``set_alias``, ``set_traffic``, ``notify``, ``advance``, ...
        payload: What the effect needs.
        created_at: Aware, UTC.
        attempts: Tries so far.
        error: What the last try said.
        done_at: When it was verified done; None while pending.
    """

    key: str
    effect: str
    payload: Mapping[str, object]
    created_at: datetime
    attempts: int = 0
    error: str = ""
    done_at: datetime | None = None
