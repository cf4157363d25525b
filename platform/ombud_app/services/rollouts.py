"""Rollouts as API, command line and Dagster use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ombud.domain.identity import Actor
from ombud.domain.ports import Clock, UnitOfWork
from ombud.domain.rollout import Increment, Rollout, RolloutEvent, RolloutPlan, Step
from ombud.project.schema import RolloutPolicy
from ombud.rollout.controller import RolloutController
from ombud.rollout.judge import Decision
from ombud_app.services.worker import wake

__all__ = ["RolloutService", "RolloutStatus", "plan_of"]


def plan_of(policy: RolloutPolicy) -> RolloutPlan:
    """The project file's policy as a plan that a rollout freezes.

    Example:
        >>> plan_of(RolloutPolicy()).steps[0]
        Step(weight=0.1, min_requests=50)
    """
    return RolloutPlan(
        alpha=policy.alpha,
        delta=policy.delta,
        shadow_requests=policy.shadow_requests,
        steps=tuple(Step(step.weight, step.min_requests) for step in policy.ramp),
        bake_seconds=policy.bake_seconds,
        bake_requests=policy.bake_requests,
        hold_seconds=policy.hold_seconds,
        stage_seconds=policy.stage_seconds,
        promotion_approval=policy.promotion_approval,
    )


@dataclass(frozen=True)
class RolloutStatus:
    """Everything that is known about a rollout.

    Args:
        rollout: As it stands.
        events: Its transitions, ascending.
        increments: Its evidence, in order.
        decision: What the judge says right now, with numbers.
    """

    rollout: Rollout
    events: Sequence[RolloutEvent]
    increments: Sequence[Increment]
    decision: Decision


@dataclass(frozen=True)
class RolloutService:
    """Facade over the controller, with the project's policy as the default plan.

    Args:
        uow: Where transactions come from.
        clock: Where time comes from.
        controller: The only writer of rollouts.
        policy: Default plan.
    """

    uow: UnitOfWork
    clock: Clock
    controller: RolloutController
    policy: RolloutPolicy

    def start(self, model: str, version: int, *, actor: Actor, plan: RolloutPlan | None = None) -> Rollout:
        """Start a rollout and wake the worker. Raises as :meth:`RolloutController.start`."""
        rollout = self.controller.start(model, version, actor, plan or plan_of(self.policy))
        self.wake()
        return rollout

    def status(self, rollout_id: str) -> RolloutStatus:
        """Where it stands, why, and what is missing.

        Raises:
            NotFound: No such rollout.
        """
        with self.uow.begin(write=False) as tx:
            rollout = tx.rollouts.get(rollout_id)
            events, increments = tx.rollouts.events(rollout_id), tx.rollouts.increments(rollout_id)
        return RolloutStatus(rollout, events, increments, self.controller.look(rollout_id))

    def list(self, *, model: str | None = None) -> Sequence[Rollout]:
        """Newest first."""
        with self.uow.begin(write=False) as tx:
            return tx.rollouts.list(model=model)

    def latest(self, model: str, version: int) -> Rollout | None:
        """The newest rollout of one version."""
        return next((r for r in self.list(model=model) if r.challenger == version), None)

    def rollback(
        self, rollout_id: str, *, actor: Actor, reason: str, expected_seq: int | None = None
    ) -> Rollout:
        """Roll back and wake the worker. Raises as :meth:`RolloutController.rollback`."""
        rollout = self.controller.rollback(rollout_id, actor, reason, expected_seq=expected_seq)
        self.wake()
        return rollout

    def abort(
        self, rollout_id: str, *, actor: Actor, reason: str, expected_seq: int | None = None
    ) -> Rollout:
        """Withdraw and wake the worker. Raises as :meth:`RolloutController.abort`."""
        rollout = self.controller.abort(rollout_id, actor, reason, expected_seq=expected_seq)
        self.wake()
        return rollout

    def hold(self, rollout_id: str, *, actor: Actor, reason: str, expected_seq: int | None = None) -> Rollout:
        """Freeze a stage. Raises as :meth:`RolloutController.hold`."""
        return self.controller.hold(rollout_id, actor, reason, expected_seq=expected_seq)

    def resume(
        self, rollout_id: str, *, actor: Actor, reason: str, expected_seq: int | None = None
    ) -> Rollout:
        """Lift a hold and wake the worker. Raises as :meth:`RolloutController.resume`."""
        rollout = self.controller.resume(rollout_id, actor, reason, expected_seq=expected_seq)
        self.wake()
        return rollout

    def wake(self) -> str:
        """Ask the worker to look at once; says in a sentence who will hear it."""
        with self.uow.begin() as tx:
            heard = wake(tx, self.clock.now())
            tx.commit()
        if heard:
            return "the worker was woken"
        return "no worker holds the lease: start `ombud up`, nothing moves until then"
