"""The orchestrator port over Dagster's GraphQL API; Dagster itself is not imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from ombud.domain.ports.outside import OrchestratorRun, RunStatus
from ombud.errors import BadInput, NotFound, OmbudError, Unavailable

__all__ = ["KEY_TAG", "DagsterOrchestrator"]

KEY_TAG = "ombud/key"
"""A launch with this tag returns the run that was launched with the same value before, if any."""

_STATUS = {
    "SUCCESS": RunStatus.SUCCESS,
    "FAILURE": RunStatus.FAILURE,
    "CANCELED": RunStatus.CANCELED,
    "STARTED": RunStatus.STARTED,
    "CANCELING": RunStatus.STARTED,
}

_RUN = "runId jobName status tags { key value }"

_JOBS = """query Jobs { repositoriesOrError { __typename
  ... on RepositoryConnection { nodes { name location { name } pipelines { name } } }
  ... on PythonError { message } } }"""

_LAUNCH = f"""mutation Launch($params: ExecutionParams!) {{ launchRun(executionParams: $params) {{ __typename
  ... on LaunchRunSuccess {{ run {{ {_RUN} }} }}
  ... on RunConfigValidationInvalid {{ errors {{ message }} }}
  ... on Error {{ message }} }} }}"""

_ONE = f"""query One($id: ID!) {{ runOrError(runId: $id) {{ __typename
  ... on Run {{ {_RUN} }} ... on Error {{ message }} }} }}"""

_MANY = f"""query Many($filter: RunsFilter, $limit: Int) {{
  runsOrError(filter: $filter, limit: $limit) {{ __typename
  ... on Runs {{ results {{ {_RUN} }} }} ... on Error {{ message }} }} }}"""

_DAEMONS = """query Daemons { instance { daemonHealth { allDaemonStatuses {
  daemonType required healthy lastHeartbeatTime } } } }"""

_HEARTBEAT_SECONDS = 180
"""A daemon beats every 30 seconds; Dagster itself calls one healthy for half an hour after its last."""


class DagsterOrchestrator:
    """Jobs on a Dagster webserver (``dagster dev``, or a deployment).

    A partitioned launch carries the tag ``dagster/partition``. Give a launch the tag
    :data:`KEY_TAG` to make it safe to try again.

    Args:
        url: Where the webserver answers, e.g. ``http://127.0.0.1:8601``.
        timeout: Seconds for one answer.

    Source: Dagster GraphQL schema, ``launchRun``, ``runsOrError``, ``instance.daemonHealth``.
    Limits: two launches with the same key at the same instant may both start; jobs are idempotent.

    Example:
        >>> DagsterOrchestrator("http://127.0.0.1:1").daemons()
        Traceback (most recent call last):
        ...
        ombud.errors.Unavailable: Dagster at http://127.0.0.1:1 does not answer: ...
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        self._url = url.rstrip("/")
        # trust_env off: a proxy set for the outside world must not carry loopback traffic.
        self._http = httpx.Client(base_url=self._url, timeout=timeout, trust_env=False)

    def launch(
        self,
        job: str,
        *,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
        config: Mapping[str, object] | None = None,
    ) -> OrchestratorRun:
        """Start a job, wherever it is defined.

        Raises:
            NotFound: No code location has a job of that name.
            BadInput: Dagster refuses the run configuration.
            Unavailable: Nothing answers.
        """
        tags = dict(tags or {})
        if key := tags.get(KEY_TAG):
            before = self._many({"pipelineName": job, "tags": [{"key": KEY_TAG, "value": key}]}, 1)
            if before:
                return before[0]
        if partition is not None:
            tags["dagster/partition"] = partition
        location, repository = self._find(job)
        answer = self._ask(
            _LAUNCH,
            params={
                "selector": {
                    "repositoryLocationName": location,
                    "repositoryName": repository,
                    "jobName": job,
                },
                "runConfigData": dict(config or {}),
                "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
            },
        )["launchRun"]
        if answer["__typename"] == "RunConfigValidationInvalid":
            complaints = "; ".join(error["message"] for error in answer["errors"])
            raise BadInput(
                f"job {job}: Dagster refuses the run configuration: {complaints}",
                remedy="Correct the configuration; the job's launchpad in the Dagster UI shows its schema.",
            )
        if answer["__typename"] != "LaunchRunSuccess":
            raise self._broken(f"launching {job}", answer)
        return self._run(answer["run"])

    def run(self, run_id: str) -> OrchestratorRun:
        """One run. Raises NotFound, Unavailable."""
        answer = self._ask(_ONE, id=run_id)["runOrError"]
        if answer["__typename"] == "RunNotFoundError":
            raise NotFound(
                f"Dagster at {self._url} has no run {run_id!r}",
                remedy="Check that the run was made on this instance (DAGSTER_HOME).",
            )
        if answer["__typename"] != "Run":
            raise self._broken(f"run {run_id}", answer)
        return self._run(answer)

    def runs(self, *, job: str | None = None, limit: int = 25) -> Sequence[OrchestratorRun]:
        """Newest first. Raises Unavailable."""
        return self._many({"pipelineName": job} if job else {}, limit)

    def daemons(self) -> Mapping[str, bool]:
        """Required daemons → healthy, and heard of within three minutes. Raises Unavailable."""
        answer = self._post(_DAEMONS)
        statuses = _data(self._url, answer)["instance"]["daemonHealth"]["allDaemonStatuses"]
        # The clock of the machine that also notes the heartbeats; without it Dagster's own word counts.
        date = answer.headers.get("date")
        now = parsedate_to_datetime(date).timestamp() if date else 0.0
        return {
            s["daemonType"]: bool(s["healthy"]) and now - (s["lastHeartbeatTime"] or 0) < _HEARTBEAT_SECONDS
            for s in statuses
            if s["required"]
        }

    def _many(self, wanted: Mapping[str, object], limit: int) -> list[OrchestratorRun]:
        answer = self._ask(_MANY, filter=wanted, limit=limit)["runsOrError"]
        if answer["__typename"] != "Runs":
            raise self._broken("listing runs", answer)
        return [self._run(row) for row in answer["results"]]

    def _find(self, job: str) -> tuple[str, str]:
        answer = self._ask(_JOBS)["repositoriesOrError"]
        if answer["__typename"] != "RepositoryConnection":
            raise self._broken("listing jobs", answer)
        known = []
        for repository in answer["nodes"]:
            names = [pipeline["name"] for pipeline in repository["pipelines"]]
            if job in names:
                return repository["location"]["name"], repository["name"]
            known += [name for name in names if not name.startswith("__")]
        raise NotFound(
            f"Dagster at {self._url} has no job {job!r}; it has {sorted(known)}",
            remedy="Check the name, and in the UI under Deployment that the code location has loaded.",
        )

    def _ask(self, query: str, **variables: object) -> Any:
        return _data(self._url, self._post(query, **variables))

    def _post(self, query: str, **variables: object) -> httpx.Response:
        try:
            answer = self._http.post("/graphql", json={"query": query, "variables": variables})
            answer.raise_for_status()
            answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(
                f"Dagster at {self._url} does not answer: {error}",
                remedy="Start it with 'ombud up', or set the address of the running webserver.",
            ) from error
        return answer

    def _run(self, row: Mapping[str, Any]) -> OrchestratorRun:
        return OrchestratorRun(
            run_id=row["runId"],
            job=row["jobName"],
            status=_STATUS.get(row["status"], RunStatus.QUEUED),
            tags={tag["key"]: tag["value"] for tag in row["tags"]},
            url=f"{self._url}/runs/{row['runId']}",
        )

    def _broken(self, what: str, answer: Mapping[str, Any]) -> OmbudError:
        return OmbudError(
            f"Dagster at {self._url}: {what}: {answer['__typename']}: {answer.get('message', '')}",
            remedy="Look at the run and its logs in the Dagster UI.",
        )


def _data(url: str, answer: httpx.Response) -> Any:
    body = answer.json()
    if body.get("errors"):
        raise OmbudError(
            f"Dagster at {url}: {body['errors'][0].get('message')}",
            remedy="Check that its version is the one that Ombud pins.",
        )
    return body["data"]
