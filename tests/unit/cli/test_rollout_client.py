"""``ombud rollout`` against the portal: problems become errors, states become exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ombud.errors import Conflict, Forbidden, NotFound, Refused, Unauthenticated, Unavailable
from ombud_app.cli import rollout
from ombud_app.cli.entry import run
from ombud_app.cli.remote import Remote, problem_error
from ombud_app.portal import create_app
from unit.portal.demo_house import House
from unit.portal.demo_story import play


@pytest.fixture
def house(tmp_path: Path) -> House:
    return play(House(), tmp_path / "models")


def _remote(house: House, part: str) -> Remote:
    return Remote("http://testserver", house.token(part), client=TestClient(create_app(house)))


def test_problems_become_the_errors_that_they_stand_for(house: House) -> None:
    with pytest.raises(NotFound):
        _remote(house, "ci").get("/api/v1/rollouts/r-none")
    with pytest.raises(Forbidden):
        _remote(house, "auditor").post("/api/v1/rollouts", {"model": "digits", "version": 1})
    with pytest.raises(Conflict):
        _remote(house, "ci").post("/api/v1/rollouts", {"model": "digits", "version": 2})
    with pytest.raises(Unauthenticated):
        Remote("http://testserver", "nonsense", client=TestClient(create_app(house))).get("/api/v1/models")


def test_an_answer_that_is_no_problem_document_is_unavailable() -> None:
    class Answer:
        status_code = 502

        def json(self) -> object:
            raise ValueError("not JSON")

    assert isinstance(problem_error(Answer()), Unavailable)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "waited", "code"),
    [
        ("promoted", True, 0),
        ("ramp", False, 0),
        ("ramp", True, 11),
        ("hold", False, 11),
        ("rolling_back", False, 10),
        ("rolled_back", True, 10),
        ("refused", False, 12),
        ("superseded", False, 1),
    ],
)
def test_exit_codes(state: str, waited: bool, code: int) -> None:
    assert rollout.exit_code(state, waited=waited) == code


def test_refused_has_its_own_exit_code() -> None:
    assert Refused("the gate said no").exit_code == 12


def test_rollback_and_status_tell_by_exit_code(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rollout, "_remote", lambda _context, _url: _remote(house, "on_call"))
    live = house.rollouts.latest("digits", 3)
    assert live is not None
    assert run(["rollout", "status", live.rollout_id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "shadow"
    assert run(["rollout", "status", live.rollout_id, "--wait", "--timeout", "1"]) == 11
    assert run(["rollout", "rollback", live.rollout_id, "--reason", "users complain"]) == 0
    assert run(["rollout", "status", live.rollout_id]) == 10
    assert "e-value of harm" in capsys.readouterr().out
