"""Bad input at the command line: one message with its remedy, the exit code, nothing half-written."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from e2e.fragile_house import samples, written
from ombud_app.cli.entry import run
from unit.cli.ports import free_port

OMBUD = Path(sys.executable).with_name("ombud")
_MLFLOW = "UPDATE alembic_version SET version_num = '{}'"
UsedHome = Callable[[Path], None]
JUNK = b"these bytes are neither a picture nor a sound"


class Terminal:
    """The ``ombud`` command on a home of its own, with ports of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = {name: free_port() for name in ("PORTAL", "DAGSTER", "MLFLOW")}
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("OMBUD_")},
            **{f"OMBUD_{name}_PORT": str(port) for name, port in self.ports.items()},
            "OMBUD_HOME": str(home),
        }

    def init(self) -> None:
        """A project file of one's own."""
        assert run(["--home", str(self.home), "init"]) == 0

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(OMBUD), *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture(autouse=True)
def _ports_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # Servers of another home may be running on the usual ports.
    for name in ("PORTAL", "DAGSTER", "MLFLOW"):
        monkeypatch.setenv(f"OMBUD_{name}_PORT", str(free_port()))


@pytest.fixture
def ombud(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home")


def test_a_project_file_with_a_misspelt_key(ombud: Terminal) -> None:
    ombud.home.mkdir()
    (ombud.home / "ombud.yaml").write_text("name: digits\nmodalitys: [text]\n")
    ended = ombud("up")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr == (
        f"ombud: {ombud.home}/ombud.yaml: unknown key 'modalitys'\nRemedy: Did you mean 'modalities'?\n"
    )
    assert [p.name for p in ombud.home.iterdir()] == ["ombud.yaml"]


@pytest.fixture
def columns() -> dict[str, list[object]]:
    """A file that the story could be played on, column by column."""
    splits = {name: samples(name) for name in ("train", "val", "test", "prod_shift")}
    rows = [(name, s) for name, split in splits.items() for s in split]
    return {
        "id": [s.sample_id for _, s in rows],
        "split": [name for name, _ in rows],
        "label": [s.label for _, s in rows],
        **{m: [s.payloads[m] for _, s in rows] for m in rows[0][1].payloads},
        "speaker_id": [s.attributes["speaker_id"] for _, s in rows],
    }


def _write(columns: Mapping[str, list[object]], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), path)
    return path


def test_a_data_file_without_a_required_column(
    ombud: Terminal, columns: dict[str, list[object]], tmp_path: Path
) -> None:
    del columns["label"]
    file = _write(columns, tmp_path / "bad.parquet")
    ended = ombud("quickstart", "--data", str(file), "--json")
    assert ended.returncode == 2
    assert ended.stdout == ""
    told = json.loads(ended.stderr.splitlines()[-1])
    assert told["error"] == "bad-input"
    assert told["message"].startswith(f"{file}: column 'label' is missing; the file has ['id', 'split', ")
    assert told["remedy"].startswith("Add one column 'label'")
    assert not ombud.home.exists()


def test_a_data_file_without_a_required_column_at_the_audit(
    ombud: Terminal, columns: dict[str, list[object]]
) -> None:
    ombud.init()
    del columns["audio"]
    file = _write(columns, ombud.home / "data" / "training.parquet")
    before = file.read_bytes()
    ended = ombud("data", "audit")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"ombud: {file}: column 'audio' is missing; the file has ['id', ")
    assert "\nRemedy: Add one column 'audio'" in ended.stderr
    assert file.read_bytes() == before
    assert not _entries(ombud.home), "nothing is on record about data that could not be read"


def _changed(columns: dict[str, list[object]], name: str, row: int, value: object) -> None:
    columns[name][row] = value


Spoil = Callable[[dict[str, list[object]]], object]


