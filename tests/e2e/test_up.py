"""`ombud up` after the story: portal, API, Dagster and MLflow each show it, and all of it stops."""

from __future__ import annotations

import html
import re
import signal
import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from e2e.open_house import OpenHouse, Visitors
from e2e.played_story import PlayedStory
from e2e.remains import processes_of, taken
from ombud_app.services.quickstart.people import CAST

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

LINEAGE = {
    "training_data": set(),
    "candidate": {"training_data"},
    "evaluation": {"candidate", "training_data"},
    "bias_audit": {"evaluation"},
    "model_card": {"bias_audit", "evaluation"},
    "release_gate": {"model_card"},
    "champion": {"release_gate"},
}

_ASSETS = """{ assetNodes { assetKey { path } dependencyKeys { path }
  assetMaterializations(limit: 100) { runId partition description
    metadataEntries { label __typename
      ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text }
      ... on MarkdownMetadataEntry { mdStr } } }
  assetChecksOrError { ... on AssetChecks { checks { name executionForLatestMaterialization {
    status evaluation { success metadataEntries { label
      ... on FloatMetadataEntry { floatValue } ... on IntMetadataEntry { intValue } } } } } } } } }"""

_RUNS = """{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"""

_AUTOMATION = """{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name }
  sensors { name sensorState { status } } schedules { name scheduleState { status } } } } } }"""

_LAUNCH = """mutation Launch($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on Error { message } } }"""

_STATUS = "query Status($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


@pytest.fixture
def assets(house: Visitors) -> Mapping[str, Any]:
    """Dagster's assets by name."""
    return {_name(node["assetKey"]): node for node in house.dagster(_ASSETS)["assetNodes"]}


def test_the_front_page_tells_who_is_champion(house: Visitors) -> None:
    page = _text(house.page("/"))
    assert "champion v2" in page
    assert "v1 since" in page
    assert "v2 since" in page
    assert "The data of project digits is synthetic" in page
    for modality in ("text", "image", "audio"):
        assert modality in page
    assert page.count("up ") >= 4
    assert "daemons healthy" in page


def test_the_model_page_tells_each_version(house: Visitors) -> None:
    page = _text(house.page("/models/digits"))
    assert "v2 champion" in page
    assert page.count("promoted") == 2
    assert page.count("rolled back") == 1
    assert page.count("carl.compliance@example.org") == 3


def test_the_alert_page_tells_cause_and_evidence(story: PlayedStory, house: Visitors) -> None:
    page = _text(house.page(f"/alerts/{story.alert_id}"))
    assert story.report["alert"]["title"] in page
    assert story.report["alert"]["cause"] in page
    assert "resolved" in page
    assert "audio.harm" in page
    assert story.report["alert"]["title"] in _text(house.page("/alerts"))


def test_rollout_pages_tell_what_was_decided_and_on_what(story: PlayedStory, house: Visitors) -> None:
    promoted = _text(house.page(f"/rollouts/{story.rollout_id(2)}"))
    for word in ("promoted", "shadow", "certified", "reached", "olga.owner@example.org"):
        assert word in promoted
    refused = _text(house.page(f"/rollouts/{story.rollout_id(3)}"))
    for word in ("rolled back", "crossed", "the challenger is worse", "ombud:judge"):
        assert word in refused


def test_the_card_page_names_its_data_synthetic_and_links_its_numbers(house: Visitors) -> None:
    page = house.page("/models/digits/versions/2/card")
    assert "SYNTHETIC DATA" in _text(page).upper()
    links = set(re.findall(r'href="(/evidence/sha256:[0-9a-f]{64})[#"]', page))
    assert len(links) >= 5
    for link in links:
        assert house.portal(link).status_code == 200


def test_the_ledger_page_says_that_the_chain_holds(house: Visitors) -> None:
    page = _text(house.page("/ledger"))
    assert "chain holds" in page
    assert "rollout.transition" in page


def test_the_windows_page_links_reports_that_open(house: Visitors) -> None:
    page = house.page("/models/digits/windows")
    (link, *others) = re.findall(r'href="([^"]*/artifacts/[^"]+)">Evidently report', page)
    assert len(others) == 3
    assert "<!doctype html>" in house.portal(httpx.URL(link).path).text[:200].lower()


