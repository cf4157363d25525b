"""One move of a rollout, written whole: event, ledger entry and promised effects, or nothing.

The compare-and-set on ``seq`` happens in the store; this module makes sure that everything that
belongs to a transition is in the same database transaction, so that a kill at any instant leaves
either all of it or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ombud.domain.events import AuditEvent
from ombud.domain.evidence import JsonObject
from ombud.domain.identity import Actor
from ombud.domain.model_version import Alias
from ombud.domain.ports import Transaction
from ombud.domain.rollout import OutboxItem, Rollout, RolloutEvent
from ombud.domain.rollout import RolloutState as S
from ombud.governance.canonical import digest
from ombud.rollout.states import check
from ombud.rollout.traffic import wanted_alias

__all__ = ["SET_ALIAS", "Move", "alias_key", "apply", "open_rollout", "role_of"]

SET_ALIAS = "set_alias"
"""Effect that points a registry alias at a version, or at nothing."""

_MOVES_ALIAS: Mapping[S, tuple[Alias, ...]] = {
    S.BOOTSTRAP: (Alias.CHAMPION,),
    S.SHADOW: (Alias.CHALLENGER,),
    S.PROMOTING: (Alias.CHAMPION, Alias.CHALLENGER),
    S.ROLLING_BACK: (Alias.CHAMPION, Alias.CHALLENGER),
    S.SUPERSEDED: (Alias.CHALLENGER,),
}


@dataclass(frozen=True)
class Move:
    """A transition that somebody wants.

    Args:
        target: State to go to.
        actor: Who wants it.
        reason: Why, as a sentence.
        step: Ramp step after the move.
        numbers: Evidence behind it, a JSON object.
    """

    target: S
    actor: Actor
    reason: str
    step: int = 0
    numbers: JsonObject = field(default_factory=dict)


def open_rollout(tx: Transaction, rollout: Rollout, actor: Actor) -> RolloutEvent:
    """Write a new rollout with its first event and ledger entry."""
    event = _event(rollout, None, Move(S.REGISTERED, actor, rollout.reason), rollout.created_at, seq=1)
    tx.rollouts.create(rollout, event)
    _record(tx, rollout, event, before="")
    return event


def apply(
    tx: Transaction, rollout: Rollout, move: Move, now: datetime, *, adopted: int | None = None
) -> tuple[Rollout, RolloutEvent]:
    """Write one transition.

    Args:
        tx: An open write transaction; the caller commits.
        rollout: As it was read; its ``seq`` is the compare-and-set key.
        move: What is wanted.
        now: Aware, UTC.
        adopted: Champion that Ombud found in the registry before its first own promotion.

    Raises:
        Conflict: The table has no such transition.
        StaleTransition: Somebody moved it first; nothing was written.
    """
    check(rollout.state, move.target)
    held = move.target is S.HOLD
    moved = replace(
        rollout,
        state=move.target,
        step=move.step,
        seq=rollout.seq + 1,
        updated_at=now,
        reason=move.reason,
        resume_to=rollout.state if held else None,
    )
    event = _event(rollout, rollout.state, move, now, seq=moved.seq)
    tx.rollouts.advance(moved, event)
    _record(tx, moved, event, before=_snapshot(rollout))
    aliases = _MOVES_ALIAS.get(move.target, ())
    rollouts = tx.rollouts.list(model=moved.model) if aliases else ()
    for alias in aliases:
        tx.outbox.add(
            OutboxItem(
                key=alias_key(moved, alias),
                effect=SET_ALIAS,
                payload={
                    "model": moved.model,
                    "alias": alias.value,
                    "version": wanted_alias(alias, rollouts, adopted=adopted),
                    "rollout_id": moved.rollout_id,
                    "seq": moved.seq,
                },
                created_at=now,
            )
        )
    return moved, event


def alias_key(rollout: Rollout, alias: Alias) -> str:
    """Outbox key of the alias move that the rollout's last transition promised.

    It ends in ``set_alias.champion`` or ``set_alias.challenger``.
    """
    return f"rollout:{rollout.rollout_id}:{rollout.seq}:{SET_ALIAS}.{alias.value}"


def _event(rollout: Rollout, source: S | None, move: Move, now: datetime, *, seq: int) -> RolloutEvent:
    return RolloutEvent(
        rollout_id=rollout.rollout_id,
        seq=seq,
        source=source,
        target=move.target,
        step=move.step,
        actor=move.actor.identity,
        role=role_of(move.actor),
        reason=move.reason,
        evidence=dict(move.numbers),
        evidence_digest=digest(move.numbers),
        idempotency_key=f"{rollout.rollout_id}:{seq}:{move.target.value}",
        at=now,
    )


def _record(tx: Transaction, rollout: Rollout, event: RolloutEvent, *, before: str) -> None:
    tx.ledger.append(
        AuditEvent(
            actor=event.actor,
            role=event.role,
            action="rollout.transition",
            subject=f"rollout:{rollout.rollout_id}",
            subject_digest=event.evidence_digest,
            reason=event.reason,
            at=event.at,
            before=before,
            after=_snapshot(rollout),
            request_id=event.idempotency_key,
            details={
                "model": rollout.model,
                "version": str(rollout.challenger),
                "control": str(rollout.control or ""),
                "from": event.source.value if event.source else "",
                "to": event.target.value,
                "step": str(event.step),
                "seq": str(event.seq),
                "evidence": event.evidence_digest,
            },
        )
    )


def _snapshot(rollout: Rollout) -> str:
    return digest(
        {
            "rollout_id": rollout.rollout_id,
            "model": rollout.model,
            "challenger": rollout.challenger,
            "control": rollout.control,
            "state": rollout.state.value,
            "step": rollout.step,
            "seq": rollout.seq,
        }
    )


def role_of(actor: Actor) -> str:
    """The roles under which a move is recorded, joined in alphabetical order."""
    return "+".join(sorted(role.value for role in actor.roles)) or "none"
