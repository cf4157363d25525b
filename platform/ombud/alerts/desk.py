"""The desk: opens alerts, adds evidence to open ones, closes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ombud.alerts.problem import Problem
from ombud.alerts.routing import notifications
from ombud.alerts.rules import problems
from ombud.domain.alert import Alert, AlertStatus, Severity
from ombud.domain.events import AuditEvent
from ombud.domain.identity import Actor, Role
from ombud.domain.modality import FUSED
from ombud.domain.ports import Clock, Ids, Transaction
from ombud.domain.verdict import Grade, StoredVerdict
from ombud.domain.window import Window

__all__ = ["AlertDesk"]

_MONITOR = Actor("ombud:monitor", frozenset({Role.SERVICE}))
_LOUDNESS = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)


@dataclass(frozen=True)
class AlertDesk:
    """Keeps at most one unresolved alert per fingerprint, whatever keeps happening.

    Every method writes through the transaction it is given and leaves the commit to the caller, so an
    alert, its ledger entry and its notifications stand or fall together.

    Args:
        clock: Where time comes from.
        ids: Where ids come from.
        routes: Names of the notifiers to tell.
        actor: In whose name alerts are raised.

    Limits: final answers that got worse before any single input could be named have an alert of their
    own; when a later window names the input, that opens a second one.
    """

    clock: Clock
    ids: Ids
    routes: Sequence[str] = ()
    actor: Actor = _MONITOR

    def receive(
        self,
        tx: Transaction,
        window: Window,
        verdicts: Sequence[StoredVerdict],
        *,
        links: Mapping[str, str] | None = None,
    ) -> tuple[Alert, ...]:
        """Take the verdicts of one window; returns alerts that were opened or got new evidence.

        Args:
            tx: An open write transaction.
            window: The window; its links go onto the alerts.
            verdicts: Its stored verdicts.
            links: More links, title → address.
        """
        found = problems(verdicts, links={**window.links, **(links or {})})
        return tuple(alert for problem in found if (alert := self.take(tx, problem)) is not None)

    def take(self, tx: Transaction, problem: Problem) -> Alert | None:
        """Open an alert for a problem, or add its evidence to the open one.

        Returns:
            The alert, or None when it holds this evidence already.
        """
        known = self._open_for(tx, problem)
        return self._opened(tx, problem) if known is None else self._added(tx, known, problem)

    def acknowledge(self, tx: Transaction, alert_id: str, *, actor: Actor, reason: str) -> Alert:
        """Somebody is on it. A resolved alert stays resolved.

        Raises:
            NotFound: No such alert.
        """
        return self._moved(tx, tx.alerts.get(alert_id), AlertStatus.ACKNOWLEDGED, actor, reason)

    def resolve(
        self, tx: Transaction, alert_id: str, *, actor: Actor, reason: str, notify: bool = False
    ) -> Alert:
        """The problem is over; the next one with its fingerprint opens a new alert.

        Args:
            tx: An open write transaction.
            alert_id: Alert to close.
            actor: Who says so.
            reason: Why, in their words.
            notify: Whether the routes hear about it.

        Raises:
            NotFound: No such alert.
        """
        resolved = self._moved(tx, tx.alerts.get(alert_id), AlertStatus.RESOLVED, actor, reason)
        if notify:
            for item in notifications(resolved, self.routes, at=resolved.updated_at, event="resolved"):
                tx.outbox.add(item)
        return resolved

    def _open_for(self, tx: Transaction, problem: Problem) -> Alert | None:
        known = tx.alerts.unresolved(problem.fingerprint)
        if known is not None or problem.modality != FUSED:
            return known
        # The input at the root of it is known already: this is more of the same.
        for alert in tx.alerts.list(model=problem.model):
            if (alert.version, alert.kind) == (problem.version, problem.kind) and _unresolved(alert):
                return alert
        return None

    def _opened(self, tx: Transaction, problem: Problem) -> Alert:
        now = self.clock.now()
        alert = Alert(
            alert_id=self.ids.new("al"),
            fingerprint=problem.fingerprint,
            model=problem.model,
            version=problem.version,
            kind=problem.kind,
            modality=problem.modality,
            grade=problem.grade,
            severity=problem.severity,
            title=problem.title,
            cause=problem.cause,
            evidence=problem.evidence,
            links=problem.links,
            status=AlertStatus.OPEN,
            opened_at=now,
            updated_at=now,
            details=problem.details,
        )
        tx.alerts.put(alert)
        for item in notifications(alert, self.routes, at=now):
            tx.outbox.add(item)
        self._record(tx, alert, "opened", self.actor, alert.cause)
        return alert

    def _added(self, tx: Transaction, known: Alert, problem: Problem) -> Alert | None:
        fresh = tuple(e for e in problem.evidence if e not in known.evidence)
        if not fresh:
            return None
        measured = Grade.MEASURED_HARM in (known.grade, problem.grade)
        alert = replace(
            known,
            evidence=known.evidence + fresh,
            grade=Grade.MEASURED_HARM if measured else known.grade,
            severity=max(known.severity, problem.severity, key=_LOUDNESS.index),
            links={**known.links, **problem.links},
            updated_at=self.clock.now(),
        )
        tx.alerts.put(alert)
        self._record(tx, alert, "evidence_added", self.actor, problem.cause)
        return alert

    def _moved(self, tx: Transaction, known: Alert, status: AlertStatus, actor: Actor, reason: str) -> Alert:
        if known.status in (status, AlertStatus.RESOLVED):
            return known
        alert = replace(known, status=status, updated_at=self.clock.now())
        tx.alerts.put(alert)
        self._record(tx, alert, status.value, actor, reason)
        return alert

    def _record(self, tx: Transaction, alert: Alert, verb: str, actor: Actor, reason: str) -> None:
        tx.ledger.append(
            AuditEvent(
                actor=actor.identity,
                role=",".join(sorted(actor.roles)),
                action=f"alert.{verb}",
                subject=f"alert:{alert.alert_id}",
                reason=reason,
                at=alert.updated_at,
                details={
                    "fingerprint": alert.fingerprint,
                    "evidence": str(len(alert.evidence)),
                    "severity": alert.severity.value,
                },
            )
        )


def _unresolved(alert: Alert) -> bool:
    return alert.status is not AlertStatus.RESOLVED
