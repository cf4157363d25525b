"""Whether the parts behind the portal answer."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, Field

from ombud.errors import OmbudError
from ombud.rollout.effects import LEASE
from ombud_app.portal.needs import PortalNeeds

__all__ = ["Part", "Readiness", "readiness"]


class Part(BaseModel):
    """One part and how it is."""

    name: str = Field(examples=["database"])
    ok: bool
    needed: bool = Field(description="Whether the portal and the gateway cannot do their work without it")
    detail: str = Field("", examples=["ledger at 41"])
    remedy: str = ""


class Readiness(BaseModel):
    """All parts; ``ready`` when every needed one is well."""

    ready: bool
    parts: list[Part]


def readiness(house: PortalNeeds) -> Readiness:
    """Ask each part; one that fails is reported, never raised.

    The orchestrator is not counted as needed: without it nothing is retrained or looked at, but
    requests are answered, rollouts go on, and a rollback works.
    """
    parts = [
        _ask("database", True, lambda: _database(house)),
        _ask("registry", True, lambda: ", ".join(house.registry.models()) or "no model yet"),
        _worker(house),
        _orchestrator(house),
    ]
    return Readiness(ready=all(p.ok for p in parts if p.needed), parts=parts)


def _ask(name: str, needed: bool, question: Callable[[], str]) -> Part:
    try:
        return Part(name=name, ok=True, needed=needed, detail=question())
    except OmbudError as error:
        return Part(name=name, ok=False, needed=needed, detail=error.message, remedy=error.remedy)
    except Exception as error:
        return Part(name=name, ok=False, needed=needed, detail=f"{type(error).__name__}: {error}")


def _database(house: PortalNeeds) -> str:
    with house.uow.begin(write=False) as tx:
        head = tx.ledger.head()
    return f"ledger at {head.seq if head else 0}"


def _worker(house: PortalNeeds) -> Part:
    def lease() -> str:
        with house.uow.begin(write=False) as tx:
            held = tx.outbox.lease(LEASE)
        if held is None or held.expires_at <= house.clock.now():
            raise OmbudError(
                "no worker holds the lease: rollouts do not move and alerts are not delivered",
                remedy="Start one with `ombud up`; after a crash the lease frees itself within a minute.",
            )
        return f"{held.owner}, fence {held.fence}"

    return _ask("worker", True, lease)


def _orchestrator(house: PortalNeeds) -> Part:
    def daemons() -> str:
        found = house.orchestrator.daemons()
        dead = sorted(name for name, healthy in found.items() if not healthy)
        if dead:
            raise OmbudError(
                f"Dagster daemons not healthy: {', '.join(dead)}; sensors and schedules do not run",
                remedy="Restart with `ombud up`; the daemon's log is <home>/logs/dagster.log.",
            )
        return f"{len(found)} daemons healthy"

    return _ask("orchestrator", False, daemons)
