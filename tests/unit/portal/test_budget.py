"""The budget over HTTP: the account, what verdicts cost, and who may open a new period."""

from __future__ import annotations

import pytest

from unit.portal.conftest import ClientOf
from unit.portal.demo_house import MODEL, House

WHY = {"reason": "Site B went live: its microphones are part of normal now."}


def test_the_account_is_about_the_version_in_production(client_of: ClientOf) -> None:
    table = client_of("auditor").get("/api/v1/budget").json()
    assert (table["version"], table["looks_taken"]) == (2, 1)
    harm = next(line for line in table["lines"] if line["monitor"] == "audio.harm")
    assert harm["spent"] == pytest.approx(0.0021)
    assert harm["judged"] == 1
    assert table["spent"] == pytest.approx(sum(line["spent"] for line in table["lines"]))


def test_every_verdict_says_what_it_cost(client_of: ClientOf) -> None:
    found = client_of("auditor").get("/api/v1/budget", params={"version": 1, "verdicts": 1000}).json()
    assert (found["version"], found["looks_taken"]) == (1, 4)
    costs = {v["verdict_id"]: v["cost"] for v in found["verdicts"]}
    said = client_of("auditor").get(f"/api/v1/models/{MODEL}/verdicts", params={"version": 1, "limit": 200})
    counted = {v["verdict_id"]: v["threshold"] or 0.0 for v in said.json()["items"] if not v["advisory"]}
    assert costs == counted
    assert 0.0 in costs.values(), "one that could not judge"
    few = client_of("auditor").get("/api/v1/budget", params={"version": 1, "verdicts": 3}).json()
    assert few["verdicts"] == found["verdicts"][:3]


def test_a_declared_change_of_context_opens_a_period(house: House, client_of: ClientOf) -> None:
    client = client_of("owner")
    before = client.get("/api/v1/budget").json()
    house.clock.advance(minutes=1)
    answer = client.post("/api/v1/budget/periods", json=WHY)
    assert answer.status_code == 201
    opened = answer.json()
    assert (opened["version"], opened["cause"], opened["opened_by"]) == (2, "context", "olga@example.org")
    after = client.get("/api/v1/budget").json()
    assert before["looks_taken"] == 1
    assert (after["looks_taken"], after["spent"], after["period"]) == (0, 0.0, opened)
    assert client.get("/api/v1/budget/periods").json()["items"] == [opened]
    entries = client.get("/api/v1/ledger", params={"action": "budget.period_opened"}).json()["items"]
    assert [e["event"]["reason"] for e in entries] == [WHY["reason"]]
    assert client.get(f"/api/v1/evidence/{entries[0]['event']['after']}").json()["kind"] == "budget_period"


def test_one_key_opens_one_period(client_of: ClientOf) -> None:
    client = client_of("on_call")
    twice = [
        client.post("/api/v1/budget/periods", json=WHY, headers={"Idempotency-Key": "the-same-key"})
        for _ in range(2)
    ]
    assert twice[0].json() == twice[1].json()
    assert twice[1].headers["Idempotent-Replay"] == "true"
    assert len(client.get("/api/v1/budget/periods").json()["items"]) == 1


@pytest.mark.parametrize("part", ["ci", "officer", "auditor", "application", "admin"])
def test_a_fresh_budget_is_not_for_everybody(client_of: ClientOf, part: str) -> None:
    assert client_of(part).post("/api/v1/budget/periods", json=WHY).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"reason": "x"}, 422),
        ({"reason": "    "}, 422),
        ({**WHY, "version": 0}, 422),
        ({**WHY, "version": 99}, 404),
    ],
)
def test_a_malformed_declaration_opens_nothing(
    client_of: ClientOf, body: dict[str, object], status: int
) -> None:
    client = client_of("owner")
    assert client.post("/api/v1/budget/periods", json=body).status_code == status
    assert client.get("/api/v1/budget/periods").json()["items"] == []


def test_an_unknown_version_has_no_account(client_of: ClientOf) -> None:
    assert client_of("auditor").get("/api/v1/budget", params={"version": 99}).status_code == 404
