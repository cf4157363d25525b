"""Commands on a real home: exit codes, JSON, and one message with its remedy per failure."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ombud.project import parse_project
from ombud_app.cli.entry import run
from ombud_app.cli.init import TEMPLATE
from ombud_app.cli.reference import PATH, reference
from unit.cli.ports import free_port

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command line on a home of its own; returns exit code, output and complaints."""
    monkeypatch.delenv("OMBUD_DEBUG", raising=False)
    monkeypatch.delenv("OMBUD_TOKEN", raising=False)
    # Servers of another home may be running on the usual ports.
    for name in ("PORTAL", "DAGSTER", "MLFLOW"):
        monkeypatch.setenv(f"OMBUD_{name}_PORT", str(free_port()))

    def run_it(*arguments: str) -> tuple[int, str, str]:
        code = run(["--home", str(tmp_path / "home"), *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run_it


@pytest.fixture
def home(command: Run, tmp_path: Path) -> Path:
    assert command("init", "--name", "demo")[0] == 0
    return tmp_path / "home"


def _json(told: tuple[int, str, str], code: int = 0) -> Any:
    assert told[0] == code, told
    return json.loads(told[1])


def test_the_template_is_a_project_file() -> None:
    assert parse_project(TEMPLATE.format(name="demo")).name == "demo"


def test_init_writes_once(command: Run, home: Path) -> None:
    before = (home / "ombud.yaml").read_text()
    code, _, told = command("init", "--name", "other")
    assert code == 1
    assert "--force" in told
    assert (home / "ombud.yaml").read_text() == before
    assert command("init", "--name", "other", "--force")[0] == 0
    assert "name: other" in (home / "ombud.yaml").read_text()


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["models", "list", "--nonsense"], ["cards", "show", "demo"], ["rollout"]]
)
def test_wrong_usage_is_exit_code_2_with_a_pointer(command: Run, arguments: Sequence[str]) -> None:
    code, out, told = command(*arguments)
    assert code == 2
    assert out == ""
    assert "--help" in told
    assert "Traceback" not in told


def test_a_home_without_project_says_what_to_do(command: Run) -> None:
    code, _, told = command("budget")
    assert code == 1
    assert "no project file" in told
    assert "Remedy: " in told


def test_a_misspelt_key_is_named_with_the_nearest_one(command: Run, home: Path) -> None:
    text = (home / "ombud.yaml").read_text().replace("modalities:", "modalitys:")
    (home / "ombud.yaml").write_text(text)
    code, _, told = command("budget", "--json")
    assert code == 2
    assert json.loads(told) == {
        "error": "bad-input",
        "message": f"{home}/ombud.yaml: unknown key 'modalitys'",
        "remedy": "Did you mean 'modalities'?",
    }


def test_tokens_are_shown_once_and_can_be_withdrawn(command: Run, home: Path) -> None:
    made = _json(command("tokens", "create", "anna@example.org", "--role", "model_owner", "--json"))
    assert made["token"].startswith("ombud_")
    listed = _json(command("tokens", "list", "--json"))
    assert [t["identity"] for t in listed] == ["anna@example.org"]
    assert made["token"] not in json.dumps(listed)
    assert made["token"].encode() not in b"".join(p.read_bytes() for p in home.glob("ombud.db*"))
    assert _json(command("tokens", "revoke", made["token_id"], "--json"))["revoked"] is True
    assert command("tokens", "revoke", "tok-none")[0] == 1
    assert command("tokens", "create", "x", "--role", "emperor")[0] == 2
    actions = [e["event"]["action"] for e in _json(command("ledger", "list", "--json"))]
    assert actions == ["token.created", "token.revoked"]


def test_the_ledger_verifies_until_somebody_edits_it(command: Run, home: Path) -> None:
    command("tokens", "create", "anna", "--role", "auditor")
    assert _json(command("ledger", "verify", "--json"))["ok"] is True
    with sqlite3.connect(home / "ombud.db") as database:
        guards = database.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in guards:
            database.execute(f'drop trigger "{name}"')
        edit = "update audit_event set payload = cast(replace(cast(payload as text), 'anna', 'emma') as blob)"
        database.execute(edit)
    report = _json(command("ledger", "verify", "--json"), code=1)
    assert report["ok"] is False
    assert "edited" in report["problems"][0]


def test_a_home_of_a_newer_release_is_left_alone(command: Run, home: Path) -> None:
    command("tokens", "list")
    with sqlite3.connect(home / "ombud.db") as database:
        database.execute("update alembic_version set version_num = '9999'")
    for arguments in (["status"], ["up"], ["tokens", "list"]):
        code, _, told = command(*arguments)
        assert code == 1
        assert "newer" in told
        assert "Remedy: " in told


@pytest.mark.usefixtures("home")
def test_what_needs_an_identity_asks_for_a_token(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, told = command("alerts", "ack", "al-1", "--reason", "looking")
    assert code == 1
    assert "OMBUD_TOKEN" in told
    made = _json(command("tokens", "create", "ada", "--role", "auditor", "--json"))
    monkeypatch.setenv("OMBUD_TOKEN", made["token"])
    code, _, told = command("alerts", "ack", "al-1", "--reason", "looking")
    assert code == 1
    assert "may not" in told


@pytest.mark.usefixtures("home")
def test_only_versions_of_the_project_that_exist_are_evaluated(command: Run) -> None:
    code, out, told = command("models", "evaluate", "other", "1")
    assert (code, out) == (2, "")
    assert "the project file is about 'demo'" in told
    code, out, told = command("models", "evaluate", "demo", "1", "--json")
    assert (code, out) == (1, "")
    assert json.loads(told)["error"] == "not-found"


@pytest.mark.usefixtures("home")
def test_a_server_that_is_not_there_is_one_message(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMBUD_TOKEN", "ombud_x")
    code, _, told = command("rollout", "status", "r-1", "--url", "http://127.0.0.1:9")
    assert code == 1
    assert "no server answers" in told
    assert "ombud up" in told


@pytest.mark.usefixtures("home")
def test_doctor_finds_what_is_missing_and_how_to_mend_it(command: Run) -> None:
    report = _json(command("doctor", "--json"), code=1)
    found: Mapping[str, Mapping[str, str]] = {f["name"]: f for f in report["findings"]}
    assert found["python"]["state"] == "good"
    assert "Business Source License" in found["alibi-detect"]["detail"]
    assert found["training data"]["state"] == "bad"
    assert found["training data"]["remedy"]
    assert found["orchestrator"]["remedy"]


def test_an_unexpected_failure_shows_no_trace(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr("ombud_app.cli.budget.load_project", fail)
    code, _, told = command("budget")
    assert code == 1
    assert "ZeroDivisionError: by accident" in told
    assert "Traceback" not in told
    assert "OMBUD_DEBUG" in told


def test_every_command_has_json() -> None:
    silent = [c for c in reference().split("## `")[1:] if "`--json`" not in c]
    assert [c.partition("`")[0] for c in silent] == ["ombud version"]


def test_the_reference_is_in_step() -> None:
    root = Path(__file__).parents[3]
    assert (root / PATH).read_text("utf-8") == reference(), "run: python -m ombud_app.cli.reference"
