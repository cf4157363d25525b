"""The contract of the orchestrator, against a real Dagster on a free loopback port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ombud.adapters.dagster_graphql import KEY_TAG, DagsterOrchestrator
from ombud.adapters.memory.orchestrator import MemoryOrchestrator
from ombud.domain.ports import Orchestrator, OrchestratorRun, RunStatus
from ombud.errors import BadInput, NotFound, Unavailable

DEFINITIONS = """
from dagster import Config, DailyPartitionsDefinition, Definitions, job, op, in_process_executor

class Given(Config):
    fail: bool = False

@op
def work(config: Given):
    if config.fail:
        raise RuntimeError("asked to fail")

@job(executor_def=in_process_executor, partitions_def=DailyPartitionsDefinition("2026-01-01"))
def train():
    work()

@job(executor_def=in_process_executor)
def watch():
    work()

defs = Definitions(jobs=[train, watch])
"""


@pytest.fixture(scope="module")
def dagster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("dagster")
    (home / "definitions.py").write_text(DEFINITIONS)
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (home / "log.txt").open("wb") as log:
        # A process group of its own: `dagster dev` has children, and ignores signals in the background.
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dagster",
                "dev",
                "-f",
                "definitions.py",
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
            ],
            cwd=home,
            env={**os.environ, "DAGSTER_HOME": str(home), "OMP_NUM_THREADS": "1"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(url, process, home / "log.txt")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        try:
            if httpx.get(f"{url}/server_info", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    pytest.fail(f"dagster dev ended with {process.returncode}: {log.read_text()[-2000:]}")


@pytest.fixture(params=["memory", "dagster"])
def orchestrator(request: pytest.FixtureRequest) -> Orchestrator:
    if request.param == "memory":
        return MemoryOrchestrator({"train": _work, "watch": _work})
    return DagsterOrchestrator(request.getfixturevalue("dagster_url"))


def _work(config: object) -> None:
    if "True" in str(config):
        raise RuntimeError("asked to fail")


def finished(orchestrator: Orchestrator, run: OrchestratorRun) -> OrchestratorRun:
    while not run.status.finished:
        time.sleep(0.3)
        run = orchestrator.run(run.run_id)
    return run


def test_a_launched_job_runs_to_its_end_with_its_tags(orchestrator: Orchestrator) -> None:
    launched = orchestrator.launch("train", partition="2026-01-02", tags={"reason": "drift"})
    run = finished(orchestrator, launched)
    assert run.status is RunStatus.SUCCESS
    assert run.job == "train"
    assert run.tags["reason"] == "drift"
    assert run.tags["dagster/partition"] == "2026-01-02"
    assert run.run_id in run.url


def test_a_failing_job_ends_as_a_failure_and_the_newest_run_comes_first(orchestrator: Orchestrator) -> None:
    config = {"ops": {"work": {"config": {"fail": True}}}}
    run = finished(orchestrator, orchestrator.launch("watch", config=config))
    assert run.status is RunStatus.FAILURE
    assert [r.run_id for r in orchestrator.runs(job="watch", limit=1)] == [run.run_id]
    assert {r.job for r in orchestrator.runs()} <= {"train", "watch"}


def test_the_same_key_launches_once(orchestrator: Orchestrator) -> None:
    first = orchestrator.launch("watch", tags={KEY_TAG: "alert:a-1"})
    again = orchestrator.launch("watch", tags={KEY_TAG: "alert:a-1"})
    assert again.run_id == first.run_id
    finished(orchestrator, first)


def test_what_is_not_there_is_not_found(orchestrator: Orchestrator) -> None:
    with pytest.raises(NotFound, match=r"watch"):
        orchestrator.launch("dance")
    with pytest.raises(NotFound):
        orchestrator.run("00000000-0000-0000-0000-000000000000")
    assert list(orchestrator.runs(job="dance")) == []


def test_daemons_report_by_name(dagster_url: str) -> None:
    orchestrator = DagsterOrchestrator(dagster_url)
    while not all(orchestrator.daemons().values()):
        time.sleep(0.5)
    assert "SENSOR" in orchestrator.daemons()


def test_a_wrong_configuration_is_named(dagster_url: str) -> None:
    with pytest.raises(BadInput, match="configuration"):
        DagsterOrchestrator(dagster_url).launch("watch", config={"ops": {"play": {}}})


def test_a_dead_orchestrator_says_how_to_start_it() -> None:
    dead = DagsterOrchestrator("http://127.0.0.1:1")
    for call in (lambda: dead.launch("train"), dead.runs, dead.daemons, lambda: dead.run("x")):
        with pytest.raises(Unavailable, match="does not answer") as caught:
            call()
        assert "ombud up" in caught.value.remedy