def test_the_api_lists_the_story(story: PlayedStory, house: Visitors) -> None:
    (model,) = house.api("/models")["items"]
    assert (model["champion"], model["versions"]) == (2, [1, 2, 3])
    versions = {str(v["version"]): v["card_digest"] for v in house.api("/models/digits/versions")["items"]}
    assert versions == story.report["cards"]
    assert house.api("/models/digits/versions/2/card")["core_digest"] == story.report["cards"]["2"]
    drift = [a for a in house.api("/alerts?model=digits")["items"] if a["kind"] == "drift"]
    assert [a["alert_id"] for a in drift] == [story.alert_id]
    states = {r["challenger"]: r["state"] for r in house.api("/rollouts?model=digits")["items"]}
    assert states == {1: "promoted", 2: "promoted", 3: "rolled_back"}
    assert len(house.api("/models/digits/windows")["items"]) == 4
    paging = [v for v in house.api("/models/digits/verdicts?limit=500")["items"] if v["pages"]]
    assert "audio.harm" in {v["monitor"] for v in paging}
    signed = house.api("/approvals?model=digits")["items"]
    assert len(signed) == 6
    assert house.api("/ledger/verification")["ok"] is True


def test_the_door_asks_who_is_there(house: Visitors) -> None:
    for sent in ("", "ombud_not-a-token"):
        answer = house.portal("/api/v1/models", token=sent)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
    body = {"reason": "An administrator is no signer and no service."}
    token = {"Authorization": f"Bearer {house.token}"}
    refused = httpx.post(
        f"{house.urls['portal']}/api/v1/approvals", json=body, headers=token, timeout=30, trust_env=False
    )
    assert refused.status_code == 403
    assert "model_owner" in refused.json()["remedy"]
    assert house.portal("/", token="").status_code in (303, 401)


def test_health_and_readiness_answer_without_a_token(house: Visitors) -> None:
    assert house.portal("/health", token="").status_code == 200
    ready = house.portal("/ready", token="")
    assert ready.status_code == 200
    assert {p["name"]: p["ok"] for p in ready.json()["parts"]} == {
        "database": True,
        "registry": True,
        "worker": True,
        "orchestrator": True,
    }


def test_dagster_shows_lineage_from_data_to_champion(assets: Mapping[str, Any]) -> None:
    found = {n: {_name(k) for k in assets[n]["dependencyKeys"]} for n in LINEAGE}
    assert found == LINEAGE
    for name in ("training_data", "candidate", "evaluation", "bias_audit", "model_card", "release_gate"):
        assert len({m["runId"] for m in assets[name]["assetMaterializations"]}) >= 3, name


def test_dagster_shows_checks_with_numbers(assets: Mapping[str, Any]) -> None:
    numbers = {}
    for node in assets.values():
        for check in node["assetChecksOrError"]["checks"]:
            execution = check["executionForLatestMaterialization"]
            if execution is None or execution["evaluation"] is None:
                continue
            numbers[check["name"]] = {
                e["label"]: e.get("floatValue", e.get("intValue"))
                for e in execution["evaluation"]["metadataEntries"]
            }
    assert 0.9 < numbers["accuracy_is_enough"]["accuracy"] <= 1
    assert numbers["accuracy_is_enough"]["n"] > 100
    assert numbers["gate_is_open"]["blocking failures"] == 0
    # The damaged audio branch of version 3 is warned of, before anybody signs.
    assert numbers["gate_is_open"]["warnings"] == 1
    assert {"data_audit_passes", "splits_are_disjoint", "disparity_is_bounded"} <= set(numbers)


def test_dagster_shows_a_plot_beside_the_evaluation(assets: Mapping[str, Any]) -> None:
    (entry, *_) = [
        e
        for m in assets["evaluation"]["assetMaterializations"]
        for e in m["metadataEntries"]
        if e["label"] == "accuracy"
    ]
    assert entry["mdStr"].startswith("![intervals](data:image/png;base64,")


def test_dagster_shows_four_days_that_were_looked_at(story: PlayedStory, assets: Mapping[str, Any]) -> None:
    with story.read() as tx:
        days = {w.partition for w in tx.windows.list("digits")}
    for name in ("inference_window", "monitor_verdicts", "second_opinions", "window_report"):
        assert {m["partition"] for m in assets[name]["assetMaterializations"]} >= days, name


