"""``ombud calibrate``: one JSON document, a page that is nothing but its numbers, work that resumes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ombud.errors import BadInput
from ombud_app.cli.entry import run
from ombud_app.services.calibrating import Store, outcomes
from ombud_monitors.evaluate import Piece, Plan, page_of, pieces_of
from ombud_monitors.evaluate.page import HEADINGS
from ombud_monitors.simulate import NULLS

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Runs one command line, without slow populations; returns exit code, output and complaints."""
    few = {code: NULLS[code] for code in ("gaussian", "rounded")}
    monkeypatch.setattr("ombud_monitors.evaluate.plan.NULLS", few)

    def run_it(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        told = capsys.readouterr()
        return code, told.out, told.err

    return run_it


def cheap_pieces() -> list[Piece]:
    """Windows and streams of normal rows, shown to somebody who does not look."""
    return [p for p in pieces_of(Plan(repeats=20, only=("never-fires",))) if "/gaussian/" in p.key]


YARDSTICKS = (
    "calibrate",
    "--detector",
    "never-fires",
    "--detector",
    "always-fires",
    "--repeats",
    "20",
    "--jobs",
    "1",
)


def test_json_is_one_document_with_everything_that_a_reader_needs(command: Any) -> None:
    code, out, err = command(*YARDSTICKS, "--json")
    found = json.loads(out)
    assert code == 0, "yardsticks break no promise of ours"
    assert err == ""
    assert {"python", "packages", "cores", "threads", "code"} <= set(found["environment"])
    assert found["seed"] == 0
    assert all({"claim", "measured", "bound", "kept"} <= set(p) for p in found["promises"])
    assert {p["about"] for p in found["promises"] if not p["kept"]} == {"never-fires", "always-fires"}
    assert all(r["rate"]["low"] <= r["rate"]["value"] <= r["rate"]["high"] for r in found["false_positives"])


def test_the_page_is_written_with_its_numbers_beside_it(command: Any, tmp_path: Path) -> None:
    page = tmp_path / "calibration.md"
    assert command(*YARDSTICKS, "--page", str(page))[0] == 0
    assert page.read_text("utf-8") == page_of(json.loads(page.with_suffix(".json").read_text("utf-8")))


def test_a_broken_promise_of_ours_is_exit_code_1(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ombud_monitors.evaluate.contestants.Ours.alarm", lambda *_: (0.0, True))
    code, out, _ = command("calibrate", "--detector", "ks", "--repeats", "20", "--jobs", "1", "--json")
    assert code == 1
    assert json.loads(out)["kept"] is False


@pytest.mark.parametrize(
    ("arguments", "told"), [(["--detector", "nobody"], "never-fires"), (["--repeats", "3"], "at least 20")]
)
def test_what_cannot_be_measured_is_exit_code_2_with_a_remedy(
    command: Any, arguments: list[str], told: str
) -> None:
    code, out, err = command("calibrate", *arguments)
    assert (code, out) == (2, "")
    assert "Remedy: " in err
    assert told in err


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    pieces = cheap_pieces()
    store = tmp_path / "done.jsonl"
    first = outcomes(pieces[:5], jobs=1, store=Store(store))
    with store.open("a") as file:
        file.write('{"code": "sha256:cut sho')
    ran: list[str] = []
    again = outcomes(pieces, jobs=1, store=Store(store), progress=lambda *told: ran.append(told[-1]))
    assert len(again) == len(pieces)
    assert ran == [p.key for p in pieces[5:]]
    kept = {p.key: o for p, o in again}
    assert all(kept[p.key] == o for p, o in first)
    read = Store(store)
    assert all(read.get(p.key) == kept[p.key] for p in pieces)


def test_outcomes_of_other_code_are_not_mixed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = cheap_pieces()[:1]
    store = tmp_path / "done.jsonl"
    outcomes(pieces, jobs=1, store=Store(store))
    assert Store(store).get(pieces[0].key) is not None
    monkeypatch.setattr("ombud_app.services.calibrating.code_digest", lambda: "sha256:other")
    assert Store(store).get(pieces[0].key) is None


def test_another_file_is_not_taken_for_a_store(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"something": 1}\n')
    with pytest.raises(BadInput, match="not the outcomes"):
        Store(tmp_path / "other.json")


def test_processes_find_what_one_process_finds() -> None:
    pieces = cheap_pieces()[:4]
    alone, together = (
        {p.key: {k: v for k, v in o.items() if "seconds" not in k} for p, o in outcomes(pieces, jobs=jobs)}
        for jobs in (1, 2)
    )
    assert alone == together


def test_the_page_in_the_docs_is_in_step_with_its_numbers() -> None:
    found = json.loads((DOCS / "calibration.json").read_text("utf-8"))
    page = (DOCS / "calibration.md").read_text("utf-8")
    assert page == page_of(found), "run: ombud calibrate --full --page docs/calibration.md"
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(HEADINGS)
    assert found["kept"] == all(p["kept"] for p in found["promises"] if p["camp"] == "ours")


@pytest.mark.parametrize("page", ["figures.json", "nowhere/page.md"])
def test_a_page_that_cannot_be_written_is_told_before_any_work(
    command: Callable[..., tuple[int, str, str]], tmp_path: Path, page: str
) -> None:
    code, _, told = command("calibrate", "--repeats", "20", "--page", str(tmp_path / page))
    assert code == 2
    assert "folder that exists" in told
    assert not list(tmp_path.iterdir())
