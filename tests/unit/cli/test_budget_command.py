"""``ombud budget`` on a real home: the split, a period declared, and who may not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.storage_examples import window
from ombud.settings import Settings
from ombud_app.cli.entry import run
from ombud_app.wiring import open_platform

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs one command line on an initialised home; returns exit code, output and complaints."""
    monkeypatch.delenv("OMBUD_TOKEN", raising=False)
    assert run(["--home", str(tmp_path / "home"), "init", "--name", "demo"]) == 0
    capsys.readouterr()

    def run_it(*arguments: str) -> tuple[int, str, str]:
        code = run(["--home", str(tmp_path / "home"), *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run_it


@pytest.fixture
def as_role(command: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a token of that role into the environment."""

    def become(role: str) -> None:
        made = command("tokens", "create", f"{role}@example.org", "--role", role, "--json")
        monkeypatch.setenv("OMBUD_TOKEN", json.loads(made[1])["token"])

    return become


def _json(told: tuple[int, str, str]) -> Any:
    assert told[0] == 0, told
    return json.loads(told[1])


def test_before_any_version_the_plan_is_shown(command: Run) -> None:
    table = _json(command("budget", "--json"))
    assert (table["version"], table["period"], table["looks_taken"]) == (None, None, 0)
    assert sum(line["total"] for line in table["lines"]) == pytest.approx(0.05)
    code, told, _ = command("budget")
    assert code == 0
    assert "at most 5% chance of any false alarm" in told
    assert "80% of it for claims of harm" in told
    assert "audio.harm" in told


def test_half_a_percent_and_an_open_end_are_said_as_such(command: Run, tmp_path: Path) -> None:
    file = tmp_path / "home" / "ombud.yaml"
    stated = "budget: {probability: 0.005, noticing_share: 0.125, looks: 7, open_ended: true}"
    kept = re.sub(r"(?m)^budget:.*\n(?:[ ]+.*\n)*", "", file.read_text("utf-8"))
    file.write_text(f"{kept}\n{stated}\n", "utf-8")
    code, told, _ = command("budget")
    assert code == 0
    plain = " ".join(told.split())
    assert "at most 0.5% chance" in plain
    assert "over 7 expected looks, and any more; 87.5% of it" in plain


def test_a_period_needs_an_identity_a_role_a_version_and_a_reason(
    command: Run, as_role: Callable[[str], None]
) -> None:
    declare = ("budget", "open-period", "--reason", "Site B went live.")
    code, _, told = command(*declare)
    assert code != 0
    assert "OMBUD_TOKEN" in told
    as_role("auditor")
    code, _, told = command(*declare)
    assert code != 0
    assert "may not open a budget period" in told
    assert "model_owner, on_call" in told
    as_role("model_owner")
    assert "no version was promoted" in command(*declare)[2]
    assert "9" in command(*declare, "--version", "9")[2]
    assert command("budget", "open-period", "--reason", " ")[0] == 2
    assert command("budget", "open-period")[0] == 2
    assert _json(command("budget", "periods", "--json")) == []
    actions = [e["event"]["action"] for e in _json(command("ledger", "list", "--json"))]
    assert "budget.period_opened" not in actions


def test_a_declared_period_is_on_record_and_in_force(
    command: Run, as_role: Callable[[str], None], tmp_path: Path
) -> None:
    uow = open_platform(Settings(home=tmp_path / "home")).uow
    with uow.begin() as tx:
        tx.windows.put(replace(window("2026-11-01"), window_id="demo/1/2026-11-01", model="demo"))
        tx.commit()
    as_role("on_call")
    opened = _json(command("budget", "open-period", "--reason", "Site B went live.", "--json"))
    assert (opened["version"], opened["cause"], opened["opened_by"]) == (1, "context", "on_call@example.org")
    assert _json(command("budget", "periods", "--json")) == [opened]
    assert _json(command("budget", "--json"))["period"] == opened
    code, told, _ = command("budget", "--verdicts", "5")
    assert code == 0
    assert "Site B went live." in told
    event = _json(command("ledger", "list", "--json"))[-1]["event"]
    assert (event["action"], event["role"]) == ("budget.period_opened", "on_call")


def test_wrong_usage_of_the_group_is_exit_code_2(command: Run) -> None:
    for arguments in (["budget", "nonsense"], ["budget", "--nonsense"], ["budget", "--version", "0"]):
        assert command(*arguments)[0] == 2
