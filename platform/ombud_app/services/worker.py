"""The worker: the one process that moves rollouts and carries out what they promised.

It holds the lease, takes looks, ticks live rollouts, drains the outbox and seals the inference log
now and then. Anything else that wants something to happen soon (a Dagster tick, the API) leaves a
wake-up in the outbox instead of doing it itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event

import structlog

from ombud.domain.ports import Clock, InferenceLog, Notifier, Transaction, UnitOfWork
from ombud.domain.rollout import OutboxItem, Rollout, RolloutState
from ombud.errors import NotFound, StaleTransition
from ombud.rollout.controller import RolloutController
from ombud.rollout.effects import LEASE, EffectsWorker, Handler
from ombud.rollout.states import FINAL, LIVE
from ombud_app.services.rollout_evidence import RolloutEvidence

__all__ = ["WAKE", "NotifyEffect", "Worker", "handlers", "wake"]

WAKE = "wake"
"""Effect that does nothing but make the worker look at once."""

_log = structlog.get_logger("ombud.worker")
_UNFINISHED = tuple(state for state in RolloutState if state not in FINAL)
_MOST_MOVES = 20


class NotifyEffect:
    """Delivers an alert by one route; the other side drops repeats by the outbox key.

    The payload of the effect names ``alert_id``, ``route`` and ``event`` (``opened``, ...).

    Args:
        uow: To read the alert.
        notifiers: The routes that exist here.
    """

    def __init__(self, uow: UnitOfWork, notifiers: Sequence[Notifier]) -> None:
        self._uow = uow
        self._routes: Mapping[str, Notifier] = {n.route: n for n in notifiers}

    def __call__(self, item: OutboxItem) -> None:
        """Deliver.

        Raises:
            NotFound: No such route or alert.
            Unavailable: The other side did not take it.
        """
        route = str(item.payload["route"])
        notifier = self._routes.get(route)
        if notifier is None:
            raise NotFound(
                f"outbox {item.key}: no route {route!r}, known: {sorted(self._routes)}",
                remedy="Put the route back under notifications in ombud.yaml, or resolve the alert.",
            )
        with self._uow.begin(write=False) as tx:
            alert = tx.alerts.get(str(item.payload["alert_id"]))
        notifier.deliver(alert, event=str(item.payload.get("event", "opened")), idempotency_key=item.key)


def wake(tx: Transaction, now: datetime) -> bool:
    """Ask the worker to look at once; at most one wake-up a second is kept.

    Args:
        tx: An open write transaction; the caller commits.
        now: Aware, UTC.

    Returns:
        Whether a worker holds the lease, so that somebody will hear it.
    """
    tx.outbox.add(OutboxItem(f"{WAKE}:{int(now.timestamp())}", WAKE, {}, now))
    lease = tx.outbox.lease(LEASE)
    return lease is not None and lease.expires_at > now


class Worker:
    """Moves everything that can be moved, again and again.

    Args:
        uow: Where transactions come from.
        clock: Where time comes from.
        controller: Moves rollouts.
        evidence: Takes looks.
        effects: Drains the outbox; owns the lease.
        log: Sealed now and then.
        seal_seconds: How often.
        look_seconds: How often looks are taken when nothing wakes the worker.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        clock: Clock,
        controller: RolloutController,
        evidence: RolloutEvidence,
        effects: EffectsWorker,
        log: InferenceLog,
        *,
        seal_seconds: float = 60.0,
        look_seconds: float = 1.0,
    ) -> None:
        self._uow = uow
        self._clock = clock
        self._controller = controller
        self._evidence = evidence
        self._effects = effects
        self._log = log
        self._seal_every = timedelta(seconds=seal_seconds)
        self._look_every = timedelta(seconds=look_seconds)
        self._last_seal = clock.now()
        self._last_look: datetime | None = None

    def run_once(self) -> int:
        """One full pass: looks, ticks, effects, until nothing moves any more.

        A rollout that fails to be looked at or ticked does not stop the others; the judge turns
        its own failures into holds.

        Returns:
            How many transitions and effects were carried out; 0 while another worker leads.
        """
        if self._effects.lead() is None:
            return 0
        self._last_look = self._clock.now()
        self._look()
        moved = self._effects.run_once()
        for _ in range(_MOST_MOVES):
            round_moved = self._tick() + self._effects.run_once()
            moved += round_moved
            if not round_moved:
                break
        self._seal()
        return moved

    def run(self, stop: Event, interval: float = 0.2) -> None:
        """Pass after pass until ``stop`` is set; between full passes only the outbox is watched.

        Args:
            stop: Set it to end the loop after the current pass.
            interval: Seconds between two glances at the outbox.
        """
        while not stop.is_set():
            try:
                if self._due():
                    self.run_once()
            except Exception:
                # The loop outlives a full disk or a registry that is down, and says so every time.
                _log.exception("worker pass failed")
            stop.wait(interval)

    def _due(self) -> bool:
        now = self._clock.now()
        if self._last_look is None or now - self._last_look >= self._look_every:
            return True
        return bool(self._effects.due())

    def _rollouts(self, states: Sequence[RolloutState]) -> Sequence[Rollout]:
        with self._uow.begin(write=False) as tx:
            return tx.rollouts.list(states=states)

    def _look(self) -> None:
        for rollout in self._rollouts(LIVE):
            self._guarded(rollout, lambda r: self._evidence.collect(r))

    def _tick(self) -> int:
        moved = 0
        for rollout in self._rollouts(_UNFINISHED):
            moved += self._guarded(rollout, lambda r: int(self._controller.tick(r.rollout_id).seq != r.seq))
        return moved

    def _guarded(self, rollout: Rollout, act: Callable[[Rollout], int]) -> int:
        try:
            return act(rollout)
        except StaleTransition:
            return 0
        except Exception as failure:
            # One rollout's registry or log may be down; the other rollouts and all effects go on.
            _log.warning("rollout not moved", rollout=rollout.rollout_id, reason=str(failure))
            return 0

    def _seal(self) -> None:
        now = self._clock.now()
        if now - self._last_seal >= self._seal_every:
            self._last_seal = now
            self._log.seal()


def handlers(alias: Handler, notify: Handler, **more: Handler) -> dict[str, Handler]:
    """The dispatch table of the outbox: ``set_alias``, ``notify``, ``wake`` and whatever is given."""
    return {"set_alias": alias, "notify": notify, WAKE: lambda _item: None, **more}
