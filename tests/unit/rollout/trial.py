"""A small world for rollouts: stores, a registry with versions, signed cards, and simulated users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from contracts import tiny_model
from ombud.adapters.memory.clock import MemoryClock
from ombud.adapters.memory.ids import MemoryIds
from ombud.adapters.memory.inference_log import MemoryInferenceLog
from ombud.adapters.memory.registry import MemoryRegistry
from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.card import StoredCard
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.identity import Actor, Role
from ombud.domain.inference import Inference, Label, Variant
from ombud.domain.modality import AUDIO, TEXT
from ombud.domain.model_version import Submission
from ombud.domain.ports import Clock, Ids, InferenceLog, ModelRegistry, UnitOfWork
from ombud.domain.rollout import Rollout, RolloutPlan, RolloutState, Step
from ombud.governance.approvals import ApprovalPolicy
from ombud.governance.canonical import digest
from ombud.rollout.controller import OnPromotion, OnRollback, RolloutController
from ombud.rollout.effects import AliasEffect, EffectsWorker, Handler
from ombud.rollout.processes import EvidenceProcesses
from ombud.rollout.traffic import traffic
from ombud_app.gateway.routing import to_challenger
from ombud_app.services.rollout_evidence import ROLLOUT_ATTRIBUTE, RolloutEvidence
from ombud_app.services.worker import Worker, handlers
from ombud_monitors.sequential import RolloutProcesses

MODEL = "digits"
CI = Actor("ci", frozenset({Role.SUBMITTER}))
ON_CALL = Actor("olga", frozenset({Role.ON_CALL}))
RELEASE = ApprovalPolicy(ApprovalKind.RELEASE, (Role.MODEL_OWNER, Role.COMPLIANCE_OFFICER), 2)
PLAN = RolloutPlan(
    delta=0.05,
    shadow_requests=300,
    steps=(Step(0.2, 40), Step(0.5, 80)),
    bake_seconds=60,
    hold_seconds=600,
    stage_seconds=3600,
)


def put_on_record(uow: UnitOfWork, clock: Clock, version: int, *, passed: bool = True) -> str:
    """Gate evidence and a card; returns the card's digest."""
    checks = [{"code": "accuracy", "title": "Accuracy", "passed": passed, "blocking": True, "reason": "0.4"}]
    gate = {"passed": passed, "checks": checks, "version": version}
    core = {"model": MODEL, "version": version}
    with uow.begin() as tx:
        tx.evidence.put(Evidence(digest(gate), EvidenceKind.GATE, MODEL, version, "run", clock.now(), gate))
        tx.cards.put(StoredCard(MODEL, version, digest(core), digest({}), core, {}, clock.now()))
        tx.commit()
    return digest(core)


def sign(
    uow: UnitOfWork,
    registry: ModelRegistry,
    clock: Clock,
    version: int,
    actor: str,
    role: Role,
    *,
    kind: ApprovalKind = ApprovalKind.RELEASE,
    decision: Decision = Decision.APPROVED,
) -> None:
    with uow.begin() as tx:
        card = tx.cards.current(MODEL, version)
        assert card is not None
        tx.approvals.add(
            Approval(
                f"a-{kind.value}-{version}-{actor}",
                kind,
                MODEL,
                version,
                card.core_digest,
                registry.version(MODEL, version).model_digest,
                actor,
                role,
                decision,
                "I read it.",
                clock.now(),
            )
        )
        tx.commit()


