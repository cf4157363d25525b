"""A real process that takes three versions through their rollouts and dies at its nth durable step.

Started again, it goes on where the stores say it is. ``python promoter.py HOME FUSE``: before and after
every commit and every alias move the fuse burns by one; at FUSE the process kills itself with SIGKILL
(0: never). Version 1 becomes the first champion, version 2 is good, version 3 is bad.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np

from ombud.adapters.clock import SystemClock
from ombud.adapters.ids import TimeOrderedIds
from ombud.adapters.inference_log import SpooledInferenceLog
from ombud.adapters.sql import SqlUnitOfWork
from ombud.domain.approval import ApprovalKind
from ombud.domain.identity import Actor, Role
from ombud.domain.inference import Inference, Label, Variant
from ombud.domain.modality import TEXT
from ombud.domain.model_version import Alias, ModelVersion
from ombud.domain.ports import ModelRegistry, Transaction, UnitOfWork
from ombud.domain.rollout import Rollout, RolloutPlan, Step
from ombud.governance.approvals import ApprovalPolicy
from ombud.rollout.controller import RolloutController
from ombud.rollout.effects import AliasEffect, EffectsWorker
from ombud.rollout.states import FINAL
from ombud.rollout.traffic import traffic
from ombud_app.gateway.routing import to_challenger
from ombud_app.services.rollout_evidence import ROLLOUT_ATTRIBUTE, RolloutEvidence
from ombud_app.services.worker import Worker, handlers
from ombud_monitors.sequential import RolloutProcesses

MODEL = "digits"
CI = Actor("ci", frozenset({Role.SUBMITTER}))
RELEASE = ApprovalPolicy(ApprovalKind.RELEASE, (), 1)
PLAN = RolloutPlan(delta=0.1, shadow_requests=150, steps=(Step(0.3, 20), Step(0.6, 20)), bake_seconds=0)
ERROR = {1: 0.15, 2: 0.05, 3: 0.7}


class Fuse:
    def __init__(self, length: int) -> None:
        self.left = length

    def burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class AliasFile:
    """The part of a registry that a rollout needs, in one file that is replaced atomically."""

    def __init__(self, path: Path, fuse: Fuse) -> None:
        self.path, self.fuse = path, fuse

    def read(self) -> dict[str, int]:
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def version(self, name: str, version: int) -> ModelVersion:
        return ModelVersion(name, version, f"sha256:{version}", "run", "file:", SystemClock().now())

    def alias(self, name: str, alias: Alias) -> int | None:
        del name
        return self.read().get(alias.value)

    def set_alias(self, name: str, alias: Alias, version: int) -> None:
        del name
        self._write({**self.read(), alias.value: version})

    def clear_alias(self, name: str, alias: Alias) -> None:
        del name
        self._write({k: v for k, v in self.read().items() if k != alias.value})

    def _write(self, content: dict[str, int]) -> None:
        self.fuse.burn()
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(content))
        fresh.replace(self.path)
        self.fuse.burn()


class FusedTransaction:
    def __init__(self, inner: Transaction, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self) -> None:
        self._fuse.burn()
        self._inner.commit()
        self._fuse.burn()


class FusedUnitOfWork:
    def __init__(self, inner: UnitOfWork, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Transaction]:
        with self._inner.begin(write=write) as tx:
            yield cast(Transaction, FusedTransaction(tx, self._fuse)) if write else tx


def users(uow: UnitOfWork, log: SpooledInferenceLog, start: int, n: int = 60) -> int:
    """Answer, record and label ``n`` requests by the route in force; returns the next number."""
    with uow.begin(write=False) as tx:
        route = traffic(tx.rollouts.list(model=MODEL))
    draws, now = np.random.default_rng(start), SystemClock().now()
    records = []
    for i in range(start, start + n):
        hard, request_id = draws.random(), f"q-{i}"
        arms = [(Variant.CHAMPION, route.champion)]
        if route.challenger and to_challenger(route.rollout_id, request_id, route.weight):
            arms = [(Variant.CHALLENGER, route.challenger)]
        arms += [(Variant.SHADOW, route.shadow)] if route.shadow else []
        for variant, version in arms:
            assert version is not None
            said = "right" if hard >= ERROR[version] else "wrong"
            attributes = {ROLLOUT_ATTRIBUTE: route.tag} if route.tag else {}
            records.append(
                Inference(
                    request_id, MODEL, version, variant, now, (TEXT,), None, said, 0.9, attributes=attributes
                )
            )
    log.append(records)
    log.label([Label(f"q-{i}", "right", "annotator", now) for i in range(start, start + n)])
    return start + n


def latest(uow: UnitOfWork, version: int) -> Rollout | None:
    with uow.begin(write=False) as tx:
        return next((r for r in tx.rollouts.list(model=MODEL) if r.challenger == version), None)


def main(home: Path, fuse: Fuse) -> None:
    uow = FusedUnitOfWork(SqlUnitOfWork(f"sqlite:///{home}/ombud.db"), fuse)
    registry = cast(ModelRegistry, AliasFile(home / "aliases.json", fuse))
    log, clock = SpooledInferenceLog(home / "log"), SystemClock()
    controller = RolloutController(uow, registry, clock, TimeOrderedIds(), RolloutProcesses(), RELEASE)
    effects = EffectsWorker(
        uow,
        clock,
        handlers(AliasEffect(uow, registry), lambda _item: None),
        owner=f"pid-{os.getpid()}",
        lease_seconds=0.3,
    )
    worker = Worker(uow, clock, controller, RolloutEvidence(uow, log, clock), effects, log)
    request = time.time_ns() // 1000
    for version in (1, 2, 3):
        if latest(uow, version) is None:
            controller.start(MODEL, version, CI, PLAN)
        while (rollout := latest(uow, version)) is not None and rollout.state not in FINAL:
            if effects.lead() is None:
                time.sleep(0.05)  # the lease of the process that was killed has to run out
                continue
            if rollout.control is not None:
                request = users(uow, log, request)
            worker.run_once()
    worker.run_once()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Fuse(int(sys.argv[2])))
