"""An orchestrator whose jobs are functions, run at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ombud.domain.ports.outside import OrchestratorRun, RunStatus
from ombud.errors import NotFound

__all__ = ["MemoryOrchestrator"]

Job = Callable[[Mapping[str, object]], None]


class MemoryOrchestrator:
    """Twin of :class:`ombud.adapters.dagster_graphql.DagsterOrchestrator`.

    Args:
        jobs: Name → function of the run configuration; one that raises makes the run fail.

    Example:
        >>> orchestrator = MemoryOrchestrator({"train": lambda config: None})
        >>> orchestrator.launch("train").status
        <RunStatus.SUCCESS: 'success'>
    """

    def __init__(self, jobs: Mapping[str, Job]) -> None:
        self._jobs = dict(jobs)
        self._runs: list[OrchestratorRun] = []

    def launch(
        self,
        job: str,
        *,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
        config: Mapping[str, object] | None = None,
    ) -> OrchestratorRun:
        """Run the job to its end; the same ``ombud/key`` tag again returns the run it made."""
        carried = dict(tags or {})
        key = carried.get("ombud/key")
        for known in self._runs:
            if key is not None and known.job == job and known.tags.get("ombud/key") == key:
                return known
        if job not in self._jobs:
            raise NotFound(f"no job {job!r}; there are {sorted(self._jobs)}", remedy="Check the name.")
        if partition is not None:
            carried["dagster/partition"] = partition
        run_id = f"run-{len(self._runs) + 1:04d}"
        run = OrchestratorRun(run_id, job, RunStatus.STARTED, carried, f"memory:{run_id}")
        self._runs.append(run)
        try:
            self._jobs[job](dict(config or {}))
        except Exception:
            ended = replace(run, status=RunStatus.FAILURE)
        else:
            ended = replace(run, status=RunStatus.SUCCESS)
        self._runs[self._runs.index(run)] = ended
        return ended

    def run(self, run_id: str) -> OrchestratorRun:
        """One run. Raises NotFound."""
        for known in self._runs:
            if known.run_id == run_id:
                return known
        raise NotFound(f"no run {run_id!r}", remedy="Use an id that launch returned.")

    def runs(self, *, job: str | None = None, limit: int = 25) -> Sequence[OrchestratorRun]:
        """Newest first."""
        return [r for r in reversed(self._runs) if job is None or r.job == job][:limit]

    def daemons(self) -> Mapping[str, bool]:
        """There are none to fall ill."""
        return {}