@pytest.mark.parametrize(
    ("spoil", "said", "remedy"),
    [
        (lambda c: c.pop("speaker_id"), "column 'speaker_id' is missing", "Add the column 'speaker_id'"),
        (
            lambda c: _changed(c, "image", 3, JUNK),
            "column 'image', row 3: image cannot be",
            "whole file's bytes",
        ),
        (
            lambda c: _changed(c, "audio", 9, JUNK),
            "column 'audio', row 9: audio cannot be",
            "whole file's bytes",
        ),
        (lambda c: _changed(c, "text", 17, " "), "column 'text', row 17: the payload is empty", "Write null"),
        (
            lambda c: _changed(c, "label", 20, "odd"),
            "column 'label', row 20: 'odd' is not one",
            "Correct the",
        ),
        (lambda c: _changed(c, "label", 30, None), "column 'label', row 30: no label", "Fill in the label"),
        (
            lambda c: _changed(c, "id", 5, "val-0"),
            "column 'id', row 8: 'val-0' already stands in row 5",
            "an id",
        ),
        (lambda c: _changed(c, "split", 6, None), "column 'split', row 6: no split is named", "Write train"),
        (
            lambda c: c.update(split=["train"] * 32),
            "column 'split' has no row 'val'",
            "Add rows of split 'val'",
        ),
        (
            lambda c: c.update(label=[0.5] * 32),
            "column 'label' has type double from row 0 on",
            "Convert column",
        ),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) and value.startswith("column") else "",
)
def test_a_wrong_data_file_is_refused_with_column_row_and_remedy_and_leaves_no_home(
    columns: dict[str, list[object]],
    spoil: Spoil,
    said: str,
    remedy: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil(columns)
    file = _write(columns, tmp_path / "bad.parquet")
    home = tmp_path / "home"
    assert run(["--home", str(home), "quickstart", "--data", str(file)]) == 2
    complaint, told = capsys.readouterr().err.splitlines()[-2:]
    assert said in complaint
    assert told.startswith("Remedy: ")
    assert remedy in told
    assert not home.exists()


@pytest.mark.parametrize(
    ("name", "said"), [("none.parquet", "no such file"), ("text.parquet", "not a readable")]
)
def test_a_file_that_is_no_data_at_all(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.parquet").write_text("id,split\n")
    code = run(["--home", str(tmp_path / "home"), "quickstart", "--data", str(tmp_path / name)])
    told = capsys.readouterr().err
    assert code == 2
    assert said in told
    assert "Remedy: " in told
    assert not (tmp_path / "home").exists()


@contextmanager
def _taken(port: int) -> Iterator[None]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


def test_a_port_already_in_use(ombud: Terminal) -> None:
    ombud.init()
    port = ombud.ports["DAGSTER"]
    with _taken(port):
        ended = ombud("up")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        f"ombud: port {port} on 127.0.0.1 is already in use; dagster needs it\n"
        f"Remedy: Stop what listens there (`ss -ltnp 'sport = :{port}'` names it), or set "
        "OMBUD_DAGSTER_PORT to a free port.\n"
    )
    assert [p.name for p in ombud.home.iterdir()] == ["ombud.yaml"]


def test_a_port_already_in_use_costs_no_old_story(ombud: Terminal) -> None:
    ombud.home.mkdir()
    (ombud.home / "quickstart.json").write_text("{}\n")
    (ombud.home / "alerts.jsonl").write_text("an old story\n")
    port = ombud.ports["PORTAL"]
    with _taken(port):
        ended = ombud("quickstart")
    assert ended.returncode == 1
    complaint, remedy = ended.stderr.splitlines()
    assert complaint == f"ombud: port {port} on 127.0.0.1 is already in use; portal needs it"
    assert remedy.endswith("or set OMBUD_PORTAL_PORT to a free port.")
    assert sorted(p.name for p in ombud.home.iterdir()) == ["alerts.jsonl", "quickstart.json"]


def test_a_home_of_a_newer_schema(ombud: Terminal, used_home: UsedHome) -> None:
    used_home(ombud.home)
    _edit(ombud.home / "ombud.db", "UPDATE alembic_version SET version_num = '9999'")
    before = _dumped(ombud.home)
    ended = ombud("up")
    assert ended.returncode == 1
    assert ended.stdout == ""
    complaint, remedy = ended.stderr.splitlines()
    assert f"{ombud.home}/ombud.db: expected a revision up to" in complaint
    assert "got 9999: a newer release of Ombud wrote it" in complaint
    assert remedy == "Remedy: Install that release or a later one, or open a backup made before the upgrade."
    assert _dumped(ombud.home) == before


@pytest.mark.parametrize(
    ("database", "edit", "said", "todo"),
    [
        ("mlflow.db", _MLFLOW.format("abcdef012345"), "a newer MLflow wrote it", "Install the release"),
        ("mlflow.db", _MLFLOW.format("451aebb31d03"), "found the older 451aebb31d03", "Back the database up"),
        (
            "inference/spool.db",
            "PRAGMA user_version = 99",
            "a newer release of Ombud wrote it",
            "Install that",
        ),
    ],
    ids=["newer MLflow", "older MLflow", "newer inference log"],
)
def test_a_home_in_which_one_store_is_of_another_schema(
    ombud: Terminal,
    used_home: UsedHome,
    database: str,
    edit: str,
    said: str,
    todo: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    used_home(ombud.home)
    _edit(ombud.home / database, edit)
    before = _dumped(ombud.home)
    assert run(["--home", str(ombud.home), "up"]) == 1
    complaint, remedy = capsys.readouterr().err.splitlines()
    assert f"{ombud.home / database}: expected " in complaint
    assert said in complaint
    assert remedy.startswith(f"Remedy: {todo}")
    assert _dumped(ombud.home) == before


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> UsedHome:
    """Copies a home whose stores have been in use."""
    source = tmp_path_factory.mktemp("used") / "home"
    assert run(["--home", str(source), "init"]) == 0
    assert run(["--home", str(source), "tokens", "create", "anna", "--role", "auditor"]) == 0
    assert run(["--home", str(source), "models", "list"]) == 0

    def copy(target: Path) -> None:
        for path in (p for p in sorted(source.rglob("*")) if p.is_file()):
            there = target / path.relative_to(source)
            there.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".db":
                with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(there)) as new:
                    old.backup(new)
            elif not path.name.endswith(("-wal", "-shm")):
                there.write_bytes(path.read_bytes())

    return copy


def _edit(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as store:
        store.execute(statement)
        store.commit()


def _dumped(home: Path) -> dict[str, object]:
    """Everything that a home holds, down to the rows of its databases."""
    found: dict[str, object] = dict(written(home))
    for path in home.rglob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            found[f"{path.name} dump"] = list(database.iterdump())
            found[f"{path.name} version"] = database.execute("PRAGMA user_version").fetchone()
    return found


def _entries(home: Path) -> int:
    with closing(sqlite3.connect(home / "ombud.db")) as database:
        return int(database.execute("SELECT COUNT(*) FROM audit_event").fetchone()[0])


def test_a_dead_dagster_daemon(ombud: Terminal, tmp_path: Path) -> None:
    ombud.init()
    said, told = tmp_path / "stdout", tmp_path / "stderr"
    with said.open("w") as out, told.open("w") as err:
        up = subprocess.Popen([OMBUD, "up", "--no-mlflow"], env=ombud.environment, stdout=out, stderr=err)
    try:
        _until(lambda: "Ctrl-C stops everything" in said.read_text(), "the servers start", told)
        before = written(ombud.home)
        os.kill(_daemon_of(ombud.home), signal.SIGKILL)
        _until(lambda: "ended by itself" in told.read_text(), "the dead daemon is told", told)
        complaints = [line for line in told.read_text().splitlines() if "Remedy: " in line]
        assert len(complaints) == 1, complaints
        assert "dagster-daemon process shut down unexpectedly with return code -9" in complaints[0]
        assert "Nothing is looked at or retrained until it runs again" in complaints[0]
        assert f"Remedy: Read {ombud.home}/logs/dagster.log" in complaints[0]

        ready = httpx.get(f"http://127.0.0.1:{ombud.ports['PORTAL']}/ready", timeout=30)
        assert ready.status_code == 200, "requests are answered without Dagster"
        part = next(p for p in ready.json()["parts"] if p["name"] == "orchestrator")
        assert (part["ok"], bool(part["remedy"])) == (False, True)

        report = ombud("doctor", "--json")
        assert report.returncode == 1
        found = {f["name"]: f for f in json.loads(report.stdout)["findings"]}
        assert found["orchestrator"]["state"] == "bad"
        assert "does not answer" in found["orchestrator"]["detail"]
        assert "ombud up" in found["orchestrator"]["remedy"]

        # The home is still served: nobody may start on it a second time, let alone empty it.
        again = ombud("quickstart")
        assert again.returncode == 1
        assert f"the servers of {ombud.home} are running already" in again.stderr
        assert written(ombud.home) >= before
    finally:
        up.send_signal(signal.SIGINT)
        code = up.wait(timeout=60)
    assert code == 0
    assert told.read_text().endswith("everything is stopped\n")


def _daemon_of(home: Path) -> int:
    """Process id of the Dagster daemon that serves this home."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if b"dagster._daemon" in command and f"OMBUD_HOME={home}\0".encode() in environment:
            return int(process.name)
    raise AssertionError("no Dagster daemon runs")


def _until(happened: Callable[[], bool], what: str, log: Path, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s\n{log.read_text()}"
        time.sleep(0.1)