def test_dagster_records_each_move_of_the_champion(house: Visitors) -> None:
    """The last one may happen in the story's last second; the sensor catches up."""

    def moves() -> list[dict[str, object]]:
        nodes = {_name(n["assetKey"]): n for n in house.dagster(_ASSETS)["assetNodes"]}
        return [
            {e["label"]: e.get("text", e.get("intValue")) for e in m["metadataEntries"]}
            for m in reversed(nodes["champion"]["assetMaterializations"])
        ]

    deadline = time.monotonic() + 60
    while len(moves()) < 3 and time.monotonic() < deadline:
        time.sleep(1)
    told = [(m["outcome"], m["challenger"], m["champion"]) for m in moves()]
    assert told == [("promoted", 1, 1), ("promoted", 2, 2), ("rolled_back", 3, 2)]


def test_dagster_shows_the_runs_of_the_story(story: PlayedStory, house: Visitors) -> None:
    runs = house.dagster(_RUNS)["runsOrError"]["results"]
    own = [r for r in runs if r["jobName"] in ("train", "watch")]
    assert {r["status"] for r in own} == {"SUCCESS"}
    assert [r["jobName"] for r in reversed(own)] == ["train", "watch", "watch", "train", "train"]
    (retraining,) = [r for r in own if _tags(r).get("dagster/sensor_name") == "retrain_on_drift"]
    assert _tags(retraining)["ombud/alert"] == story.alert_id
    assert _tags(retraining)["ombud/cause"] == "drift:audio"


def test_sensors_and_schedules_run(house: Visitors) -> None:
    (repository,) = house.dagster(_AUTOMATION)["repositoriesOrError"]["nodes"]
    running = {s["name"]: s["sensorState"]["status"] for s in repository["sensors"]}
    running |= {s["name"]: s["scheduleState"]["status"] for s in repository["schedules"]}
    wanted = {"retrain_on_drift", "rollout_tick", "registry_reconcile", "champion_moved", "daily_watch"}
    assert wanted | {"weekly_bias_audit"} <= set(running)
    assert set(running.values()) == {"RUNNING"}
    # The name that `workspace.yaml` gives it: cursors of sensors are kept under it.
    assert repository["location"]["name"] == "ombud"


def test_a_job_can_be_launched_over_graphql(story: PlayedStory, house: Visitors) -> None:
    selector = {
        "repositoryLocationName": "ombud",
        "repositoryName": "__repository__",
        "jobName": "rebuild_card",
    }
    config = {"ops": {"model_card": {"config": {"version": 1}}}}
    launched = house.dagster(_LAUNCH, params={"selector": selector, "runConfigData": config})["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    status, deadline = "", time.monotonic() + 180
    while status not in ("SUCCESS", "FAILURE", "CANCELED") and time.monotonic() < deadline:
        status = house.dagster(_STATUS, id=launched["run"]["runId"])["runOrError"]["status"]
        time.sleep(0.5)
    assert status == "SUCCESS"
    # Built again from the same evidence: the same core, so signatures stand.
    assert house.api("/models/digits/versions/1/card")["core_digest"] == story.report["cards"]["1"]


def test_mlflow_shows_the_registered_model_and_its_runs(house: Visitors) -> None:
    model = house.mlflow("registered-models/get", name="digits")["registered_model"]
    assert {a["alias"]: a["version"] for a in model["aliases"]}["champion"] == "2"
    version = house.mlflow("registered-models/alias", name="digits", alias="champion")["model_version"]
    assert version["version"] == "2"
    run = house.mlflow("runs/get", run_id=version["run_id"])["run"]
    metrics = {m["key"]: m["value"] for m in run["data"]["metrics"]}
    assert metrics, "a run without a metric"
    assert run["inputs"]["dataset_inputs"], "a run without its data set"


def test_stops_all_of_it_on_ctrl_c(story: PlayedStory, open_house: OpenHouse) -> None:
    """The last of this file: who looks later opens the house again."""
    ports = open_house.visit().ports
    assert len(processes_of(story.home)) >= 3
    assert taken(ports, seconds=0.1) == ports
    assert open_house.close(signal.SIGINT) == 0
    assert processes_of(story.home) == []
    assert taken(ports) == []


def test_everybody_of_the_story_signed_in_as_themselves(story: PlayedStory) -> None:
    with story.read() as tx:
        known = {t.actor.identity for t in tx.tokens.list()}
    assert {actor.identity for actor in CAST.values()} <= known


def _name(key: Mapping[str, Any]) -> str:
    return "/".join(key["path"])


def _tags(run: Mapping[str, Any]) -> dict[str, str]:
    return {t["key"]: t["value"] for t in run["tags"]}


def _text(page: str) -> str:
    """What a reader sees, in one line."""
    without = re.sub(r"<(style|script|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without)).split())