class Trial:
    """Everything around a controller.

    Args:
        folder: Where model files are made.
        uow: Stores.
        processes: Statistics for the judge.
    """

    def __init__(
        self,
        folder: Path,
        uow: UnitOfWork,
        *,
        versions: int = 3,
        processes: EvidenceProcesses | None = None,
        on_rollback: OnRollback | None = None,
        on_promotion: OnPromotion | None = None,
        clock: MemoryClock | None = None,
        log: InferenceLog | None = None,
        ids: Ids | None = None,
        more: Mapping[str, Handler] | None = None,
    ) -> None:
        self.uow, self.clock, self.ids = uow, clock or MemoryClock(), ids or MemoryIds()
        self.registry = MemoryRegistry(self.clock)
        self.log = log or MemoryInferenceLog()
        self.on_rollback = on_rollback
        self.on_promotion = on_promotion
        for number in range(1, versions + 1):
            made = tiny_model.trained(folder / str(number), weight=number / 10)
            self.registry.register(
                Submission(
                    MODEL, made, tiny_model.LABELS, tiny_model.MODALITIES, tiny_model.dataset(), {}, "run"
                )
            )
        self.controller = self.another_controller(processes)
        self.evidence = RolloutEvidence(uow, self.log, self.clock)
        self.effects = EffectsWorker(
            uow,
            self.clock,
            handlers(AliasEffect(uow, self.registry), lambda _item: None, **(more or {})),
            owner="w1",
        )
        self.worker = Worker(uow, self.clock, self.controller, self.evidence, self.effects, self.log)
        self.draws = np.random.default_rng(7)
        self.requests = 0

    def another_controller(self, processes: EvidenceProcesses | None = None) -> RolloutController:
        return RolloutController(
            self.uow,
            self.registry,
            self.clock,
            self.ids,
            processes or RolloutProcesses(),
            RELEASE,
            on_rollback=self.on_rollback,
            on_promotion=self.on_promotion,
        )

    def approve(self, version: int) -> None:
        put_on_record(self.uow, self.clock, version)
        sign(self.uow, self.registry, self.clock, version, "anna", Role.MODEL_OWNER)
        sign(self.uow, self.registry, self.clock, version, "carl", Role.COMPLIANCE_OFFICER)

    def start(self, version: int, plan: RolloutPlan = PLAN) -> Rollout:
        return self.controller.start(MODEL, version, CI, plan)

    def first_champion(self) -> None:
        rollout = self.start(1)
        self.approve(1)
        self.worker.run_once()
        assert self.state(rollout) is RolloutState.PROMOTED

    def in_shadow(self, version: int = 2, plan: RolloutPlan = PLAN) -> Rollout:
        self.first_champion()
        rollout = self.start(version, plan)
        self.approve(version)
        self.worker.run_once()
        assert self.state(rollout) is RolloutState.SHADOW
        return rollout

    def state(self, rollout: Rollout) -> RolloutState:
        return self.get(rollout).state

    def get(self, rollout: Rollout) -> Rollout:
        with self.uow.begin(write=False) as tx:
            return tx.rollouts.get(rollout.rollout_id)

    def path(self, rollout: Rollout) -> list[str]:
        with self.uow.begin(write=False) as tx:
            return [event.target.value for event in tx.rollouts.events(rollout.rollout_id)]

    def users(
        self, n: int, error: Mapping[int, float], *, labelled: bool = True, fails: int = 0
    ) -> list[str]:
        """``n`` requests answered and logged as the gateway would.

        Args:
            n: How many.
            error: Error rate of each version.
            labelled: Whether their labels arrive at once.
            fails: A version that never answers; 0 for none.
        """
        with self.uow.begin(write=False) as tx:
            route = traffic(tx.rollouts.list(model=MODEL))
        records: list[Inference] = []
        ids = [f"q-{self.requests + i}" for i in range(n)]
        self.requests += n
        for request_id in ids:
            hard = self.draws.random()
            arms = [(Variant.CHAMPION, route.champion)]
            if route.challenger and to_challenger(route.rollout_id, request_id, route.weight):
                arms = [(Variant.CHALLENGER, route.challenger)]
            if route.shadow:
                arms.append((Variant.SHADOW, route.shadow))
            present = (AUDIO, TEXT) if self.draws.random() < 0.5 else (TEXT,)
            for variant, version in arms:
                assert version is not None
                # The same request is hard for every version: paired outcomes correlate.
                right = "some" if hard >= error[version] else "none"
                records.append(
                    Inference(
                        request_id,
                        MODEL,
                        version,
                        variant,
                        self.clock.now(),
                        present,
                        None,
                        None if version == fails else right,
                        0.9,
                        attributes={ROLLOUT_ATTRIBUTE: route.tag} if route.tag else {},
                        error="it raised" if version == fails else "",
                    )
                )
        self.log.append(records)
        if labelled:
            self.label(ids)
        return ids

    def label(self, ids: Sequence[str]) -> None:
        self.log.label([Label(i, "some", "annotator", self.clock.now()) for i in ids])

    def drive(self, rollout: Rollout, error: Mapping[int, float], *, rounds: int = 60, fails: int = 0) -> str:
        """Traffic, worker, time, until nothing is left to do; returns the final state."""
        for _ in range(rounds):
            if self.state(rollout) in (RolloutState.PROMOTED, RolloutState.ROLLED_BACK):
                break
            self.users(50, error, fails=fails)
            self.worker.run_once()
            self.clock.advance(seconds=10)
        return self.state(rollout).value
