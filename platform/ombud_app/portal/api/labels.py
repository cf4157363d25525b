"""Labels that arrive late, in bulk."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from ombud.domain.inference import Label
from ombud_app.portal.access import acting, needs
from ombud_app.portal.idempotency import IdempotentRoute

__all__ = ["LabelProblem", "Labels", "Receipt", "router"]

router = APIRouter(prefix="/api/v1/labels", tags=["labels"], route_class=IdempotentRoute)


_UNKNOWN = ("no such request in the inference log", "Correct the request id, or send it again in a second.")
_CONTRADICTS = ("another label came first and stays; this one is on record", "Clear up which one is right.")


class LabelItem(BaseModel):
    """The truth about one request."""

    request_id: str = Field(min_length=1, max_length=200, examples=["r-01"])
    label: str = Field(examples=["7"])
    source: str = Field(min_length=1, examples=["annotator:anna"])
    time: AwareDatetime | None = Field(None, description="When it became known; now, if not given")


class Labels(BaseModel):
    """A batch."""

    labels: list[LabelItem] = Field(min_length=1, max_length=10_000)


class LabelProblem(BaseModel):
    """One label that was not taken as a first label, and why."""

    request_id: str
    status: int = Field(examples=[404])
    detail: str
    remedy: str


class Receipt(BaseModel):
    """What became of a batch. The first label of a request wins."""

    accepted: int
    repeated: list[str] = Field(description="Requests that had the same label already")
    problems: list[LabelProblem] = Field(
        description="404: the request is not in the log; 409: it has another label, which stays"
    )


@router.post("", responses={207: {"model": Receipt, "description": "Some labels were not taken"}})
def post_labels(request: Request, response: Response, body: Labels) -> Receipt:
    """Take labels: 200 when every one was taken, 207 with a problem per label that was not, 404 when none
    of the requests is known."""
    house = needs(request)
    now: datetime = house.clock.now()
    labels = [Label(i.request_id, i.label, i.source, i.time or now) for i in body.labels]
    receipt = house.labels.take(labels, actor=acting(request))
    problems = [
        LabelProblem(request_id=request_id, status=status, detail=said[0], remedy=said[1])
        for status, said, ids in (
            (404, _UNKNOWN, receipt.unknown),
            (409, _CONTRADICTS, receipt.contradictions),
        )
        for request_id in ids
    ]
    if problems:
        response.status_code = 207
    return Receipt(accepted=receipt.accepted, repeated=list(receipt.repeated), problems=problems)
