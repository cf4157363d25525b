"""The controller: the only writer of rollouts.

Every public method makes at most one transition. It reads a snapshot, decides, and writes with a
compare-and-set on ``seq``: when two controllers decide at once, one of them wins and the other
gets :class:`~ombud.errors.StaleTransition`, with nothing written.
"""

from __future__ import annotations

from collections.abc import Callable

from ombud.domain.approval import ApprovalKind
from ombud.domain.identity import Actor, Role
from ombud.domain.model_version import Alias
from ombud.domain.ports import Clock, Ids, ModelRegistry, Transaction, UnitOfWork
from ombud.domain.rollout import Rollout, RolloutEvent, RolloutPlan
from ombud.domain.rollout import RolloutState as S
from ombud.errors import BadInput, Conflict, StaleTransition
from ombud.governance.approvals import ApprovalPolicy
from ombud.rollout.judge import Action, Decision
from ombud.rollout.moves import Move, apply, open_rollout
from ombud.rollout.next_move import Bench, next_move
from ombud.rollout.processes import EvidenceProcesses
from ombud.rollout.states import FINAL, LIVE
from ombud.rollout.traffic import effective, last_promoted, unfinished

__all__ = ["OnPromotion", "OnRollback", "RolloutController"]

OnRollback = Callable[[Transaction, Rollout, RolloutEvent], None]
"""Called inside the transaction that enters ROLLING_BACK, so that the alert cannot get lost."""

OnPromotion = Callable[[Transaction, Rollout, RolloutEvent], None]
"""Called inside the transaction that enters PROMOTED, for what begins anew with a champion."""

_DEFAULT_PROMOTION = ApprovalPolicy(ApprovalKind.PROMOTION, (Role.MODEL_OWNER,), 1)
_POINT_OF_NO_SUPERSEDING = (S.BOOTSTRAP, S.PROMOTING, S.BAKING, S.ROLLING_BACK)


