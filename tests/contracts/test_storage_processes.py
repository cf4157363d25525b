"""Many processes on one database: first opens, writers, readers, and one that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from ombud.adapters.sql import SqlUnitOfWork
from ombud.governance.ledger import unseal, verify

WRITER = """
import sys
from datetime import UTC, datetime
from ombud.adapters.sql import SqlUnitOfWork
from ombud.domain.events import AuditEvent

url, name, writes = sys.argv[1], sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
uow = SqlUnitOfWork(url)
for n in range(writes):
    with uow.begin() as tx:
        entry = tx.ledger.append(
            AuditEvent(name, "service", "test.write", "x", "", datetime(2026, 1, 1, tzinfo=UTC),
                       details={"n": str(n)})
        )
        tx.commit()
    print(entry.seq, n, flush=True)
    with uow.begin(write=False) as tx:
        assert len(tx.ledger.entries(after=entry.seq - 1, limit=1)) == 1
"""


def _start(url: str, name: str, writes: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, url, name, str(writes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_processes_open_a_fresh_database_together_and_none_sees_it_locked(empty_sql_url: str) -> None:
    processes, writes = 4, 25
    running = [_start(empty_sql_url, f"p-{n}", writes) for n in range(processes)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    uow = SqlUnitOfWork(empty_sql_url)
    with uow.begin(write=False) as tx:
        report, entries = verify(tx.ledger.entries()), tx.ledger.entries()
    uow.dispose()
    assert report.ok, report.problems
    written = [(unseal(e).actor, int(unseal(e).details["n"])) for e in entries]
    assert sorted(written) == [(f"p-{p}", n) for p in range(processes) for n in range(writes)]


@pytest.mark.faults
def test_what_was_acknowledged_survives_a_killed_writer(sql_url: str) -> None:
    process = _start(sql_url, "victim", 100_000)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    acknowledged = [process.stdout.readline() for _ in range(40)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.readlines()
    process.communicate(timeout=60)
    whole = [line for line in acknowledged if line.endswith("\n")]
    uow = SqlUnitOfWork(sql_url)
    with uow.begin() as tx:
        report = verify(tx.ledger.entries())
        tx.commit()
    uow.dispose()
    assert report.ok, report.problems
    last = int(whole[-1].split()[0])
    assert report.count in (last, last + 1), "at most the unacknowledged one more"
