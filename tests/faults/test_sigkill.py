"""kill -9 at seeded instants: no transition lost, none doubled, and the alias equals the ledger.

A real process on SQLite with the real inference log is killed before or after a commit or an alias
move, started again, killed again. ``OMBUD_KILLS`` sets how often; CI uses the default.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from faults import promoter
from ombud.adapters.clock import SystemClock
from ombud.adapters.sql import SqlUnitOfWork
from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.card import StoredCard
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.identity import Role
from ombud.domain.rollout import RolloutState as S
from ombud.governance.canonical import digest
from ombud.governance.ledger import verify
from ombud.rollout.alpha import ALL
from ombud.rollout.states import allowed

KILLS = int(os.environ.get("OMBUD_KILLS", "10"))
pytestmark = pytest.mark.faults


def sign_everything(home: Path) -> None:
    uow, now = SqlUnitOfWork(f"sqlite:///{home}/ombud.db"), SystemClock().now()
    with uow.begin() as tx:
        for version in (1, 2, 3):
            gate, core = {"passed": True, "checks": [], "version": version}, {"version": version}
            tx.evidence.put(
                Evidence(digest(gate), EvidenceKind.GATE, promoter.MODEL, version, "run", now, gate)
            )
            tx.cards.put(StoredCard(promoter.MODEL, version, digest(core), digest({}), core, {}, now))
            tx.approvals.add(
                Approval(
                    f"a-{version}",
                    ApprovalKind.RELEASE,
                    promoter.MODEL,
                    version,
                    digest(core),
                    f"sha256:{version}",
                    "anna",
                    Role.MODEL_OWNER,
                    Decision.APPROVED,
                    "I read it.",
                    now,
                )
            )
        tx.commit()
    uow.dispose()


def run(home: Path, fuse: int) -> int:
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(here / "promoter.py"), str(home), str(fuse)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def test_killed_again_and_again_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    draws = np.random.default_rng(20261121)
    killed = story = 0
    while killed < KILLS:
        home = tmp_path / f"home-{story}"
        home.mkdir()
        sign_everything(home)
        while True:
            # A fuse of 1 to 24: short enough that every transition gets its share of the kills.
            fuse = int(draws.integers(1, 25)) if killed < KILLS else 0
            if run(home, fuse) == 0:
                break
            killed += 1
        check(home)
        story += 1


def check(home: Path) -> None:
    uow = SqlUnitOfWork(f"sqlite:///{home}/ombud.db")
    with uow.begin(write=False) as tx:
        rollouts = {r.challenger: r for r in tx.rollouts.list(model=promoter.MODEL)}
        events = {v: tx.rollouts.events(r.rollout_id) for v, r in rollouts.items()}
        judged = {v: tx.rollouts.judged(r.rollout_id) for v, r in rollouts.items()}
        increments = {v: tx.rollouts.increments(r.rollout_id) for v, r in rollouts.items()}
        entries, pending = tx.ledger.entries(), tx.outbox.pending()
    uow.dispose()
    assert {v: r.state for v, r in rollouts.items()} == {1: S.PROMOTED, 2: S.PROMOTED, 3: S.ROLLED_BACK}
    assert pending == []
    assert json.loads((home / "aliases.json").read_text()) == {"champion": 2}
    assert verify(entries).ok
    moves = [p for e in entries if (p := json.loads(e.payload))["action"] == "rollout.transition"]
    told = Counter((m["subject"], m["details"]["seq"], m["details"]["to"]) for m in moves)
    happened = Counter(
        (f"rollout:{e.rollout_id}", str(e.seq), e.target.value) for es in events.values() for e in es
    )
    assert told == happened
    assert set(told.values()) == {1}
    for version, path in events.items():
        assert [e.seq for e in path] == list(range(1, len(path) + 1))
        assert path[0].source is None
        assert all(then.target is now.source for then, now in pairwise(path))
        assert all(allowed(e.source, e.target) for e in path)
        assert Counter(e.target for e in path if e.target is not S.RAMP).most_common(1)[0][1] == 1
        counted = sum(i.paired.n + sum(i.requests.values()) for i in increments[version] if i.segment == ALL)
        assert counted == sum(not mark.startswith("answered:") for mark in judged[version])
