"""The contract of the inference log, and what only files can do: survive crashes and serve processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ombud.adapters.inference_log import SpooledInferenceLog
from ombud.adapters.inference_log.lake import Lake
from ombud.adapters.memory.inference_log import MemoryInferenceLog
from ombud.domain.inference import Inference, Label, Variant
from ombud.domain.modality import AUDIO, TEXT
from ombud.domain.ports import InferenceLog, LogQuery
from ombud.errors import BadInput, Corrupted, NewerSchema

START = datetime(2026, 3, 1, tzinfo=UTC)
ALL = LogQuery("digits")


def record(
    number: int, *, variant: Variant = Variant.CHAMPION, version: int = 1, width: int = 4
) -> Inference:
    rng = np.random.default_rng(number)
    present = (AUDIO, TEXT) if number % 2 else (TEXT,)
    return Inference(
        request_id=f"r-{number:04d}",
        model="digits",
        version=version,
        variant=variant,
        time=START + timedelta(seconds=number, microseconds=number),
        present=present,
        probabilities=rng.dirichlet(np.ones(3)).astype(np.float32),
        prediction="two",
        confidence=0.5 + number / 10_000,
        unimodal={m: rng.dirichlet(np.ones(3)).astype(np.float32) for m in present},
        embeddings={m: rng.normal(size=width).astype(np.float32) for m in present},
        descriptors={"text.length": float(number), "audio.snr": float("nan")},
        attributes={"speaker_id": f"s{number % 3}", "note": "ünï — 二"},
        latency_ms={"total": 1.5},
        payload_digests=dict.fromkeys(present, "sha256:" + "0" * 64),
    )


def same(left: Inference, right: Inference) -> None:
    for name in ("request_id", "model", "version", "variant", "time", "present", "prediction", "error"):
        assert getattr(left, name) == getattr(right, name), name
    np.testing.assert_equal(left.probabilities, right.probabilities)
    np.testing.assert_equal(left.confidence, right.confidence)
    for name in ("unimodal", "embeddings", "descriptors", "attributes", "latency_ms", "payload_digests"):
        np.testing.assert_equal(dict(getattr(left, name)), dict(getattr(right, name)))


@pytest.fixture(params=["memory", "spooled"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> InferenceLog:
    make: dict[str, Callable[[], InferenceLog]] = {
        "memory": MemoryInferenceLog,
        "spooled": lambda: SpooledInferenceLog(tmp_path / "log", seal_minimum=1),
    }
    return make[request.param]()


def test_an_empty_log_answers(log: InferenceLog) -> None:
    assert list(log.read(ALL)) == []
    assert log.count(ALL) == 0
    assert log.seal() == 0
    assert log.append([]).accepted == 0


@pytest.mark.parametrize("sealed", [False, True])
def test_what_was_written_is_read_back(log: InferenceLog, sealed: bool) -> None:
    failed = Inference("r-x", "digits", 1, Variant.SHADOW, START, (), None, None, float("nan"), error="boom")
    records = [record(1), failed, record(2, width=8)]
    assert log.append(records).accepted == 3
    if sealed:
        assert log.seal() == 3
        assert log.seal() == 0
    read = log.read(ALL)
    assert [r.inference.request_id for r in read] == ["r-x", "r-0001", "r-0002"]
    for got, expected in zip(read, [failed, records[0], records[2]], strict=True):
        same(got.inference, expected)
        assert got.label is None
        assert got.correct is None


def test_records_are_ordered_by_time_then_request_whatever_is_sealed(log: InferenceLog) -> None:
    log.append([record(5), record(1)])
    log.seal()
    log.append([record(3), record(3, variant=Variant.SHADOW, version=2)])
    keys = [(r.inference.request_id, r.inference.variant) for r in log.read(ALL)]
    assert keys == [
        ("r-0001", Variant.CHAMPION),
        ("r-0003", Variant.CHAMPION),
        ("r-0003", Variant.SHADOW),
        ("r-0005", Variant.CHAMPION),
    ]


def test_a_known_key_is_refused_within_a_batch_and_after_a_seal(log: InferenceLog) -> None:
    first = log.append([record(1), record(1)])
    assert (first.accepted, first.duplicates) == (1, ("r-0001",))
    log.seal()
    again = log.append([record(1), record(1, variant=Variant.SHADOW), record(2)])
    assert (again.accepted, again.duplicates) == (2, ("r-0001",))
    assert log.count(ALL) == len(log.read(ALL)) == 3


def test_a_request_that_comes_back_is_known_with_or_without_its_payloads(log: InferenceLog) -> None:
    log.append([record(1), record(1, variant=Variant.SHADOW), record(2)])
    log.seal()
    same, other = record(1).payload_digests, {TEXT: "sha256:" + "f" * 64}
    assert log.known({"r-0001": same, "r-0002": other, "r-9999": same}) == {"r-0001": True, "r-0002": False}
    assert log.known({"r-0001": {TEXT: same[TEXT]}}) == {"r-0001": False}, "another request"
    assert log.known({}) == {}


def test_queries_select(log: InferenceLog) -> None:
    log.append([record(n) for n in range(6)])
    log.seal()
    log.append([record(n, version=2, variant=Variant.CHALLENGER) for n in range(6, 10)])
    cases = [
        (LogQuery("other"), []),
        (LogQuery("digits", version=2), [6, 7, 8, 9]),
        (LogQuery("digits", variants=(Variant.CHAMPION, Variant.SHADOW)), [0, 1, 2, 3, 4, 5]),
        (LogQuery("digits", start=record(2).time, end=record(7).time), [2, 3, 4, 5, 6]),
        (LogQuery("digits", limit=3), [0, 1, 2]),
        (LogQuery("digits", start=record(4).time, limit=3), [4, 5, 6]),
        (LogQuery("digits", limit=0), []),
        (LogQuery("digits", variants=()), []),
    ]
    for query, expected in cases:
        assert [r.inference.request_id for r in log.read(query)] == [f"r-{n:04d}" for n in expected], query
        assert log.count(query) == len(expected), query


def test_the_first_label_wins_and_contradictions_are_only_recorded(log: InferenceLog) -> None:
    log.append([record(1), record(1, variant=Variant.SHADOW), record(2)])
    log.seal()
    first = log.label([Label("r-0001", "two", "anna", START), Label("r-9999", "two", "anna", START)])
    assert (first.accepted, first.unknown) == (1, ("r-9999",))
    later = log.label(
        [
            Label("r-0001", "three", "ben", START + timedelta(hours=1)),
            Label("r-0001", "two", "cleo", START + timedelta(hours=2)),
        ]
    )
    assert (later.accepted, later.contradictions, later.repeated) == (0, ("r-0001",), ("r-0001",))
    labels = [None if r.label is None else (r.label.label, r.label.source) for r in log.read(ALL)]
    assert labels == [("two", "anna"), ("two", "anna"), None]
    assert [r.correct for r in log.read(ALL)] == [True, True, None]


def test_a_record_without_id_or_zone_writes_nothing(log: InferenceLog) -> None:
    naive = Inference("r-n", "digits", 1, Variant.CHAMPION, datetime(2026, 3, 1), (), None, None, 0.0)  # noqa: DTZ001
    with pytest.raises(BadInput, match="record 1"):
        log.append([record(1), naive])
    assert log.count(ALL) == 0


def test_a_crash_between_lake_and_spool_loses_and_repeats_nothing(tmp_path: Path) -> None:
    log = SpooledInferenceLog(tmp_path, seal_minimum=1)
    log.append([record(n) for n in range(5)])
    spool = sqlite3.connect(tmp_path / "spool.db")
    before = spool.execute("SELECT batch_id, rows, first_time, last_time, records FROM batch").fetchall()
    assert log.seal() == 5
    # As if the process had died after the commit to the lake, before the spool let go.
    spool.executemany("INSERT INTO batch VALUES (?, ?, ?, ?, ?)", before)
    spool.commit()
    log.append([record(7)])
    assert [r.inference.request_id for r in log.read(ALL)] == [f"r-{n:04d}" for n in (0, 1, 2, 3, 4, 7)]
    assert SpooledInferenceLog(tmp_path, seal_minimum=1).seal() == 6
    assert len(log.read(ALL)) == 6
    assert spool.execute("SELECT COUNT(*) FROM batch").fetchone() == (0,)


def test_a_lake_that_lost_rows_is_named_and_the_spool_is_kept(tmp_path: Path) -> None:
    log = SpooledInferenceLog(tmp_path, seal_minimum=1)
    log.append([record(n) for n in range(5)])
    spool = sqlite3.connect(tmp_path / "spool.db")
    before = spool.execute("SELECT batch_id, rows, first_time, last_time, records FROM batch").fetchall()
    log.seal()
    spool.executemany("INSERT INTO batch VALUES (?, ?, ?, ?, ?)", before)
    spool.commit()
    for file in (tmp_path / "records").glob("*.parquet"):
        file.write_bytes(file.read_bytes()[:64])
    with pytest.raises(Corrupted, match="should hold 5 records"):
        log.seal()
    assert spool.execute("SELECT SUM(rows) FROM batch").fetchone() == (5,)


def test_compaction_changes_nothing_that_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ombud.adapters.inference_log.lake._COMPACT_ABOVE", 2)
    log = SpooledInferenceLog(tmp_path, seal_minimum=1)
    for n in range(5):
        log.append([record(n)])
        log.seal()
    assert [r.inference.request_id for r in log.read(ALL)] == [f"r-{n:04d}" for n in range(5)]
    assert Lake(tmp_path / "records").sealed_through() == 5


def test_few_records_wait_for_company(tmp_path: Path) -> None:
    log = SpooledInferenceLog(tmp_path, seal_minimum=3)
    log.append([record(1), record(2)])
    assert log.seal() == 0
    log.append([record(3)])
    assert log.seal() == 3


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    SpooledInferenceLog(tmp_path)
    connection = sqlite3.connect(tmp_path / "spool.db")
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerSchema, match="schema 99"):
        SpooledInferenceLog(tmp_path)


def test_a_log_of_the_first_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    SpooledInferenceLog(tmp_path).append([record(1)])
    connection = sqlite3.connect(tmp_path / "spool.db")
    connection.execute("ALTER TABLE record_key DROP COLUMN payloads")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    log = SpooledInferenceLog(tmp_path)
    log.append([record(2)])
    anything = {TEXT: "sha256:x"}
    assert log.known({"r-0001": anything, "r-0002": anything}) == {"r-0001": True, "r-0002": False}


_WRITER = """
import sys
from pathlib import Path
import importlib.util
spec = importlib.util.spec_from_file_location("contract", sys.argv[1])
contract = importlib.util.module_from_spec(spec)
spec.loader.exec_module(contract)
log = contract.SpooledInferenceLog(Path(sys.argv[2]), seal_minimum=1)
first = int(sys.argv[3])
for n in range(first, first + 40):
    log.append([contract.record(n)])
    if n % 10 == 0:
        log.seal()
"""


def test_many_processes_write_read_and_seal_at_once(tmp_path: Path) -> None:
    # The ranges overlap by half: half of what the second process sends is known already.
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, __file__, str(tmp_path), first])
        for first in ("0", "20")
    ]
    log = SpooledInferenceLog(tmp_path, seal_minimum=1)
    while any(writer.poll() is None for writer in writers):
        seen = [r.inference.request_id for r in log.read(ALL)]
        assert len(seen) == len(set(seen))
    assert [writer.returncode for writer in writers] == [0, 0]
    log.seal()
    assert [r.inference.request_id for r in log.read(ALL)] == [f"r-{n:04d}" for n in range(60)]
    assert log.count(ALL) == 60
