"""The door: one table of endpoint × roles. What the table does not name is refused.

A request is let in when its bearer token (or, for reading and for the pages' own forms, the session
cookie, which carries the same token) belongs to an actor who holds one of the endpoint's roles.
Forms prove with a CSRF value that they were drawn by this portal; JSON calls that change something
are never let in by cookie, so no other site can make a browser send one.
"""

from __future__ import annotations

import hmac
from typing import Annotated, cast
from urllib.parse import parse_qs

from fastapi import Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ombud.domain.identity import Actor, Role
from ombud.errors import Forbidden, Unauthenticated
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.tokens import actor_behind, csrf_token

__all__ = ["ACCESS", "COOKIE", "EVERYBODY", "PUBLIC", "acting", "form", "guard", "let_in", "needs"]

COOKIE = "ombud_session"
PUBLIC: frozenset[Role] = frozenset()
"""No token needed: liveness, the sign-in page, its style sheet."""
EVERYBODY = frozenset(Role)
"""Any valid token."""

_RUNNERS = frozenset({Role.SUBMITTER, Role.MODEL_OWNER, Role.SERVICE})
_STOPPERS = frozenset({Role.ON_CALL, Role.MODEL_OWNER, Role.COMPLIANCE_OFFICER, Role.ADMIN})
_ABORTERS = _STOPPERS | {Role.SUBMITTER}
_HOLDERS = frozenset({Role.ON_CALL, Role.MODEL_OWNER, Role.ADMIN})
# Neither CI nor a service nor an administrator signs: approving is a person's job, and the policy
# of the kind of approval narrows these roles further.
_SIGNERS = frozenset({Role.MODEL_OWNER, Role.COMPLIANCE_OFFICER, Role.EVALUATOR, Role.DATA_STEWARD})
_CARERS = frozenset({Role.ON_CALL, Role.MODEL_OWNER, Role.COMPLIANCE_OFFICER, Role.ADMIN})
# A new period is a fresh budget of false alarms: for who answers for the model, or is woken by it.
_DECLARERS = frozenset({Role.MODEL_OWNER, Role.ON_CALL})
_LABELLERS = frozenset({Role.SERVICE, Role.DATA_STEWARD})
_CALLERS = frozenset({Role.SERVICE, Role.SUBMITTER, Role.ADMIN})
# A named version answers whether or not anybody approved it, and nothing is recorded: that is for
# people who evaluate, never for an application that would go round the rollout.
_TRIERS = frozenset({Role.EVALUATOR, Role.MODEL_OWNER})

_API = "/api/v1"
_VERSION = f"{_API}/models/{{model}}/versions/{{version}}"

