"""The door: deny by default, one table, tokens that expire and can be withdrawn."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from ombud.domain.identity import Role
from ombud.errors import NotFound
from ombud_app.gateway import Gateway, create_router
from ombud_app.portal import create_app
from ombud_app.portal.access import ACCESS, EVERYBODY, PUBLIC, acting
from ombud_app.portal.tokens import hash_token, revoke_token
from ombud_monitors.descriptors import describe
from unit.portal.demo_house import PEOPLE, House


def _address(path: str) -> str:
    return re.sub(r"\{version\}", "1", re.sub(r"\{(?!version)\w+\}", "x", path))


def _with_gateway(house: House) -> FastAPI:
    gateway = Gateway(house.uow, house.registry, house.log, house.clock, house.ids, describe, ["digits"])
    return create_app(house, [create_router(gateway, authorise=acting)])


def test_every_endpoint_has_a_line_and_every_line_an_endpoint(house: House) -> None:
    endpoints = set(_with_gateway(house).state.endpoints)
    assert endpoints == set(ACCESS)


def test_nothing_but_the_public_endpoints_opens_without_a_token(house: House) -> None:
    client = TestClient(_with_gateway(house), raise_server_exceptions=False, follow_redirects=False)
    for (method, path), roles in ACCESS.items():
        answer = client.request(method, _address(path))
        if roles == PUBLIC:
            assert "no token came" not in answer.text, path
        else:
            assert answer.status_code == 401, (method, path, answer.text)


def test_a_role_opens_exactly_its_endpoints(house: House) -> None:
    client = TestClient(_with_gateway(house), raise_server_exceptions=False, follow_redirects=False)
    for part, actor in PEOPLE.items():
        headers = {"Authorization": f"Bearer {house.token(part)}"}
        for (method, path), roles in ACCESS.items():
            answer = client.request(method, _address(path), headers=headers)
            allowed = roles == PUBLIC or actor.holds(*roles)
            # Posted forms without their CSRF value are refused too, but not for want of a role.
            refused = answer.status_code == 403 and "may not" in answer.text
            assert refused is not allowed, (part, method, path, answer.status_code)


def test_an_endpoint_without_a_line_is_refused_even_to_the_administrator(house: House) -> None:
    forgotten = APIRouter()

    @forgotten.get("/forgotten")
    def forgotten_endpoint() -> str:
        return "secret"

    client = TestClient(create_app(house, [forgotten]))
    answer = client.get("/forgotten", headers={"Authorization": f"Bearer {house.token('admin')}"})
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_neither_ci_nor_services_nor_administrators_may_sign() -> None:
    signers = ACCESS["POST", "/api/v1/approvals"]
    assert signers.isdisjoint({Role.SUBMITTER, Role.SERVICE, Role.ADMIN, Role.ON_CALL, Role.AUDITOR})
    assert signers < EVERYBODY


def test_what_cannot_be_guarded_is_not_served(house: House) -> None:
    mounted = APIRouter()
    mounted.mount("/other", FastAPI())
    with pytest.raises(TypeError, match="can guard"):
        create_app(house, [mounted])


def test_a_token_is_stored_only_as_a_hash(house: House) -> None:
    token = house.token("auditor")
    with house.uow.begin(write=False) as tx:
        stored = tx.tokens.list()
        ledger = b"".join(e.payload for e in tx.ledger.entries())
    assert hash_token(token) in {t.secret_hash for t in stored}
    assert token not in repr(stored)
    assert token.encode() not in ledger


def test_an_expired_token_is_refused_with_the_reason(house: House, app: FastAPI) -> None:
    token = house.token("auditor", days=1)
    client = TestClient(app)
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/models", headers=headers).status_code == 200
    house.clock.advance(days=1)
    answer = client.get("/api/v1/models", headers=headers)
    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def test_a_withdrawn_token_is_refused_from_the_next_request_on(house: House, app: FastAPI) -> None:
    token = house.token("auditor")
    with house.uow.begin(write=False) as tx:
        stored = tx.tokens.by_hash(hash_token(token))
    assert stored is not None
    revoke_token(house.uow, house.clock, stored.token_id, revoked_by="admin", reason="left the company")
    answer = TestClient(app).get("/api/v1/models", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert "withdrawn" in answer.json()["detail"]
    with pytest.raises(NotFound):
        revoke_token(house.uow, house.clock, "tok-none", revoked_by="admin", reason="x")


def test_the_cookie_never_opens_a_json_call_that_changes_something(house: House, app: FastAPI) -> None:
    client = TestClient(app, cookies={"ombud_session": house.token("on_call")})
    assert client.get("/api/v1/alerts").status_code == 200
    answer = client.post("/api/v1/alerts/al-1/resolve", json={"reason": "another site made me"})
    assert answer.status_code == 401


def test_an_application_cannot_go_round_the_rollout() -> None:
    direct = ACCESS["POST", "/v2/models/{model}/versions/{version}/infer"]
    assert direct.isdisjoint({Role.SERVICE, Role.SUBMITTER, Role.ADMIN})
