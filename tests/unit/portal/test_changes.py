"""What changes something: rollouts, signatures, idempotency keys, preconditions."""

from __future__ import annotations

from pathlib import Path

import httpx

from unit.portal.conftest import ClientOf
from unit.portal.demo_house import MODEL, House


def _live(client: httpx.Client) -> dict[str, object]:
    return dict(client.get("/api/v1/rollouts", params={"state": "shadow"}).json()["items"][0])


def _signature(client: httpx.Client, version: int, **changed: object) -> dict[str, object]:
    found = client.get(f"/api/v1/models/{MODEL}/versions/{version}").json()
    return {
        "model": MODEL,
        "version": version,
        "decision": "approved",
        "reason": "read and checked",
        "card_digest": found["card_digest"],
        "model_digest": found["model_digest"],
        **changed,
    }


def test_a_rollout_shows_events_and_the_judges_numbers(client_of: ClientOf) -> None:
    client = client_of("auditor")
    answer = client.get(f"/api/v1/rollouts/{_live(client)['rollout_id']}")
    status = answer.json()
    assert answer.headers["etag"] == f'"{status["seq"]}"'
    assert [e["target"] for e in status["events"]] == ["registered", "gated", "approved", "shadow"]
    assert status["numbers"]["guardrails"][0]["segment"] == "all"
    assert status["action"] == "wait"


def test_on_call_rolls_back_alone(client_of: ClientOf) -> None:
    client = client_of("on_call")
    path = f"/api/v1/rollouts/{_live(client)['rollout_id']}/rollback"
    answer = client.post(path, json={"reason": "users complain"})
    assert answer.status_code == 200
    assert answer.json()["state"] == "rolling_back"
    assert client_of("ci").post(path, json={"reason": "me too"}).status_code == 403


def test_a_change_against_a_stale_reading_is_refused(client_of: ClientOf) -> None:
    client = client_of("on_call")
    rollout = _live(client)
    path = f"/api/v1/rollouts/{rollout['rollout_id']}"
    read = {"If-Match": f'"{rollout["seq"]}"'}
    held = client.post(f"{path}/hold", json={"reason": "wait"}, headers=read)
    assert held.json()["state"] == "hold"
    stale = client.post(f"{path}/resume", json={"reason": "go on"}, headers=read)
    assert stale.status_code == 412
    now = {"If-Match": held.headers["etag"]}
    fresh = client.post(f"{path}/resume", json={"reason": "go on"}, headers=now)
    assert fresh.json()["state"] == "shadow"
    nonsense = client.post(f"{path}/hold", json={"reason": "go on"}, headers={"If-Match": '"latest"'})
    assert nonsense.status_code == 412


def test_starting_the_champion_is_a_conflict(client_of: ClientOf) -> None:
    answer = client_of("ci").post("/api/v1/rollouts", json={"model": MODEL, "version": 2})
    assert answer.status_code == 409
    assert client_of("ci").post("/api/v1/rollouts", json={"model": MODEL, "version": 77}).status_code == 404


def test_the_same_key_and_body_give_the_same_answer_once(
    house: House, client_of: ClientOf, tmp_path: Path
) -> None:
    version = house.register(tmp_path / "more")
    client = client_of("ci")
    body, key = {"model": MODEL, "version": version}, {"Idempotency-Key": "start-four"}
    first = client.post("/api/v1/rollouts", json=body, headers=key)
    again = client.post("/api/v1/rollouts", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replay"] == "true"
    other = client.post("/api/v1/rollouts", json={"model": MODEL, "version": 1}, headers=key)
    assert other.status_code == 409
    rollouts = client.get("/api/v1/rollouts").json()["items"]
    assert sum(r["challenger"] == version for r in rollouts) == 1


def test_a_key_belongs_to_one_identity_and_refusals_are_not_remembered(client_of: ClientOf) -> None:
    key = {"Idempotency-Key": "same-key-for-all"}
    body = {"reason": "looking at it"}
    path = "/api/v1/alerts/al-1/acknowledge"
    assert client_of("auditor").post(path, json=body, headers=key).status_code == 403
    assert client_of("").post(path, json=body, headers=key).status_code == 401
    done = client_of("on_call").post(path, json=body, headers=key)
    assert done.status_code == 200
    assert "idempotent-replay" not in client_of("owner").post(path, json=body, headers=key).headers
    assert client_of("on_call").post(path, json=body, headers={"Idempotency-Key": "x"}).status_code == 422


def test_a_signature_under_an_older_card_is_void_before_it_is_given(client_of: ClientOf) -> None:
    client = client_of("owner")
    for field in ("card_digest", "model_digest"):
        answer = client.post("/api/v1/approvals", json=_signature(client, 3, **{field: "sha256:" + "0" * 64}))
        assert answer.status_code == 412
        assert answer.json()["type"] == "urn:ombud:problem:precondition-failed"


def test_signatures_need_a_reason_a_role_that_is_held_and_count_once(
    house: House, client_of: ClientOf, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    version = house.register(tmp_path / "more")
    house.cards.build(MODEL, version)
    client = client_of("owner")
    assert client.post("/api/v1/approvals", json=_signature(client, version, reason="")).status_code == 422
    other = _signature(client, version, role="compliance_officer")
    assert client.post("/api/v1/approvals", json=other).status_code == 403
    given = client.post("/api/v1/approvals", json=_signature(client, version))
    assert given.status_code == 201
    assert given.json()["actor"] == "olga@example.org"
    assert client.post("/api/v1/approvals", json=_signature(client, version)).status_code == 409
    listed = client.get("/api/v1/approvals", params={"model": MODEL, "version": version}).json()["items"]
    assert [a["current"] for a in listed] == [True]


def test_an_unknown_alert_or_rollout_is_not_found(client_of: ClientOf) -> None:
    client = client_of("on_call")
    assert client.post("/api/v1/rollouts/r-none/rollback", json={"reason": "why"}).status_code == 404
    assert client.post("/api/v1/alerts/al-none/resolve", json={"reason": "why"}).status_code == 404
