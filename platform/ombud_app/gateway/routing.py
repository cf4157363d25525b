"""Routes: who answers which request, read from the rollouts and never from the registry's aliases.

The state of a rollout is the decision; the alias follows it. Reading the decision itself makes a
rollback take effect at the next refresh, whatever the registry is doing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from threading import Event, Thread

import structlog

from ombud.domain.model_version import Alias
from ombud.domain.ports import ModelRegistry, UnitOfWork
from ombud.domain.rollout import Rollout
from ombud.rollout.traffic import Traffic, last_promoted, traffic, unfinished
from ombud_app.gateway.fleet import Fleet

__all__ = ["Routes", "to_challenger"]

_log = structlog.get_logger("ombud.gateway")
_ALIAS_EVERY = 20
"""Refreshes between two looks at the alias of a model that has never been promoted by us."""


def to_challenger(rollout_id: str, key: str, weight: float) -> bool:
    """Whether this key's requests go to the challenger: sticky, and rising weights only add keys.

    Args:
        rollout_id: Salts the hash, so that the same users are not the guinea pigs of every trial.
        key: Session key or request id.
        weight: Share of the challenger, in [0, 1).

    Example:
        >>> arms = [to_challenger("r-1", f"user-{i}", 0.25) for i in range(4000)]
        >>> 0.23 < sum(arms) / 4000 < 0.27
        True
        >>> all(to_challenger("r-1", f"user-{i}", 0.5) for i in range(4000) if arms[i])
        True
    """
    drawn = hashlib.blake2b(f"{rollout_id}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(drawn.digest(), "big") < weight * 2**64


class Routes:
    """A table of routes that a thread keeps fresh.

    Args:
        uow: Where the rollouts are.
        registry: For the champion alias of a registry that was in use before Ombud came.
        fleet: Told which versions are wanted.
        models: Models served here.
        poll_seconds: Pause between two refreshes.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        registry: ModelRegistry,
        fleet: Fleet,
        models: Sequence[str],
        *,
        poll_seconds: float = 0.1,
    ) -> None:
        self._uow = uow
        self._registry = registry
        self._fleet = fleet
        self._models = tuple(models)
        self._poll = poll_seconds
        self._table: Mapping[str, Traffic] = {}
        self._adopted: dict[str, int | None] = {}
        self._refreshes = 0
        self._stop, self._woken = Event(), Event()
        self._thread = Thread(target=self._run, name="gateway-routes", daemon=True)

    @property
    def models(self) -> tuple[str, ...]:
        """Models served here."""
        return self._models

    def start(self) -> None:
        """Read the routes once, then keep them fresh."""
        self._try()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._woken.set()
        self._thread.join(timeout=5)

    def wake(self) -> None:
        """Refresh at once."""
        self._woken.set()

    def of(self, model: str) -> Traffic | None:
        """The route in force; None for a model that is not served or was never read."""
        return self._table.get(model)

    def refresh(self) -> None:
        """Read the rollouts and publish what can be served."""
        with self._uow.begin(write=False) as tx:
            rollouts = {m: tx.rollouts.list(model=m) for m in self._models}
        wanted: dict[str, Traffic] = {m: self._traffic(m, r) for m, r in rollouts.items()}
        self._fleet.want({(m, v) for m, r in rollouts.items() for v in _versions(wanted[m], r)})
        self._table = {m: self._servable(m, t) for m, t in wanted.items()}
        self._refreshes += 1

    def _traffic(self, model: str, rollouts: Sequence[Rollout]) -> Traffic:
        decided = traffic(rollouts)
        if decided.champion is not None:
            return decided
        if model not in self._adopted or self._refreshes % _ALIAS_EVERY == 0:
            self._adopted[model] = self._registry.alias(model, Alias.CHAMPION)
        return traffic(rollouts, adopted=self._adopted[model])

    def _servable(self, model: str, wanted: Traffic) -> Traffic:
        """The wanted route, without arms that are still loading.

        A champion that is not in memory yet leaves the old one in charge. An arm that is known not
        to load stays in the route: its failures are evidence.
        """
        current = self._table.get(model)
        if wanted.champion is None:
            return wanted
        if current and current.champion and not self._fleet.settled(model, wanted.champion):
            return Traffic(current.champion)
        arms = [v for v in (wanted.challenger, wanted.shadow) if v is not None]
        if all(self._fleet.settled(model, v) for v in arms):
            return wanted
        return Traffic(wanted.champion)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._woken.wait(self._poll)
            self._woken.clear()
            if not self._stop.is_set():
                self._try()

    def _try(self) -> None:
        try:
            self.refresh()
        except Exception as failure:
            # The routes in force stay in force while the database or registry is away.
            _log.warning("routes not refreshed", reason=f"{type(failure).__name__}: {failure}")


def _versions(route: Traffic, rollouts: Sequence[Rollout]) -> set[int]:
    """Everything the route uses or may have to fall back to."""
    trial = unfinished(rollouts)
    back = (last_promoted(rollouts), trial.control if trial else None)
    return {v for v in (route.champion, route.challenger, route.shadow, *back) if v is not None}
