"""Rollouts: start, follow, hold, resume, roll back, abort."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel, Field

from ombud.domain.rollout import Rollout, RolloutEvent, RolloutState
from ombud.errors import PreconditionFailed, StaleTransition
from ombud_app.portal.access import acting, needs
from ombud_app.portal.api.alerts import Reason
from ombud_app.portal.finite import finite_tree
from ombud_app.portal.idempotency import IdempotentRoute
from ombud_app.portal.paging import Cursor, Limit, Page, paged
from ombud_app.services.rollouts import RolloutStatus as Status

__all__ = ["RolloutItem", "RolloutStatus", "Start", "rollout_item", "router", "shown_numbers"]

router = APIRouter(prefix="/api/v1/rollouts", tags=["rollouts"], route_class=IdempotentRoute)

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="ETag of the state that you have read; 412 when it moved"),
]


class Start(BaseModel):
    """Which version to try."""

    model: str = Field(examples=["digits"])
    version: int = Field(ge=1, examples=[2])


class RolloutItem(BaseModel):
    """A rollout as it stands; ``seq`` is also its ETag."""

    rollout_id: str
    model: str
    challenger: int
    control: int | None = Field(description="Champion at the start; null for the first one")
    state: RolloutState
    step: int
    seq: int
    submitted_by: str
    created_at: datetime
    updated_at: datetime
    reason: str
    alpha: float
    delta: float


class EventItem(BaseModel):
    """One transition with the numbers behind it."""

    seq: int
    source: RolloutState | None
    target: RolloutState
    step: int
    actor: str
    role: str
    reason: str
    at: datetime
    evidence_digest: str
    evidence: dict[str, Any]


class RolloutStatus(RolloutItem):
    """A rollout with its history and its latest numbers."""

    events: list[EventItem]
    action: str = Field(description="What the judge says now", examples=["wait"])
    numbers: dict[str, Any] = Field(description="What the judge saw last: e-values, thresholds, counts")


def rollout_item(rollout: Rollout) -> RolloutItem:
    """A rollout as the API shows it."""
    return RolloutItem(
        rollout_id=rollout.rollout_id,
        model=rollout.model,
        challenger=rollout.challenger,
        control=rollout.control,
        state=rollout.state,
        step=rollout.step,
        seq=rollout.seq,
        submitted_by=rollout.submitted_by,
        created_at=rollout.created_at,
        updated_at=rollout.updated_at,
        reason=rollout.reason,
        alpha=rollout.plan.alpha,
        delta=rollout.plan.delta,
    )


def shown_numbers(found: Status) -> dict[str, Any]:
    """What the judge says now; once it is over, what it said last. Empty before the first look."""
    seen = [found.decision.numbers, *(e.evidence for e in reversed(found.events))]
    judged = next((numbers for numbers in seen if numbers.get("looks")), {})
    tree = finite_tree(judged)
    return tree if isinstance(tree, dict) else {}


def _event_item(event: RolloutEvent) -> EventItem:
    evidence = finite_tree(event.evidence)
    return EventItem(
        seq=event.seq,
        source=event.source,
        target=event.target,
        step=event.step,
        actor=event.actor,
        role=event.role,
        reason=event.reason,
        at=event.at,
        evidence_digest=event.evidence_digest,
        evidence=evidence if isinstance(evidence, dict) else {},
    )


@contextmanager
def _expecting(if_match: str | None) -> Iterator[int | None]:
    """The seq that the caller has read, for the compare-and-set; losing it is a failed precondition."""
    expected = None
    if if_match not in (None, "*"):
        read = (if_match or "").strip('"')
        if not read.isdigit():
            raise PreconditionFailed(
                f"If-Match {if_match} is no state of a rollout",
                remedy="Send the ETag of the rollout as you have read it.",
            )
        expected = int(read)
    try:
        yield expected
    except StaleTransition as lost:
        if expected is None:
            raise
        raise PreconditionFailed(lost.message, remedy="Read it again and decide anew.") from lost


def _moved(rollout: Rollout, response: Response) -> RolloutItem:
    response.headers["ETag"] = f'"{rollout.seq}"'
    return rollout_item(rollout)


@router.get("")
def list_rollouts(
    request: Request,
    model: str | None = None,
    state: RolloutState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RolloutItem]:
    """Rollouts, the newest first."""
    with needs(request).uow.begin(write=False) as tx:
        found = tx.rollouts.list(model=model, states=None if state is None else (state,))
    return paged(found, key=lambda r: r.rollout_id, cursor=cursor, limit=limit, show=rollout_item)


@router.post("", status_code=201)
def start(request: Request, response: Response, body: Start) -> RolloutItem:
    """Start a rollout under the project file's plan; the caller becomes its submitter."""
    rollout = needs(request).rollouts.start(body.model, body.version, actor=acting(request))
    response.headers["Location"] = f"/api/v1/rollouts/{rollout.rollout_id}"
    return _moved(rollout, response)


@router.get("/{rollout_id}")
def status(request: Request, response: Response, rollout_id: str) -> RolloutStatus:
    """A rollout with every transition and the numbers behind it."""
    found = needs(request).rollouts.status(rollout_id)
    item = _moved(found.rollout, response)
    return RolloutStatus(
        **item.model_dump(),
        action=found.decision.action.value,
        events=[_event_item(e) for e in found.events],
        numbers=shown_numbers(found),
    )


@router.post("/{rollout_id}/rollback")
def rollback(
    request: Request, response: Response, rollout_id: str, body: Reason, if_match: IfMatch = None
) -> RolloutItem:
    """Give the traffic back to the last promoted version."""
    with _expecting(if_match) as seq:
        moved = needs(request).rollouts.rollback(
            rollout_id, actor=acting(request), reason=body.reason, expected_seq=seq
        )
    return _moved(moved, response)


@router.post("/{rollout_id}/abort")
def abort(
    request: Request, response: Response, rollout_id: str, body: Reason, if_match: IfMatch = None
) -> RolloutItem:
    """Withdraw a rollout: before it is live it is refused, after that it rolls back."""
    with _expecting(if_match) as seq:
        moved = needs(request).rollouts.abort(
            rollout_id, actor=acting(request), reason=body.reason, expected_seq=seq
        )
    return _moved(moved, response)


@router.post("/{rollout_id}/hold")
def hold(
    request: Request, response: Response, rollout_id: str, body: Reason, if_match: IfMatch = None
) -> RolloutItem:
    """Stop it where it is; holding too long rolls it back."""
    with _expecting(if_match) as seq:
        moved = needs(request).rollouts.hold(
            rollout_id, actor=acting(request), reason=body.reason, expected_seq=seq
        )
    return _moved(moved, response)


@router.post("/{rollout_id}/resume")
def resume(
    request: Request, response: Response, rollout_id: str, body: Reason, if_match: IfMatch = None
) -> RolloutItem:
    """Let a held rollout go on."""
    with _expecting(if_match) as seq:
        moved = needs(request).rollouts.resume(
            rollout_id, actor=acting(request), reason=body.reason, expected_seq=seq
        )
    return _moved(moved, response)
