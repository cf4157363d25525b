"""The nouns of the API over the demonstration's story."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import httpx
import numpy as np

from ombud.domain.inference import Inference, Variant
from ombud.domain.modality import TEXT
from unit.portal.conftest import ClientOf
from unit.portal.demo_house import MODEL, House


def test_models_name_champion_and_challenger(client_of: ClientOf) -> None:
    assert client_of("auditor").get("/api/v1/models").json()["items"] == [
        {"name": "digits", "versions": [1, 2, 3], "champion": 2, "challenger": 3}
    ]


def test_versions_page_by_cursor_without_gap_or_repeat(client_of: ClientOf) -> None:
    client, seen, cursor = client_of("auditor"), [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/api/v1/models/{MODEL}/versions", params=query).json()
        seen += [v["version"] for v in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [3, 2, 1]
    assert client.get("/api/v1/models", params={"cursor": "!"}).status_code == 422
    assert client.get("/api/v1/models", params={"limit": 0}).status_code == 422


def test_card_and_evidence_are_reachable_by_their_digests(client_of: ClientOf) -> None:
    client = client_of("auditor")
    card = client.get(f"/api/v1/models/{MODEL}/versions/2/card").json()
    version = client.get(f"/api/v1/models/{MODEL}/versions/2").json()
    assert version["card_digest"] == card["core_digest"]
    listed = client.get(f"/api/v1/models/{MODEL}/versions/2/evidence").json()["items"]
    assert {e["kind"] for e in listed} == {"evaluation", "gate"}
    for item in listed:
        assert client.get(f"/api/v1/evidence/{item['digest']}").json()["digest"] == item["digest"]
    assert client.get(f"/api/v1/models/{MODEL}/versions/9/card").status_code == 404


def test_building_a_card_again_keeps_the_core(client_of: ClientOf) -> None:
    path = f"/api/v1/models/{MODEL}/versions/2/card"
    before = client_of("auditor").get(path).json()["core_digest"]
    assert client_of("owner").post(path).json()["core_digest"] == before


def test_windows_and_verdicts_carry_their_evidence(client_of: ClientOf) -> None:
    client = client_of("auditor")
    windows = client.get(f"/api/v1/models/{MODEL}/windows", params={"version": 1}).json()["items"]
    assert len(windows) == 4
    query = {"window_id": windows[0]["window_id"]}
    verdicts = client.get(f"/api/v1/models/{MODEL}/verdicts", params=query).json()["items"]
    paging = [v for v in verdicts if v["pages"]]
    assert [v["monitor"] for v in paging] == ["audio.harm"]
    assert paging[0]["p_value"] < paging[0]["threshold"]
    assert all(v["reason"] for v in verdicts if v["outcome"] == "not_applicable")


def test_a_stored_report_is_shown_in_a_sandbox(client_of: ClientOf) -> None:
    client = client_of("auditor")
    windows = client.get(f"/api/v1/models/{MODEL}/windows").json()["items"]
    answer = client.get(windows[0]["links"]["Evidently report"])
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert client.get("/api/v1/artifacts/sha256:00").status_code == 404


def test_alerts_are_acknowledged_and_resolved_in_the_ledger(client_of: ClientOf) -> None:
    client = client_of("on_call")
    assert client.get("/api/v1/alerts", params={"status": "open"}).json()["items"][0]["alert_id"] == "al-1"
    body = {"reason": "looking at the microphones"}
    assert client.post("/api/v1/alerts/al-1/acknowledge", json=body).json()["status"] == "acknowledged"
    assert client.post("/api/v1/alerts/al-1/resolve", json=body).json()["status"] == "resolved"
    # Resolved is the end: a late acknowledgement does not open it again.
    assert client.post("/api/v1/alerts/al-1/acknowledge", json=body).json()["status"] == "resolved"
    entries = client.get("/api/v1/ledger", params={"subject": "alert:al-1"}).json()["items"]
    assert [e["event"]["action"] for e in entries] == ["alert.acknowledged", "alert.resolved"]
    assert client.post("/api/v1/alerts/al-1/resolve", json={}).status_code == 422


def test_the_ledger_verifies_and_pages(client_of: ClientOf) -> None:
    client = client_of("auditor")
    report = client.get("/api/v1/ledger/verification").json()
    assert report["ok"] is True
    assert report["anchored"] is False
    seen: list[int] = []
    query: dict[str, str | int] = {"limit": 7}
    while True:
        page = client.get("/api/v1/ledger", params=query).json()
        seen += [e["seq"] for e in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == list(range(1, report["count"] + 1))


def test_the_budget_adds_up_to_what_was_promised(client_of: ClientOf) -> None:
    table = client_of("auditor").get("/api/v1/budget").json()
    total = sum(Fraction(line["total"]) for line in table["lines"])
    assert 0.99 * table["probability"] < total <= table["probability"]
    assert {line["purpose"] for line in table["lines"]} == {"paging", "noticing"}


def _record(request_id: str) -> Inference:
    return Inference(
        request_id, MODEL, 2, Variant.CHAMPION, datetime(2026, 1, 5, tzinfo=UTC), (TEXT,),
        np.array([0.2, 0.8], np.float32), "some", 0.8,
    )  # fmt: skip


def _post(client: httpx.Client, *pairs: tuple[str, str]) -> httpx.Response:
    labels = [{"request_id": r, "label": x, "source": "annotator"} for r, x in pairs]
    return client.post("/api/v1/labels", json={"labels": labels})


def test_labels_say_what_became_of_each(house: House, client_of: ClientOf) -> None:
    house.log.append([_record("q-1"), _record("q-2")])
    client = client_of("application")
    assert _post(client, ("q-1", "some"), ("q-2", "none")).status_code == 200
    answer = _post(client, ("q-1", "some"), ("q-2", "some"), ("q-9", "none"))
    assert answer.status_code == 207
    receipt = answer.json()
    assert receipt["accepted"] == 0
    assert receipt["repeated"] == ["q-1"]
    assert {(p["request_id"], p["status"]) for p in receipt["problems"]} == {("q-9", 404), ("q-2", 409)}


def test_a_label_for_nothing_that_was_asked_is_not_found(house: House, client_of: ClientOf) -> None:
    client = client_of("application")
    with house.uow.begin(write=False) as tx:
        before = tx.ledger.head()
    answer = _post(client, ("q-8", "some"), ("q-9", "none"))
    assert answer.status_code == 404
    assert "'q-8', 'q-9'" in answer.json()["detail"]
    assert "send its label again" in answer.json()["remedy"]
    with house.uow.begin(write=False) as tx:
        assert tx.ledger.head() == before


def test_an_unknown_label_is_refused_and_nothing_is_written(house: House, client_of: ClientOf) -> None:
    house.log.append([_record("q-1")])
    answer = _post(client_of("application"), ("q-1", "some"), ("q-1", "banana"))
    assert answer.status_code == 422
    assert "banana" in answer.json()["detail"]
    assert _post(client_of("application"), ("q-1", "some")).json()["accepted"] == 1


def test_readiness_names_each_part_and_only_needed_ones_count(house: House, client_of: ClientOf) -> None:
    client = client_of("")
    assert client.get("/health").json() == {"status": "alive"}
    assert client.get("/ready").status_code == 200
    house.orchestrator.health = None
    answer = client.get("/ready")
    parts = {p["name"]: p for p in answer.json()["parts"]}
    assert answer.status_code == 200
    assert parts["orchestrator"]["ok"] is False
    assert parts["orchestrator"]["remedy"]
    house.orchestrator.health = {"SENSOR": False}
    found = {p["name"]: p for p in client.get("/ready").json()["parts"]}
    assert "SENSOR" in found["orchestrator"]["detail"]
    house.clock.advance(hours=2)
    assert client.get("/ready").status_code == 503
