"""``ombud up``: the sign-in token and the watch over Dagster's daemons."""

from __future__ import annotations

from pathlib import Path

from ombud.domain.identity import Role
from ombud.settings import Settings
from ombud_app.cli.children import environment_of, write_dagster_yaml
from ombud_app.cli.up import DaemonWatch, write_sign_in
from ombud_app.portal.tokens import actor_behind
from unit.portal.demo_house import House, StillOrchestrator


def test_the_sign_in_token_is_fresh_and_for_this_user_only(tmp_path: Path) -> None:
    house = House(settings=Settings(home=tmp_path))
    first = write_sign_in(house)  # type: ignore[arg-type]
    first.chmod(0o644)
    before = first.read_text()
    again = write_sign_in(house)  # type: ignore[arg-type]
    assert again.stat().st_mode & 0o777 == 0o600
    assert again.read_text() != before
    actor = actor_behind(house.uow, house.clock, again.read_text().strip())
    assert actor.roles == {Role.ADMIN}


def test_a_dead_daemon_is_told_once_and_so_is_its_return() -> None:
    orchestrator, told = StillOrchestrator(), list[str]()
    watch = DaemonWatch(orchestrator, Path("logs/dagster.log"), told.append)
    watch.look()
    assert told == []
    orchestrator.health = {"SENSOR": False, "SCHEDULER": True}
    watch.look()
    watch.look()
    assert len(told) == 1
    assert "SENSOR" in told[0]
    assert "logs/dagster.log" in told[0]
    orchestrator.health = None
    watch.look()
    assert len(told) == 1, "once is not yet a failure"
    watch.look()
    assert "does not answer" in told[1]
    orchestrator.health = {"SENSOR": True}
    watch.look()
    assert told[2:] == ["Dagster's daemons are healthy again"]


def test_children_are_kept_offline_small_and_free_of_pickles(tmp_path: Path) -> None:
    environment = environment_of(Settings(home=tmp_path, dagster_port=9001))
    assert environment["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
    assert environment["HF_HUB_OFFLINE"] == environment["DO_NOT_TRACK"] == "1"
    assert environment["OMBUD_DAGSTER_PORT"] == "9001"
    assert environment["DAGSTER_HOME"] == str(tmp_path / "dagster")


def test_a_dagster_yaml_that_a_person_took_over_is_left_alone(tmp_path: Path) -> None:
    path = write_dagster_yaml(tmp_path)
    assert "enabled: false" in path.read_text()
    path.write_text("telemetry:\n  enabled: false\n")
    write_dagster_yaml(tmp_path)
    assert path.read_text() == "telemetry:\n  enabled: false\n"
