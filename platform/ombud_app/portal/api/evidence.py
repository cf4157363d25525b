"""Evidence documents and stored files, by digest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from ombud_app.portal.access import needs
from ombud_app.portal.headers import REPORT_POLICY

__all__ = ["EvidenceDocument", "router"]

router = APIRouter(tags=["evidence"])

_FOREVER = "private, max-age=31536000, immutable"
# What a browser may show in place; anything else is offered as a download.
_SHOWN = ("text/html", "text/plain", "application/json", "image/png", "image/svg+xml")


class EvidenceDocument(BaseModel):
    """One immutable document; its digest is over the RFC 8785 canonical bytes of ``content``."""

    digest: str
    kind: str
    model: str
    version: int
    run_id: str
    created_at: datetime
    content: dict[str, Any]


@router.get("/api/v1/evidence/{digest}")
def get_evidence(request: Request, response: Response, digest: str) -> EvidenceDocument:
    """One document."""
    with needs(request).uow.begin(write=False) as tx:
        found = tx.evidence.get(digest)
    response.headers["ETag"] = f'"{found.digest}"'
    return EvidenceDocument(
        digest=found.digest,
        kind=found.kind.value,
        model=found.model,
        version=found.version,
        run_id=found.run_id,
        created_at=found.created_at,
        content=dict(found.content),
    )


@router.get("/api/v1/artifacts/{digest}", response_class=Response)
def get_artifact(request: Request, digest: str) -> Response:
    """One stored file (a report, a plot). HTML is shown in a sandbox, without origin or network."""
    store = needs(request).artifacts
    media_type = store.media_type(digest)
    headers = {"ETag": f'"{digest}"', "Cache-Control": _FOREVER, "Content-Security-Policy": REPORT_POLICY}
    if media_type.partition(";")[0] not in _SHOWN:
        headers["Content-Disposition"] = f'attachment; filename="{digest.removeprefix("sha256:")[:16]}"'
    return Response(store.get(digest), media_type=media_type, headers=headers)
