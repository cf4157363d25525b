"""Comparing the registry's aliases with the ledger's decisions.

Aliases have no history, no actor and no compare-and-set, so anybody with access to the registry can
move them unseen. The rollouts say where they ought to point; a difference is a tamper alarm.
"""

from __future__ import annotations

from dataclasses import dataclass

from ombud.alerts import AlertDesk, Problem
from ombud.domain.alert import Alert, Severity
from ombud.domain.model_version import Alias
from ombud.domain.ports import ModelRegistry, Transaction, UnitOfWork
from ombud.domain.rollout import RolloutState
from ombud.project import Project
from ombud.rollout.traffic import unfinished, wanted_alias

__all__ = ["ReconcileService"]

_MOVING = (RolloutState.PROMOTING, RolloutState.ROLLING_BACK, RolloutState.BOOTSTRAP)


@dataclass(frozen=True)
class ReconcileService:
    """Raises an alert when ``champion`` points where nobody decided it should.

    A registry that was in use before Ombud came keeps its champion: until the first promotion there
    is no decision to compare with.

    Args:
        registry: Holds the aliases.
        uow: Holds the decisions.
        desk: Raises the alert, once.
        project: Names the model.
    """

    registry: ModelRegistry
    uow: UnitOfWork
    desk: AlertDesk
    project: Project

    def check(self) -> Alert | None:
        """One comparison; returns the alert it raised, None when all is as decided or still moving."""
        model = self.project.name
        with self.uow.begin(write=False) as tx:
            decided = self._decided(tx)
        if decided is None:
            return None
        actual = self.registry.alias(model, Alias.CHAMPION)
        if actual == decided:
            return None
        with self.uow.begin() as tx:
            # A promotion may have come between the two questions: then they are not about one moment.
            if self._decided(tx) != decided:
                return None
            alert = self.desk.take(tx, _tampered(model, decided, actual))
            tx.commit()
            return alert

    def _decided(self, tx: Transaction) -> int | None:
        """Where the alias ought to point; None while it is on its way, or nobody has decided anything."""
        rollouts = tx.rollouts.list(model=self.project.name)
        trial = unfinished(rollouts)
        if trial is not None and trial.state in _MOVING:
            return None
        return wanted_alias(Alias.CHAMPION, rollouts)


def _tampered(model: str, decided: int, actual: int | None) -> Problem:
    points = "nowhere" if actual is None else f"at version {actual}"
    return Problem(
        model=model,
        version=actual or 0,
        kind="tamper",
        modality=None,
        grade=None,
        severity=Severity.CRITICAL,
        title=f"{model}: the champion alias was moved without a decision",
        cause=(
            f"The ledger says that champion is version {decided}; the registry points {points}. "
            "Somebody moved the alias outside Ombud."
        ),
        evidence=(f"alias:champion:{actual or 'none'}:instead-of:{decided}",),
        links={},
        details={"decided": str(decided), "actual": str(actual)},
    )
