"""The rest of the outside world: time, ids, files, data, the orchestrator, notifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ombud.domain.alert import Alert
from ombud.domain.sample import Dataset

__all__ = [
    "ArtifactStore",
    "Clock",
    "DataSource",
    "Ids",
    "Notifier",
    "Orchestrator",
    "OrchestratorRun",
    "RunStatus",
]


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class Ids(Protocol):
    """Where ids come from."""

    def new(self, prefix: str) -> str:
        """A fresh id such as ``r-01J9...``, sortable by time of making."""
        ...


class ArtifactStore(Protocol):
    """Files by content digest (reports, plots, reference arrays)."""

    def put(self, content: bytes, *, media_type: str) -> str:
        """Store and return ``sha256:<hex>``; the same bytes give the same digest."""
        ...

    def get(self, digest: str) -> bytes:
        """Raises NotFound, or Corrupted when the bytes no longer match."""
        ...

    def media_type(self, digest: str) -> str:
        """Raises NotFound."""
        ...


class DataSource(Protocol):
    """Labelled data of one project, by role."""

    def roles(self) -> Sequence[str]:
        """Roles present: ``train``, ``val``, ``test``, and ``labelled`` for newly labelled data."""
        ...

    def load(self, role: str) -> Dataset:
        """Raises NotFound for a role that is absent, BadInput for a malformed file."""
        ...


class RunStatus(StrEnum):
    """Where an orchestrator run stands."""

    QUEUED = "queued"
    STARTED = "started"
    SUCCESS = "success"
    FAILURE = "failure"
    CANCELED = "canceled"

    @property
    def finished(self) -> bool:
        """Whether it will not change any more."""
        return self in (RunStatus.SUCCESS, RunStatus.FAILURE, RunStatus.CANCELED)


@dataclass(frozen=True)
class OrchestratorRun:
    """One run of a job."""

    run_id: str
    job: str
    status: RunStatus
    tags: Mapping[str, str]
    url: str


class Orchestrator(Protocol):
    """Starts jobs and says how they went."""

    def launch(
        self,
        job: str,
        *,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
        config: Mapping[str, object] | None = None,
    ) -> OrchestratorRun:
        """Raises Unavailable when it does not answer, NotFound for an unknown job."""
        ...

    def run(self, run_id: str) -> OrchestratorRun:
        """Raises NotFound."""
        ...

    def runs(self, *, job: str | None = None, limit: int = 25) -> Sequence[OrchestratorRun]:
        """Newest first."""
        ...

    def daemons(self) -> Mapping[str, bool]:
        """Daemon name → healthy; raises Unavailable when nothing answers."""
        ...


class Notifier(Protocol):
    """One way of telling a person or a system about an alert."""

    @property
    def route(self) -> str:
        """Name of the route, e.g. ``console`` or ``webhook:https://...`` without secrets."""
        ...

    def deliver(self, alert: Alert, *, event: str, idempotency_key: str) -> None:
        """Raises Unavailable when the other side did not take it; trying again is safe."""
        ...
