"""Which transition a rollout has earned: gate, signatures, judge and verified effects in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ombud.domain.model_version import Alias, ModelVersion
from ombud.domain.ports import ModelRegistry, Transaction
from ombud.domain.rollout import Rollout
from ombud.domain.rollout import RolloutState as S
from ombud.governance.approvals import ApprovalPolicy
from ombud.rollout.entry import gate_decision, signature_decision, signatures
from ombud.rollout.history import JUDGE, held_by_person, held_since, stage_started
from ombud.rollout.judge import Action, Decision, judge
from ombud.rollout.moves import Move, alias_key
from ombud.rollout.processes import EvidenceProcesses
from ombud.rollout.states import FINAL, LIVE
from ombud.rollout.traffic import effective

__all__ = ["Bench", "next_move"]

_NEEDS_VERSION = (S.GATED, S.APPROVED, S.CERTIFIED)


@dataclass(frozen=True)
class Bench:
    """What is needed to decide, besides the stores.

    Args:
        registry: Knows the digest that signatures bind.
        processes: E-processes for the judge.
        release: Who must sign a release.
        promotion: Who must sign a promotion, where the plan asks for it.
        family: Presence patterns that share the segment budget.
    """

    registry: ModelRegistry
    processes: EvidenceProcesses
    release: ApprovalPolicy
    promotion: ApprovalPolicy
    family: int

    def version(self, rollout: Rollout) -> ModelVersion | None:
        """The challenger as registered now, where the next decision binds its digest."""
        if rollout.state not in _NEEDS_VERSION:
            return None
        return self.registry.version(rollout.model, rollout.challenger)


def next_move(
    tx: Transaction, rollout: Rollout, version: ModelVersion | None, bench: Bench, now: datetime
) -> tuple[Decision, Move | None]:
    """Decide about one rollout on one snapshot.

    Args:
        tx: A transaction to read from.
        rollout: As it stands in ``tx``.
        version: Its challenger as registered; needed before signatures are counted.
        bench: Policies and processes.
        now: Aware, UTC.

    Returns:
        The decision with its numbers, and the move that follows from it, if any.
    """
    if rollout.state in FINAL:
        return Decision(Action.WAIT, rollout.reason, {}), None
    if rollout.state in LIVE:
        return _live(tx, rollout, version, bench, now)
    decision, target = _entering(tx, rollout, version, bench)
    if decision.action is Action.ROLL_BACK:
        target = S.REFUSED
    elif decision.action is not Action.ADVANCE:
        return decision, None
    return decision, Move(target, JUDGE, decision.reason, rollout.step, decision.numbers)


def _entering(
    tx: Transaction, rollout: Rollout, version: ModelVersion | None, bench: Bench
) -> tuple[Decision, S]:
    """Before traffic, and the two states that only wait for their effects."""
    match rollout.state:
        case S.REGISTERED:
            return gate_decision(tx, rollout), S.GATED
        case S.GATED:
            assert version is not None  # Bench.version gives it for this state
            state = signatures(tx, rollout, version, bench.release)
            return signature_decision(state, bench.release.kind), S.APPROVED
        case S.APPROVED:
            assert version is not None
            # Signed yesterday, changed today: the signatures are counted again at the door.
            state = signatures(tx, rollout, version, bench.release)
            decision = signature_decision(state, bench.release.kind)
            return decision, S.BOOTSTRAP if rollout.control is None else S.SHADOW
        case S.BOOTSTRAP:
            return _effects_done(tx, rollout, Alias.CHAMPION), S.PROMOTED
        case S.ROLLING_BACK:
            return _effects_done(tx, rollout, Alias.CHAMPION, Alias.CHALLENGER), S.ROLLED_BACK
        case other:
            raise ValueError(f"{other.value} is judged elsewhere")


def _live(
    tx: Transaction, rollout: Rollout, version: ModelVersion | None, bench: Bench, now: datetime
) -> tuple[Decision, Move | None]:
    state = effective(rollout)
    events = tx.rollouts.events(rollout.rollout_id)
    decision = judge(
        rollout.plan,
        state,
        rollout.step,
        tx.rollouts.increments(rollout.rollout_id),
        bench.processes,
        now=now,
        stage_started=stage_started(events, state, rollout.step),
        held_since=held_since(events),
        family=bench.family,
    )
    if rollout.state is S.HOLD:
        return _held(rollout, decision, held_by_person(events), held_since(events), now)
    match decision.action:
        case Action.ROLL_BACK:
            return decision, _move(S.ROLLING_BACK, rollout, decision)
        case Action.HOLD:
            # While promoting, the alias is on its way: nothing to freeze, so it is asked again.
            target = None if state is S.PROMOTING else S.HOLD
            return decision, _move(target, rollout, decision) if target else None
        case Action.CERTIFY:
            return decision, _move(S.CERTIFIED, rollout, decision)
        case Action.ADVANCE:
            return _advance(tx, rollout, version, bench, decision)
        case Action.WAIT:
            return decision, None


def _advance(
    tx: Transaction, rollout: Rollout, version: ModelVersion | None, bench: Bench, decision: Decision
) -> tuple[Decision, Move | None]:
    match rollout.state:
        case S.SHADOW:
            return decision, replace(_move(S.RAMP, rollout, decision), step=0)
        case S.RAMP:
            return decision, replace(_move(S.RAMP, rollout, decision), step=rollout.step + 1)
        case S.CERTIFIED:
            assert version is not None  # Bench.version gives it for this state
            policies = [bench.release] + ([bench.promotion] if rollout.plan.promotion_approval else [])
            for policy in policies:
                signed = signature_decision(signatures(tx, rollout, version, policy), policy.kind)
                decision = Decision(
                    signed.action, signed.reason, {**decision.numbers, policy.kind.value: signed.numbers}
                )
                if signed.action is Action.ROLL_BACK:
                    return decision, _move(S.ROLLING_BACK, rollout, decision)
                if signed.action is not Action.ADVANCE:
                    return decision, None
            return decision, _move(S.PROMOTING, rollout, decision)
        case S.PROMOTING:
            done = _effects_done(tx, rollout, Alias.CHAMPION, Alias.CHALLENGER)
            decision = Decision(done.action, done.reason, {**decision.numbers, **done.numbers})
            if done.action is not Action.ADVANCE:
                return decision, None
            return decision, _move(S.BAKING, rollout, decision)
        case _:
            return decision, _move(S.PROMOTED, rollout, decision)


def _held(
    rollout: Rollout, decision: Decision, by_person: bool, since: datetime | None, now: datetime
) -> tuple[Decision, Move | None]:
    held = (now - since).total_seconds() if since else 0.0
    if by_person and decision.action is not Action.ROLL_BACK and held > rollout.plan.hold_seconds:
        decision = Decision(Action.ROLL_BACK, f"on hold for {held:.0f} s: {rollout.reason}", decision.numbers)
    if decision.action is Action.ROLL_BACK:
        return decision, _move(S.ROLLING_BACK, rollout, decision)
    if by_person or decision.action is Action.HOLD or rollout.resume_to is None:
        return Decision(Action.HOLD, rollout.reason, decision.numbers), None
    return decision, Move(
        rollout.resume_to, JUDGE, f"hold lifted: {decision.reason}", rollout.step, decision.numbers
    )


def _effects_done(tx: Transaction, rollout: Rollout, *aliases: Alias) -> Decision:
    items = [tx.outbox.get(alias_key(rollout, alias)) for alias in aliases]
    late = [item for item in items if item.done_at is None]
    if late:
        tried = max(item.attempts for item in late)
        said = "; ".join(item.error for item in late if item.error)
        reason = f"waiting for {len(late)} effect(s), tried {tried} times" + (f": {said}" if said else "")
        return Decision(Action.WAIT, reason, {})
    return Decision(Action.ADVANCE, "aliases read back and verified", {"effects": [i.key for i in items]})


def _move(target: S, rollout: Rollout, decision: Decision) -> Move:
    return Move(target, JUDGE, decision.reason, rollout.step, decision.numbers)
