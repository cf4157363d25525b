"""A model that somebody else made goes all the way, with nothing but an ``ombud.yaml`` and a Parquet file.

Two modalities, no trainer, no training split, no embeddings, no outputs per modality, no groups, no
clusters; logged with plain MLflow by a script that has never heard of Ombud.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest

from e2e.pets import pets
from e2e.pets_office import PetsOffice, prepare, register
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.modality import IMAGE, TEXT
from ombud.domain.model_version import Alias
from ombud.domain.rollout import RolloutState
from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud.governance.ledger import verify
from ombud_app.cli.entry import run
from ombud_assets import sensors
from ombud_assets.definitions import defs
from ombud_assets.resources import PlatformResource
from ombud_cards.completeness import fields

SIGNERS = ("owner", "officer")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OMBUD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.mark.e2e
def test_a_model_made_elsewhere_goes_all_the_way(
    home: Path, instance: dg.DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    own = prepare(home)
    with PetsOffice.open(home) as office:
        settings = office.platform.settings
        assert register(settings, own, "60") == 1
        assessed_by_the_sensor(office, instance)
        first_champion(office)
        quiet, foggy = (datetime.now(UTC) - timedelta(days=d) for d in (3, 2))
        monitors_stay_quiet(office, instance, quiet)
        fog_is_noticed(office, instance, foggy)

        assert register(settings, own, "400") == 2
        assessed_by_the_sensor(office, instance)
        better_version_is_promoted(office)

        assert register(settings, own, "400", "needs-text") == 3
        assessing_again_voids_no_signature(office, instance)
        evaluated_from_the_command_line(home, capsys)
        bad_version_is_rolled_back(office)

        the_card_says_what_is_known_and_what_is_missing(office)
        with office.platform.uow.begin(write=False) as tx:
            assert verify(tx.ledger.entries()).ok


def assessed_by_the_sensor(office: PetsOffice, instance: dg.DagsterInstance) -> None:
    found = sensors.assess_new_versions(dg.build_sensor_context(instance), platform=PlatformResource())
    assert isinstance(found, dg.SensorResult)
    (request,) = found.run_requests or ()
    checks = dagster("assess", instance, config=request.run_config)
    assert {name: passed for name, passed in checks.items() if not passed} == {}
    assert {"data_audit_passes", "splits_are_disjoint", "accuracy_is_enough", "gate_is_open"} <= set(checks)
    again = sensors.assess_new_versions(dg.build_sensor_context(instance), platform=PlatformResource())
    assert isinstance(again, dg.SkipReason)
    newest = office.platform.registry.versions("pets")[-1].version
    assert _evidence(office, EvidenceKind.EVALUATION, newest).content["dataset"]["synthetic"]


def assessing_again_voids_no_signature(office: PetsOffice, instance: dg.DagsterInstance) -> None:
    """Also: the checks are about the version that the run is about, not about the newest one."""
    steps = ("evaluation", "bias_audit", "model_card", "release_gate")
    checks = dagster("assess", instance, config={"ops": {s: {"config": {"version": 2}} for s in steps}})
    assert all(checks.values())
    assert office.platform.approvals.state("pets", 2).approved


def evaluated_from_the_command_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What Dagster does, in one command; the version's flaw hides where nothing is missing."""
    capsys.readouterr()
    assert run(["--home", str(home), "models", "evaluate", "pets", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["evaluation"]["metrics"]["accuracy.fused"]["value"] > 0.95
    assert report["evaluation"]["metrics"]["accuracy.only.image"]["value"] < 0.5
    failed = {c["code"]: c["blocking"] for c in report["gate"]["checks"] if not c["passed"]}
    assert failed == {"gate.disparity": False, "gate.alone.image": False}


def first_champion(office: PetsOffice) -> None:
    rollout = office.stage.start_rollout(1)
    office.stage.sign(1, parts=SIGNERS, reason="First version; card read.")
    office.stage.wait_for_state(rollout, RolloutState.PROMOTED)
    assert office.platform.registry.alias("pets", Alias.CHAMPION) == 1


def monitors_stay_quiet(office: PetsOffice, instance: dg.DagsterInstance, day: datetime) -> None:
    traffic = office.mixed(pets("quiet", 160, seed=24))
    office.label([s for batch in office.traffic.send(traffic, day=day, prefix="q") for s in batch])
    outputs_of_single_modalities_were_measured(office)
    verdicts = watched(office, instance, day)
    fired = [v.monitor for v in verdicts.values() if v.fired]
    assert fired == []
    for code in ("text.harm", "image.harm", "image.measured_harm", "fused.harm", "cross_modal.conflict"):
        assert verdicts[code].outcome is Outcome.QUIET, verdicts[code].reason
    assert office.told() == []


def outputs_of_single_modalities_were_measured(office: PetsOffice) -> None:
    predictor = office.platform.registry.load("pets", 1)
    traffic = {f"q-{s.sample_id}": s for s in office.mixed(pets("quiet", 160, seed=24))}
    rows = [r.inference for r in office.records(1)]
    assert {r.request_id for r in rows} == set(traffic)
    for row in rows:
        payloads = traffic[row.request_id].payloads
        assert set(row.unimodal) == set(row.present)
        assert row.embeddings == {}
        for modality, output in row.unimodal.items():
            alone = predictor.predict([{modality: payloads[modality]}]).probabilities[0]
            np.testing.assert_allclose(output, alone, atol=1e-6)


def fog_is_noticed(office: PetsOffice, instance: dg.DagsterInstance, day: datetime) -> None:
    traffic = office.mixed(pets("foggy", 160, seed=36, fog=0.9))
    office.label([s for batch in office.traffic.send(traffic, day=day, prefix="f") for s in batch])
    verdicts = watched(office, instance, day)
    for code in ("image.harm", "image.measured_harm", "image.descriptors", "image.embedding"):
        assert verdicts[code].fired, verdicts[code].reason
    assert not any(v.fired for v in verdicts.values() if v.modality == TEXT)
    with office.platform.uow.begin(write=False) as tx:
        (alert,) = [a for a in tx.alerts.list(model="pets") if a.modality == IMAGE]
    assert alert.grade in (Grade.ESTIMATED_HARM, Grade.MEASURED_HARM)
    assert "contrast" in alert.cause
    retraining = sensors.retrain_on_drift(dg.build_sensor_context(instance), platform=PlatformResource())
    assert isinstance(retraining, dg.SkipReason), "nobody here knows how to train it"
    assert [told["alert_id"] for told in office.told()] == [alert.alert_id]


def better_version_is_promoted(office: PetsOffice) -> None:
    rollout = office.stage.start_rollout(2)
    office.stage.sign(2, parts=SIGNERS, reason="More rows to learn from; card read.")
    traffic = office.mixed(pets("canary", 400, seed=7))
    office.stage.drive(rollout, traffic, prefix="c", until=RolloutState.PROMOTED)
    assert office.platform.registry.alias("pets", Alias.CHAMPION) == 2


def bad_version_is_rolled_back(office: PetsOffice) -> None:
    rollout = office.stage.start_rollout(3)
    office.stage.sign(3, parts=SIGNERS, reason="The test split looked fine.")
    traffic = office.mixed(pets("drill", 400, seed=8))
    office.stage.drive(rollout, traffic, prefix="d", until=RolloutState.ROLLED_BACK)
    assert office.platform.registry.alias("pets", Alias.CHAMPION) == 2


def the_card_says_what_is_known_and_what_is_missing(office: PetsOffice) -> None:
    office.stage.call("owner", "POST", "/api/v1/models/pets/versions/2/card")
    card = office.stage.call("auditor", "GET", "/api/v1/models/pets/versions/2/card")
    known = {f["key"]: f for f in fields(card["core"])}
    for key in ("data.splits", "data.audit", "quantitative.accuracy", "identity.owners"):
        assert known[key]["value"], key
    # Only whoever trained it can say how; the card names the gap and pads nothing.
    assert known["architecture.hyperparameters"]["source"] == "missing"
    assert known["architecture.hyperparameters"]["who"]
    assert "Sorts snapshots of pets." in office.page("/models/pets/versions/2/card")
    for path in (
        "/",
        "/models/pets",
        "/models/pets/versions/3",
        "/models/pets/windows",
        "/alerts",
        "/rollouts",
    ):
        assert "pets" in office.page(path), path


def dagster(
    job: str, instance: dg.DagsterInstance, *, config: Mapping[str, Any] | None = None, day: str | None = None
) -> dict[str, bool]:
    """Run a job of the code location in this process; returns which asset checks passed."""
    ran = defs.resolve_job_def(job).execute_in_process(
        run_config=config or {}, instance=instance, partition_key=day
    )
    assert ran.success
    return {c.check_name: c.passed for c in ran.get_asset_check_evaluations()}


def watched(office: PetsOffice, instance: dg.DagsterInstance, day: datetime) -> dict[str, Verdict]:
    """Let Dagster look at a day; returns what each monitor said."""
    partition = day.date().isoformat()
    dagster("watch", instance, day=partition)
    with office.platform.uow.begin(write=False) as tx:
        stored = tx.verdicts.list("pets", window_id=f"pets/1/{partition}")
    return {s.verdict.monitor: s.verdict for s in stored if not s.advisory}


def _evidence(office: PetsOffice, kind: EvidenceKind, version: int) -> Evidence:
    with office.platform.uow.begin(write=False) as tx:
        found = tx.evidence.latest(kind, "pets", version)
    assert found is not None
    return found
