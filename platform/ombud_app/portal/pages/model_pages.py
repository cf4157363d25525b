"""A model's versions, and one version with its gate, its evidence and its signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.card import StoredCard
from ombud.domain.evidence import EvidenceKind
from ombud.domain.identity import Role
from ombud.domain.model_version import Alias, ModelVersion
from ombud.domain.rollout import Rollout
from ombud.errors import BadInput
from ombud_app.portal.access import ACCESS, acting, form, needs
from ombud_app.portal.api.approvals import Signature, sign
from ombud_app.portal.api.models_and_versions import known_model
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.pages.front import overview
from ombud_app.portal.rendering import page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_SIGN = "/models/{model}/versions/{version}/sign"


@dataclass(frozen=True)
class _Row:
    """A version with what the versions table says about it."""

    version: ModelVersion
    aliases: list[str]
    card: StoredCard | None
    accuracy: dict[str, Any] | None
    gate: bool | None
    approvals: list[Approval]
    rollout: Rollout | None


def _rows(house: PortalNeeds, model: str) -> list[_Row]:
    aliases = {alias.value: house.registry.alias(model, alias) for alias in Alias}
    rows = []
    with house.uow.begin(write=False) as tx:
        rollouts = tx.rollouts.list(model=model)
        for version in sorted(house.registry.versions(model), key=lambda v: -v.version):
            n = version.version
            evaluation = tx.evidence.latest(EvidenceKind.EVALUATION, model, n)
            gate = tx.evidence.latest(EvidenceKind.GATE, model, n)
            rows.append(
                _Row(
                    version=version,
                    aliases=[a for a, v in aliases.items() if v == n],
                    card=tx.cards.current(model, n),
                    accuracy=evaluation.content["metrics"].get("accuracy.fused") if evaluation else None,
                    gate=bool(gate.content["passed"]) if gate else None,
                    approvals=list(tx.approvals.list(model, version=n)),
                    rollout=next((r for r in rollouts if r.challenger == n), None),
                )
            )
    return rows


@router.get("/models/{model}")
def model_page(request: Request, model: str) -> HTMLResponse:
    """Versions of a model, the newest first."""
    house = needs(request)
    known_model(house, model)
    return page(request, "model.html", model=overview(house, model), rows=_rows(house, model))


@router.get("/models/{model}/versions/{version}")
def version_page(request: Request, model: str, version: int) -> HTMLResponse:
    """One version: digests, gate, evidence, signatures."""
    house = needs(request)
    found = house.registry.version(model, version)
    with house.uow.begin(write=False) as tx:
        card = tx.cards.current(model, version)
        gate = tx.evidence.latest(EvidenceKind.GATE, model, version)
        evidence = tx.evidence.list(model, version=version)
        approvals = tx.approvals.list(model, version=version)
        rollouts = [r for r in tx.rollouts.list(model=model) if r.challenger == version]
    actor = acting(request)
    return page(
        request,
        "version.html",
        version=found,
        aliases=[a.value for a in Alias if house.registry.alias(model, a) == version],
        card=card,
        gate=gate.content if gate else None,
        evidence=evidence,
        approvals=approvals,
        rollouts=rollouts,
        signing_roles=sorted(actor.roles & ACCESS["POST", _SIGN]),
        kinds=list(ApprovalKind),
    )


@router.post(_SIGN)
async def sign_page(request: Request, model: str, version: int) -> Response:
    """Approve or refuse from the page, under the digests that the page showed."""
    fields = await form(request)
    try:
        signature = Signature(
            kind=ApprovalKind(fields.get("kind", "")),
            model=model,
            version=version,
            decision=Decision(fields.get("decision", "")),
            role=Role(fields.get("role", "")),
            reason=fields.get("reason", ""),
            card_digest=fields.get("card_digest", ""),
            model_digest=fields.get("model_digest", ""),
        )
    except (ValidationError, ValueError):
        raise BadInput(
            "a signature needs a decision, a role and a reason of at least 3 characters",
            remedy="Go back and fill in the form.",
        ) from None
    sign(needs(request), acting(request), signature)
    return RedirectResponse(f"/models/{model}/versions/{version}#signatures", status_code=303)