ACCESS: dict[tuple[str, str], frozenset[Role]] = {
    ("GET", "/health"): PUBLIC,
    ("GET", "/ready"): PUBLIC,
    ("GET", "/sign-in"): PUBLIC,
    ("POST", "/sign-in"): PUBLIC,
    ("GET", "/static/{name}"): PUBLIC,
    ("GET", "/favicon.ico"): PUBLIC,
    ("POST", "/sign-out"): EVERYBODY,
    # The API: reading.
    ("GET", f"{_API}/openapi.json"): EVERYBODY,
    ("GET", f"{_API}/models"): EVERYBODY,
    ("GET", f"{_API}/models/{{model}}"): EVERYBODY,
    ("GET", f"{_API}/models/{{model}}/versions"): EVERYBODY,
    ("GET", _VERSION): EVERYBODY,
    ("GET", f"{_VERSION}/card"): EVERYBODY,
    ("GET", f"{_VERSION}/evidence"): EVERYBODY,
    ("GET", f"{_API}/models/{{model}}/windows"): EVERYBODY,
    ("GET", f"{_API}/models/{{model}}/verdicts"): EVERYBODY,
    ("GET", f"{_API}/evidence/{{digest}}"): EVERYBODY,
    ("GET", f"{_API}/artifacts/{{digest}}"): EVERYBODY,
    ("GET", f"{_API}/alerts"): EVERYBODY,
    ("GET", f"{_API}/alerts/{{alert_id}}"): EVERYBODY,
    ("GET", f"{_API}/rollouts"): EVERYBODY,
    ("GET", f"{_API}/rollouts/{{rollout_id}}"): EVERYBODY,
    ("GET", f"{_API}/approvals"): EVERYBODY,
    ("GET", f"{_API}/ledger"): EVERYBODY,
    ("GET", f"{_API}/ledger/verification"): EVERYBODY,
    ("GET", f"{_API}/budget"): EVERYBODY,
    ("GET", f"{_API}/budget/periods"): EVERYBODY,
    # The API: changing.
    ("POST", f"{_VERSION}/card"): _SIGNERS | _RUNNERS,
    ("POST", f"{_API}/alerts/{{alert_id}}/acknowledge"): _CARERS,
    ("POST", f"{_API}/alerts/{{alert_id}}/resolve"): _CARERS,
    ("POST", f"{_API}/rollouts"): _RUNNERS,
    ("POST", f"{_API}/rollouts/{{rollout_id}}/rollback"): _STOPPERS,
    ("POST", f"{_API}/rollouts/{{rollout_id}}/abort"): _ABORTERS,
    ("POST", f"{_API}/rollouts/{{rollout_id}}/hold"): _HOLDERS,
    ("POST", f"{_API}/rollouts/{{rollout_id}}/resume"): _HOLDERS,
    ("POST", f"{_API}/approvals"): _SIGNERS,
    ("POST", f"{_API}/labels"): _LABELLERS,
    ("POST", f"{_API}/budget/periods"): _DECLARERS,
    # The pages.
    ("GET", "/"): EVERYBODY,
    ("GET", "/api"): EVERYBODY,
    ("GET", "/models/{model}"): EVERYBODY,
    ("GET", "/models/{model}/windows"): EVERYBODY,
    ("GET", "/models/{model}/versions/{version}"): EVERYBODY,
    ("GET", "/models/{model}/versions/{version}/card"): EVERYBODY,
    ("POST", "/models/{model}/versions/{version}/sign"): _SIGNERS,
    ("GET", "/evidence/{digest}"): EVERYBODY,
    ("GET", "/alerts"): EVERYBODY,
    ("GET", "/alerts/{alert_id}"): EVERYBODY,
    ("POST", "/alerts/{alert_id}/acknowledge"): _CARERS,
    ("POST", "/alerts/{alert_id}/resolve"): _CARERS,
    ("GET", "/rollouts"): EVERYBODY,
    ("GET", "/rollouts/{rollout_id}"): EVERYBODY,
    ("POST", "/rollouts/{rollout_id}/rollback"): _STOPPERS,
    ("GET", "/ledger"): EVERYBODY,
    # The gateway.
    ("GET", "/v2"): EVERYBODY,
    ("GET", "/v2/health/live"): PUBLIC,
    ("GET", "/v2/health/ready"): PUBLIC,
    ("GET", "/v2/models/{model}"): EVERYBODY,
    ("GET", "/v2/models/{model}/ready"): EVERYBODY,
    ("GET", "/v2/models/{model}/versions/{version}"): EVERYBODY,
    ("GET", "/v2/models/{model}/versions/{version}/ready"): EVERYBODY,
    ("POST", "/v2/models/{model}/infer"): _CALLERS,
    ("POST", "/v2/models/{model}/versions/{version}/infer"): _TRIERS,
}
"""(method, path template) → roles that may; an endpoint without a line here answers 403."""

_bearer = HTTPBearer(auto_error=False, description="A token made by `ombud tokens create`.")


def needs(request: Request) -> PortalNeeds:
    """The platform behind this app."""
    return cast(PortalNeeds, request.app.state.platform)


def acting(request: Request) -> Actor:
    """Who is acting; only after :func:`guard` let the request in."""
    return cast(Actor, request.state.actor)


def let_in(request: Request, token: str | None) -> None:
    """Look the endpoint up, find out who asks, and refuse unless the table lets them in.

    Raises:
        Forbidden: The table has no line for the endpoint, or not for any of the actor's roles.
        Unauthenticated: No valid token.
    """
    path = request.scope["route"].path
    roles = ACCESS.get((request.method, path))
    if roles is None:
        raise Forbidden(
            f"{request.method} {path} has no line in the access table, so nobody may call it",
            remedy="Give it one in ombud_app/portal/access.py.",
        )
    if not roles:
        return
    by_cookie = token is None
    if by_cookie and (request.method == "GET" or not path.startswith(("/api/", "/v2/"))):
        token = request.cookies.get(COOKIE)
    if not token:
        raise Unauthenticated(
            "no token came with the request",
            remedy="Send `Authorization: Bearer <token>`, or sign in at /sign-in.",
        )
    house = needs(request)
    actor = actor_behind(house.uow, house.clock, token)
    if not actor.holds(*roles):
        raise Forbidden(
            f"{actor.identity} ({', '.join(sorted(actor.roles))}) may not {request.method} {path}",
            remedy=f"Ask somebody with one of these roles: {', '.join(sorted(roles))}.",
        )
    request.state.actor = actor
    request.state.token = token


async def guard(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)] = None
) -> None:
    """The dependency that stands before every endpoint of the app."""
    await run_in_threadpool(let_in, request, credentials.credentials if credentials else None)


async def form(request: Request) -> dict[str, str]:
    """The fields of a posted form whose CSRF value belongs to this session.

    Raises:
        Forbidden: The form was not drawn for this session.
    """
    posted = parse_qs((await request.body()).decode("utf-8", "replace"))
    fields = {name: values[0].strip() for name, values in posted.items()}
    if not hmac.compare_digest(fields.get("csrf", ""), csrf_token(request.state.token)):
        raise Forbidden(
            "the form does not belong to this session", remedy="Reload the page and send it again."
        )
    return fields
