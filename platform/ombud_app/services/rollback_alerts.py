"""Telling people that a rollout was rolled back, in the transaction that decided it."""

from __future__ import annotations

from ombud.alerts import AlertDesk, Problem
from ombud.domain.alert import Severity
from ombud.domain.ports import Transaction
from ombud.domain.rollout import Rollout, RolloutEvent

__all__ = ["tell_of_rollback"]


def tell_of_rollback(
    desk: AlertDesk, portal_url: str, tx: Transaction, rollout: Rollout, event: RolloutEvent
) -> None:
    """Open one alert about a rollback.

    Args:
        desk: Opens it.
        portal_url: Base of the link to the rollout.
        tx: The transaction that enters ROLLING_BACK; the caller commits.
        rollout: The rollout as it stands after the event.
        event: The decision.
    """
    kept = f"version {rollout.control} answers" if rollout.control else "no version answers"
    desk.take(
        tx,
        Problem(
            model=rollout.model,
            version=rollout.challenger,
            kind="rollback",
            modality=None,
            grade=None,
            severity=Severity.WARNING,
            title=f"{rollout.model}: version {rollout.challenger} is being rolled back",
            cause=f"{event.reason} (decided by {event.actor}); {kept}.",
            evidence=(f"rollout:{rollout.rollout_id}:{event.seq}",),
            links={"Rollout": f"{portal_url}/rollouts/{rollout.rollout_id}"},
            details={"rollout_id": rollout.rollout_id, "evidence_digest": event.evidence_digest},
        ),
    )
