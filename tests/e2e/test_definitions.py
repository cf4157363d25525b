"""The code location: it loads the way a webserver loads it, and has what the guides promise."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from ombud_assets.definitions import defs
from ombud_assets.partitions import DAYS

ROOT = Path(__file__).parents[2]

ASSETS = {
    "training_data": set(),
    "candidate": {"training_data"},
    "evaluation": {"candidate", "training_data"},
    "bias_audit": {"evaluation"},
    "model_card": {"evaluation", "bias_audit"},
    "release_gate": {"model_card"},
    "champion": {"release_gate"},
    "inference_window": {"champion"},
    "monitor_verdicts": {"inference_window"},
    "second_opinions": {"monitor_verdicts"},
    "window_report": {"monitor_verdicts"},
}
CHECKS = {
    "training_data": {"data_audit_passes", "splits_are_disjoint"},
    "evaluation": {"accuracy_is_enough"},
    "bias_audit": {"disparity_is_bounded"},
    "model_card": {"card_is_built"},
    "release_gate": {"gate_is_open"},
}
JOBS = {"train", "assess", "watch", "audit_bias", "rebuild_card"}
SENSORS = {
    "retrain_on_drift",
    "assess_new_versions",
    "rollout_tick",
    "registry_reconcile",
    "champion_moved",
}
SCHEDULES = {"daily_watch": "0 1 * * *", "weekly_bias_audit": "0 3 * * 1"}
PARTITIONED = {"inference_window", "monitor_verdicts", "second_opinions", "window_report"}


@pytest.fixture(scope="module")
def graph() -> dg.AssetGraph:
    return defs.resolve_asset_graph()


@pytest.mark.e2e
def test_the_workspace_file_validates(tmp_path: Path) -> None:
    dagster = str(Path(sys.executable).with_name("dagster"))
    done = subprocess.run(
        [dagster, "definitions", "validate", "-w", str(ROOT / "workspace.yaml")],
        cwd=tmp_path,
        env={**os.environ, "OMBUD_HOME": str(tmp_path / "home"), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    # Loading definitions is looking, not doing: it makes no home.
    assert not (tmp_path / "home").exists()


def test_definitions_resolve() -> None:
    dg.Definitions.validate_loadable(defs)


def test_lineage_runs_from_data_to_champion_and_on_to_verdicts(graph: dg.AssetGraph) -> None:
    found = {key: {p.to_user_string() for p in graph.get(dg.AssetKey(key)).parent_keys} for key in ASSETS}
    assert found == ASSETS
    assert {k.to_user_string() for k in graph.get_all_asset_keys()} == set(ASSETS)


def test_every_asset_says_what_it_is(graph: dg.AssetGraph) -> None:
    for key in ASSETS:
        node = graph.get(dg.AssetKey(key))
        assert node.description, key
        assert node.group_name != "default", key


def test_checks_stand_on_their_assets(graph: dg.AssetGraph) -> None:
    found: dict[str, set[str]] = {}
    for key in graph.asset_check_keys:
        found.setdefault(key.asset_key.to_user_string(), set()).add(key.name)
    assert {asset: names & found.get(asset, set()) for asset, names in CHECKS.items()} == CHECKS


def test_jobs_sensors_and_schedules_are_there_and_start_by_themselves() -> None:
    repository = defs.get_repository_def()
    jobs = {j.name for j in repository.get_all_jobs() if not j.name.startswith("__")}
    assert jobs >= JOBS
    sensors = {s.name: s.default_status for s in repository.sensor_defs}
    assert set(sensors) >= SENSORS
    schedules = {s.name: s.cron_schedule for s in repository.schedule_defs}
    assert schedules.items() >= SCHEDULES.items()
    statuses = {str(s.default_status.value) for s in [*repository.sensor_defs, *repository.schedule_defs]}
    assert statuses == {"RUNNING"}


def test_runs_are_ended_when_they_hang() -> None:
    for name in JOBS:
        assert "dagster/max_runtime" in defs.resolve_job_def(name).tags, name


def test_windows_are_days_and_today_is_one(graph: dg.AssetGraph) -> None:
    assert DAYS.end_offset == 1
    assert DAYS.has_partition_key(datetime.now(UTC).date().isoformat())
    partitioned = {key for key in ASSETS if graph.get(dg.AssetKey(key)).partitions_def == DAYS}
    assert partitioned == PARTITIONED