class RolloutController:
    """Starts rollouts and moves them, one transition a call.

    Args:
        uow: Where transactions come from.
        registry: Knows versions, digests and aliases; the controller never moves an alias itself.
        clock: Where time comes from.
        ids: Where rollout ids come from.
        processes: E-processes for the judge.
        release_policy: Who must sign before a version sees traffic.
        promotion_policy: Who must sign after the certificate, where the plan asks for it.
        on_rollback: Hook for the alert, called in the same transaction.
        on_promotion: Hook for what begins anew with a champion, called in the same transaction.
        family: Presence patterns that share the segment budget (2^m - 1 for m modalities).
    """

    def __init__(
        self,
        uow: UnitOfWork,
        registry: ModelRegistry,
        clock: Clock,
        ids: Ids,
        processes: EvidenceProcesses,
        release_policy: ApprovalPolicy,
        promotion_policy: ApprovalPolicy = _DEFAULT_PROMOTION,
        *,
        on_rollback: OnRollback | None = None,
        on_promotion: OnPromotion | None = None,
        family: int = 7,
    ) -> None:
        self._uow = uow
        self._registry = registry
        self._clock = clock
        self._ids = ids
        self._hooks = {S.ROLLING_BACK: on_rollback, S.PROMOTED: on_promotion}
        self._bench = Bench(registry, processes, release_policy, promotion_policy, family)

    def start(self, model: str, version: int, actor: Actor, plan: RolloutPlan) -> Rollout:
        """Register a candidate; an unfinished rollout of an older version is superseded.

        Raises:
            NotFound: No such version.
            BadInput: The plan cannot be carried out.
            Conflict: It is the champion already, it is on trial already, a newer version is on
                trial, or a promotion or rollback is under way.
        """
        self._registry.version(model, version)
        adopted = self._registry.alias(model, Alias.CHAMPION)
        _check_plan(plan)
        now = self._clock.now()
        with self._uow.begin() as tx:
            rollouts = tx.rollouts.list(model=model)
            champion = last_promoted(rollouts)
            if champion is None:
                # A registry that was in use before Ombud came: its champion is the control.
                champion = adopted if adopted != version else None
            running = unfinished(rollouts)
            if running is not None:
                _check_supersede(running, version)
            if champion == version:
                raise Conflict(
                    f"{model} version {version} is the champion already",
                    remedy="Start a rollout of another version.",
                )
            if running is not None:
                reason = f"superseded by a rollout of version {version}"
                apply(tx, running, Move(S.SUPERSEDED, actor, reason), now, adopted=running.control)
            rollout = Rollout(
                rollout_id=self._ids.new("r"),
                model=model,
                challenger=version,
                control=champion,
                plan=plan,
                state=S.REGISTERED,
                step=0,
                seq=1,
                submitted_by=actor.identity,
                created_at=now,
                updated_at=now,
                reason=f"started by {actor.identity}",
            )
            open_rollout(tx, rollout, actor)
            tx.commit()
            return rollout

    def look(self, rollout_id: str) -> Decision:
        """What the judge says right now; changes nothing.

        Raises:
            NotFound: No such rollout.
        """
        rollout, decision, _ = self._decide(rollout_id)
        if rollout.state in FINAL:
            return Decision(Action.WAIT, rollout.reason, {})
        return decision

    def tick(self, rollout_id: str) -> Rollout:
        """Let the judge move the rollout if it wants to: at most one transition.

        Raises:
            NotFound: No such rollout.
            StaleTransition: Somebody moved it between reading and writing.
        """
        rollout, _, move = self._decide(rollout_id)
        return rollout if move is None else self._write(rollout, move)

    def rollback(
        self, rollout_id: str, actor: Actor, reason: str, *, expected_seq: int | None = None
    ) -> Rollout:
        """Roll a live rollout back; one that is rolling back already stays as it is.

        Raises:
            NotFound: No such rollout.
            BadInput: No reason was given.
            Conflict: It is not live.
            StaleTransition: It is not at ``expected_seq`` any more.
        """
        why = _given(reason)
        for last_try in (False, False, True):
            rollout = self._read(rollout_id, expected_seq)
            if rollout.state in (S.ROLLING_BACK, S.ROLLED_BACK):
                return rollout
            if rollout.state not in LIVE:
                raise Conflict(
                    f"rollout {rollout_id} is {rollout.state.value}: there is nothing to roll back",
                    remedy="Abort it while it waits; after a promotion, start a rollout of "
                    "the version you want.",
                )
            try:
                return self._write(rollout, Move(S.ROLLING_BACK, actor, why, rollout.step))
            except StaleTransition:
                # The judge moved it meanwhile. Who asked for "back, whatever it is doing" means it.
                if last_try or expected_seq is not None:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    def abort(
        self, rollout_id: str, actor: Actor, reason: str, *, expected_seq: int | None = None
    ) -> Rollout:
        """Withdraw a rollout: before traffic it ends REFUSED, with traffic it rolls back.

        Raises:
            NotFound: No such rollout.
            BadInput: No reason was given.
            Conflict: It is finished, or the first champion is just being set.
            StaleTransition: It is not at ``expected_seq`` any more.
        """
        rollout = self._read(rollout_id, expected_seq)
        if rollout.state in (*LIVE, S.ROLLING_BACK):
            return self.rollback(rollout_id, actor, reason, expected_seq=expected_seq)
        return self._write(rollout, Move(S.REFUSED, actor, f"withdrawn: {_given(reason)}"))

    def hold(self, rollout_id: str, actor: Actor, reason: str, *, expected_seq: int | None = None) -> Rollout:
        """Freeze a stage; only a person lifts this hold, and held too long it rolls back.

        Raises:
            NotFound: No such rollout.
            BadInput: No reason was given.
            Conflict: This state cannot be held.
            StaleTransition: It is not at ``expected_seq`` any more.
        """
        rollout = self._read(rollout_id, expected_seq)
        return self._write(rollout, Move(S.HOLD, actor, _given(reason), rollout.step))

    def resume(
        self, rollout_id: str, actor: Actor, reason: str, *, expected_seq: int | None = None
    ) -> Rollout:
        """Lift a hold; the stage's clock starts anew.

        Raises:
            NotFound: No such rollout.
            BadInput: No reason was given.
            Conflict: It is not on hold.
            StaleTransition: It is not at ``expected_seq`` any more.
        """
        rollout = self._read(rollout_id, expected_seq)
        if rollout.state is not S.HOLD or rollout.resume_to is None:
            raise Conflict(
                f"rollout {rollout_id} is {rollout.state.value}, not on hold",
                remedy="Read its status; there is nothing to resume.",
            )
        return self._write(rollout, Move(rollout.resume_to, actor, _given(reason), rollout.step))

    def _read(self, rollout_id: str, expected_seq: int | None) -> Rollout:
        with self._uow.begin(write=False) as tx:
            rollout = tx.rollouts.get(rollout_id)
        if expected_seq is not None and rollout.seq != expected_seq:
            raise StaleTransition(
                f"rollout {rollout_id} is at seq {rollout.seq} ({rollout.state.value}), not {expected_seq}",
                remedy="Read its status again, then decide again.",
            )
        return rollout

    def _decide(self, rollout_id: str) -> tuple[Rollout, Decision, Move | None]:
        with self._uow.begin(write=False) as tx:
            rollout = tx.rollouts.get(rollout_id)
        # The registry may be slow or remote, so it is asked outside any transaction.
        version = self._bench.version(rollout)
        with self._uow.begin(write=False) as tx:
            current = tx.rollouts.get(rollout_id)
            if current.seq != rollout.seq:
                return current, Decision(Action.WAIT, "it has just moved", {}), None
            decision, move = next_move(tx, rollout, version, self._bench, self._clock.now())
        return rollout, decision, move

    def _write(self, rollout: Rollout, move: Move) -> Rollout:
        with self._uow.begin() as tx:
            moved, event = apply(tx, rollout, move, self._clock.now(), adopted=rollout.control)
            hook = self._hooks.get(move.target)
            if hook is not None:
                hook(tx, moved, event)
            tx.commit()
        return moved


def _check_plan(plan: RolloutPlan) -> None:
    weights = [step.weight for step in plan.steps]
    if not weights or weights != sorted(weights):
        raise BadInput(
            f"rollout plan: expected at least one ramp step, weights rising, got {weights}",
            remedy="List steps such as 0.1, 0.5; full traffic comes with the promotion.",
        )
    if not (0 < plan.alpha < 1 and 0 < plan.delta < 1):
        raise BadInput(
            f"rollout plan: alpha and delta must lie in (0, 1), got {plan.alpha} and {plan.delta}",
            remedy="Use values such as alpha 0.05 and delta 0.02 (2 percentage points).",
        )


def _check_supersede(running: Rollout, version: int) -> None:
    if effective(running) in _POINT_OF_NO_SUPERSEDING:
        raise Conflict(
            f"rollout {running.rollout_id} of version {running.challenger} is {running.state.value}",
            remedy="Wait until it has finished, or roll it back first.",
        )
    if version <= running.challenger:
        raise Conflict(
            f"rollout {running.rollout_id} of version {running.challenger} is on trial "
            f"({running.state.value}), and version {version} is not newer",
            remedy="Abort that rollout first.",
        )


def _given(reason: str) -> str:
    if not reason.strip():
        raise BadInput("rollout: a reason is needed, got none", remedy="Say why in one sentence.")
    return reason.strip()
