"""Comparing the registry's aliases with the ledger's decisions.

Aliases have no history, no actor and no compare-and-set, so anybody with access to the registry can
move them unseen. The rollouts' events say where they ought to point; a difference is a tamper alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ombud.domain.alert import Alert, AlertStatus, Severity
from ombud.domain.events import AuditEvent
from ombud.domain.model_version import Alias
from ombud.domain.ports import Clock, Ids, ModelRegistry, Transaction, UnitOfWork
from ombud.domain.rollout import OutboxItem, Rollout, RolloutState
from ombud.project import Project

__all__ = ["ReconcileService"]

_SETTLED = (RolloutState.PROMOTED, RolloutState.BAKING)
_MOVING = (RolloutState.PROMOTING, RolloutState.ROLLING_BACK, RolloutState.BOOTSTRAP)


@dataclass(frozen=True)
class ReconcileService:
    """Raises an alert when ``champion`` points where nobody decided it should.

    Args:
        registry: Holds the aliases.
        uow: Holds the decisions.
        clock: Where time comes from.
        ids: Where ids come from.
        project: Names the model and its alert routes.
    """

    registry: ModelRegistry
    uow: UnitOfWork
    clock: Clock
    ids: Ids
    project: Project
    routes: Sequence[str] = ()

    def check(self) -> Alert | None:
        """One comparison; returns the alert it raised, None when all is as decided or still moving."""
        model = self.project.name
        actual = self.registry.alias(model, Alias.CHAMPION)
        with self.uow.begin() as tx:
            rollouts = tx.rollouts.list(model=model)
            if any(r.state in _MOVING for r in rollouts):
                return None
            decided = _decided_champion(rollouts)
            if actual == decided:
                return None
            alert = self._alert(model, decided, actual)
            if tx.alerts.unresolved(alert.fingerprint) is not None:
                return None
            self._raise(tx, alert)
            tx.commit()
            return alert

    def _alert(self, model: str, decided: int | None, actual: int | None) -> Alert:
        now = self.clock.now()
        return Alert(
            alert_id=self.ids.new("al"),
            fingerprint=f"{model}/{actual or 0}/tamper/champion",
            model=model,
            version=actual or 0,
            kind="tamper",
            modality=None,
            grade=None,
            severity=Severity.CRITICAL,
            title=f"{model}: the champion alias was moved without a decision",
            cause=(
                f"The ledger says that champion is {_named(decided)}; the registry points it at "
                f"{_named(actual)}. Somebody moved the alias outside Ombud."
            ),
            evidence=(),
            links={},
            status=AlertStatus.OPEN,
            opened_at=now,
            updated_at=now,
            details={"decided": str(decided), "actual": str(actual)},
        )

    def _raise(self, tx: Transaction, alert: Alert) -> None:
        tx.alerts.put(alert)
        for route in self.routes:
            tx.outbox.add(
                OutboxItem(
                    key=f"alert:{alert.alert_id}:{route}",
                    effect="notify",
                    payload={"alert_id": alert.alert_id, "route": route, "event": "opened"},
                    created_at=alert.opened_at,
                )
            )
        tx.ledger.append(
            AuditEvent(
                actor="ombud:reconcile",
                role="service",
                action="alert.opened",
                subject=f"alert:{alert.alert_id}",
                reason=alert.cause,
                at=alert.opened_at,
                details=dict(alert.details),
            )
        )


def _decided_champion(rollouts: Sequence[Rollout]) -> int | None:
    settled = [r for r in rollouts if r.state in _SETTLED]
    return max(settled, key=lambda r: r.updated_at).challenger if settled else None


def _named(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"
