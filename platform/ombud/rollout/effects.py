"""Effects: what transactions promised, carried out by one worker, verified, fenced, never lost.

A handler is told what was promised, reads what is there, acts if it differs and reads back. So an
effect that was carried out just before a kill is recognised after it, and nothing happens twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ombud.domain.model_version import Alias
from ombud.domain.ports import Clock, Lease, ModelRegistry, UnitOfWork
from ombud.domain.rollout import OutboxItem
from ombud.errors import StaleTransition, Unavailable
from ombud.rollout.moves import SET_ALIAS
from ombud.rollout.traffic import wanted_alias

__all__ = ["LEASE", "AliasEffect", "EffectsWorker", "Handler"]

LEASE = "worker"
"""Name of the lease: one process owns the outbox."""

_PASS = 1000
_RETRY_SECONDS = 30.0
_ALIAS_RETRY_SECONDS = 1.0

Handler = Callable[[OutboxItem], None]
"""Carries one effect out and verifies it; raising means "not done, try again later"."""


@dataclass(frozen=True)
class AliasEffect:
    """Points a registry alias where the ledger says that it belongs.

    The promise names a version, but what counts is what the rollouts say *now*: a promotion whose
    effect was delayed must not undo the rollback that came after it.

    Args:
        uow: To read the rollouts.
        registry: To read and move the alias.
    """

    uow: UnitOfWork
    registry: ModelRegistry

    def __call__(self, item: OutboxItem) -> None:
        """Read back, act, verify.

        Raises:
            Unavailable: The registry does not show the alias where it was put.
        """
        model, alias = str(item.payload["model"]), Alias(str(item.payload["alias"]))
        promised = item.payload["version"]
        with self.uow.begin(write=False) as tx:
            rollouts = tx.rollouts.list(model=model)
        # Only before the first own promotion can the promise know more than the rollouts do:
        # the champion of a registry that was in use before Ombud came.
        adopted = int(str(promised)) if promised is not None else None
        wanted = wanted_alias(alias, rollouts, adopted=adopted)
        if self.registry.alias(model, alias) != wanted:
            if wanted is None:
                self.registry.clear_alias(model, alias)
            else:
                self.registry.set_alias(model, alias, wanted)
        found = self.registry.alias(model, alias)
        if found != wanted:
            raise Unavailable(
                f"{model}: alias {alias.value} was set to {wanted} but reads {found}",
                remedy="Check who else moves aliases; the worker tries again.",
            )


class EffectsWorker:
    """Drains the outbox while it holds the lease.

    Args:
        uow: Where transactions come from.
        clock: Where time comes from.
        handlers: Effect name → handler.
        owner: Who this is, unique per process.
        lease_seconds: How long the lease lasts without renewal; longer than any one effect takes.

    Limits:
        The registry knows no fencing token. A worker that stalls for longer than the lease between
        reading and acting can still move an alias late; the reconcile check sees that.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        handlers: Mapping[str, Handler],
        *,
        owner: str,
        lease_seconds: float = 15.0,
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._handlers = dict(handlers)
        self._owner = owner
        self._lease_seconds = lease_seconds
        self._not_before: dict[str, datetime] = {}

    def lead(self) -> Lease | None:
        """Take or renew the lease; None while another worker holds it."""
        with self._uow.begin() as tx:
            lease = tx.outbox.acquire(LEASE, self._owner, now=self._clock.now(), seconds=self._lease_seconds)
            tx.commit()
        return lease

    def due(self) -> Sequence[OutboxItem]:
        """Effects to carry out now; one that has just failed rests for a moment."""
        with self._uow.begin(write=False) as tx:
            items = tx.outbox.pending(limit=_PASS)
        now = self._clock.now()
        # Aliases first: a rollback must not queue behind a webhook that nobody answers.
        return sorted(
            (item for item in items if self._not_before.get(item.key, now) <= now),
            key=lambda item: item.effect != SET_ALIAS,
        )

    def run_once(self) -> int:
        """Carry out what is pending, oldest first.

        A failing effect is recorded and tried again in the next pass; it does not stop the others.

        Returns:
            How many effects were verified done; 0 as well while another worker leads.
        """
        done = 0
        for item in self.due():
            # Renewed before every effect: a worker that lost the lease while it was busy stops here.
            lease = self.lead()
            if lease is None:
                break
            try:
                self._handler(item)(item)
            except Exception as failure:
                self._failed(item, failure)
                continue
            try:
                with self._uow.begin() as tx:
                    tx.outbox.mark_done(item.key, at=self._clock.now(), fence=lease.fence)
                    tx.commit()
            except StaleTransition:
                break
            self._not_before.pop(item.key, None)
            done += 1
        return done

    def _handler(self, item: OutboxItem) -> Handler:
        try:
            return self._handlers[item.effect]
        except KeyError:
            raise Unavailable(
                f"outbox {item.key}: no handler for effect {item.effect!r}; known: {sorted(self._handlers)}",
                remedy="Run the worker of the release that wrote this effect.",
            ) from None

    def _failed(self, item: OutboxItem, failure: Exception) -> None:
        longest = _ALIAS_RETRY_SECONDS if item.effect == SET_ALIAS else _RETRY_SECONDS
        delay = min(0.25 * 2.0 ** min(item.attempts, 10), longest)
        self._not_before[item.key] = self._clock.now() + timedelta(seconds=delay)
        with self._uow.begin() as tx:
            tx.outbox.mark_failed(item.key, error=f"{type(failure).__name__}: {failure}"[:500])
            tx.commit()
