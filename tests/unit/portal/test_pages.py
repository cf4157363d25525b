"""Pages: signing in, reading, and acting by form."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ombud_app.portal.access import ACCESS
from unit.portal.demo_house import MODEL, House

PAGES = [
    "/",
    "/alerts",
    "/alerts/al-1",
    "/rollouts",
    "/ledger",
    "/ledger?before=5",
    "/api",
    f"/models/{MODEL}",
    f"/models/{MODEL}/windows",
    f"/models/{MODEL}/versions/1",
    f"/models/{MODEL}/versions/2/card",
]


def _browser(app: FastAPI, token: str) -> TestClient:
    client = TestClient(app, headers={"Accept": "text/html"}, follow_redirects=False)
    answer = client.post("/sign-in", data={"token": token, "next": "/alerts"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/alerts"
    return client


def _csrf(html: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', html)
    assert found
    return found[1]


def test_a_visitor_is_sent_to_sign_in_and_back(app: FastAPI) -> None:
    client = TestClient(app, headers={"Accept": "text/html"}, follow_redirects=False)
    answer = client.get("/ledger?before=5")
    assert answer.status_code == 303
    assert unquote(answer.headers["location"]) == "/sign-in?next=/ledger?before=5"
    assert "Sign in" in client.get(answer.headers["location"]).text


def test_the_session_cookie_is_out_of_reach(app: FastAPI, house: House) -> None:
    client = TestClient(app, follow_redirects=False)
    cookie = client.post("/sign-in", data={"token": house.token("owner")}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_wrong_token_stays_outside(app: FastAPI) -> None:
    answer = TestClient(app).post("/sign-in", data={"token": "ombud_tok_guess"})
    assert answer.status_code == 401
    assert "not known" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "evil"])
def test_signing_in_never_leads_to_another_site(app: FastAPI, house: House, target: str) -> None:
    client = TestClient(app, follow_redirects=False)
    answer = client.post("/sign-in", data={"token": house.token("owner"), "next": target})
    assert answer.headers["location"] == "/"


def test_another_site_cannot_sign_a_reader_in(app: FastAPI, house: House) -> None:
    answer = TestClient(app).post(
        "/sign-in", data={"token": house.token("owner")}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_every_page_draws_and_loads_nothing_from_elsewhere(app: FastAPI, house: House, path: str) -> None:
    answer = _browser(app, house.token("owner")).get(path)
    assert answer.status_code == 200, answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.findall(r'(?:src|<link[^>]*href)="(?:https?:)?//', answer.text)
    assert "<script" not in answer.text


def test_the_rollout_pages_show_numbers_against_bounds(app: FastAPI, house: House) -> None:
    client = _browser(app, house.token("owner"))
    for rollout in house.rollouts.list():
        html = client.get(f"/rollouts/{rollout.rollout_id}").text
        assert rollout.rollout_id in html
    assert "guardrails" in html or "Events" in html


def test_the_front_page_tells_the_story(app: FastAPI, house: House) -> None:
    html = _browser(app, house.token("auditor")).get("/").text
    assert "synthetic" in html
    assert re.search(r"<strong>v1</strong>.*<strong>v2</strong>", html, re.S)
    assert "audio is estimated to be hurt" in html
    assert "v3 against v2" in html


def test_a_form_without_its_csrf_value_changes_nothing(app: FastAPI, house: House) -> None:
    client = _browser(app, house.token("on_call"))
    answer = client.post("/alerts/al-1/resolve", data={"reason": "forged", "csrf": "0" * 64})
    assert answer.status_code == 403
    with house.uow.begin(write=False) as tx:
        assert tx.alerts.get("al-1").status.value == "open"


def test_an_alert_is_resolved_from_its_page(app: FastAPI, house: House) -> None:
    client = _browser(app, house.token("on_call"))
    csrf = _csrf(client.get("/alerts/al-1").text)
    assert client.post("/alerts/al-1/resolve", data={"reason": "", "csrf": csrf}).status_code == 422
    done = client.post("/alerts/al-1/resolve", data={"reason": "retrained", "csrf": csrf})
    assert done.headers["location"] == "/alerts/al-1"
    assert "resolved" in client.get("/alerts/al-1").text


def test_an_officer_signs_from_the_version_page(app: FastAPI, house: House, tmp_path: Path) -> None:
    version = house.register(tmp_path / "more")
    card = house.cards.build(MODEL, version)
    client = _browser(app, house.token("officer"))
    path = f"/models/{MODEL}/versions/{version}"
    fields = {
        "csrf": _csrf(client.get(path).text),
        "kind": "release",
        "role": "compliance_officer",
        "decision": "refused",
        "reason": "Nobody audited it for disparities.",
        "card_digest": card.core_digest,
        "model_digest": house.registry.version(MODEL, version).model_digest,
    }
    assert client.post(f"{path}/sign", data={**fields, "reason": ""}).status_code == 422
    assert client.post(f"{path}/sign", data={**fields, "card_digest": "sha256:old"}).status_code == 412
    assert client.post(f"{path}/sign", data=fields).status_code == 303
    assert "Nobody audited it" in client.get(path).text


def test_only_who_may_act_sees_the_form(app: FastAPI, house: House) -> None:
    assert "Resolve" not in _browser(app, house.token("auditor")).get("/alerts/al-1").text
    assert ("POST", "/alerts/{alert_id}/resolve") in ACCESS


def test_what_people_write_is_escaped(app: FastAPI, house: House) -> None:
    client = _browser(app, house.token("on_call"))
    csrf = _csrf(client.get("/alerts/al-1").text)
    client.post("/alerts/al-1/resolve", data={"reason": "<script>alert(1)</script>", "csrf": csrf})
    assert "<script>" not in client.get("/ledger").text


def test_signing_out_ends_the_session(app: FastAPI, house: House) -> None:
    client = _browser(app, house.token("owner"))
    csrf = _csrf(client.get("/").text)
    assert client.post("/sign-out", data={"csrf": csrf}).status_code == 303
    assert client.get("/").status_code == 303
