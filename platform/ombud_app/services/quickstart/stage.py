"""What the story's steps are made of: calling the API, waiting for runs, driving rollouts."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from ombud.domain.ports import InferenceLog, ModelRegistry, Notifier, Orchestrator, RunStatus, UnitOfWork
from ombud.domain.rollout import RolloutState
from ombud.domain.sample import Dataset
from ombud.errors import Unavailable
from ombud.project import Project
from ombud_app.services.quickstart.people import People
from ombud_app.services.quickstart.traffic import Sent, Traffic

__all__ = ["Stage", "StagePlatform"]

_POLL_SECONDS = 0.3
_PACE_SECONDS = 0.4


class StagePlatform(Protocol):
    """The ports that the story looks through."""

    @property
    def project(self) -> Project: ...
    @property
    def uow(self) -> UnitOfWork: ...
    @property
    def registry(self) -> ModelRegistry: ...
    @property
    def log(self) -> InferenceLog: ...
    @property
    def orchestrator(self) -> Orchestrator: ...
    @property
    def notifiers(self) -> Sequence[Notifier]: ...


@dataclass(frozen=True)
class Stage:
    """The running servers, and the hands of everybody in the story.

    Args:
        platform: Ports to look through.
        url: Base address of API and gateway.
        people: Tokens.
        traffic: The application.
        say: Tells the person at the terminal what is going on.
    """

    platform: StagePlatform
    url: str
    people: People
    traffic: Traffic
    say: Callable[[str], None]

    def call(
        self, part: str, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call the API as one of the cast.

        Raises:
            Unavailable: It answered with a problem.
        """
        answer = httpx.request(
            method,
            self.url + path,
            json=body,
            headers={"Authorization": f"Bearer {self.people.token(part)}"},
            timeout=60,
        )
        if answer.is_error:
            raise Unavailable(
                f"{method} {path} as {part} answered {answer.status_code}: {answer.text[:500]}",
                remedy="Read the server's log below the home directory.",
            )
        return dict(answer.json()) if answer.content else {}

    def start(
        self, job: str, *, tags: Mapping[str, str] | None = None, config: Mapping[str, object] | None = None
    ) -> str:
        """Start a Dagster job; returns the run's id."""
        started = self.platform.orchestrator.launch(job, tags=tags, config=config)
        self.say(f"Dagster runs `{job}`: {started.url}")
        return started.run_id

    def wait_until(self, holds: Callable[[], bool], run_id: str, *, seconds: float = 300) -> None:
        """Wait until a run has brought something about, which may be long before it ends.

        Raises:
            Unavailable: The run failed, or it took too long.
        """
        deadline = time.monotonic() + seconds
        while not holds():
            status = self.platform.orchestrator.run(run_id).status
            if (status.finished and status is not RunStatus.SUCCESS) or time.monotonic() > deadline:
                raise Unavailable(
                    f"Dagster run {run_id} is {status.value} and did not bring what was expected of it",
                    remedy="Read the log of Dagster below the home directory.",
                )
            time.sleep(_POLL_SECONDS)

    def wait_for_run(self, run_id: str, *, seconds: float = 600) -> str:
        """Wait until a run succeeded.

        Raises:
            Unavailable: It failed, or took too long.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.platform.orchestrator.run(run_id)
            if run.status is RunStatus.SUCCESS:
                return run_id
            if run.status.finished:
                raise Unavailable(
                    f"Dagster run {run_id} of `{run.job}` ended as {run.status.value}",
                    remedy=f"Read it at {run.url}, or the log of Dagster below the home directory.",
                )
            time.sleep(_POLL_SECONDS)
        raise Unavailable(
            f"Dagster run {run_id} did not end within {seconds:.0f} s", remedy="Look at it in the Dagster UI."
        )

    def run_with_tag(self, job: str, tag: str, value: str, *, seconds: float = 120) -> str:
        """Wait until a sensor has started a run with this tag; returns its id."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for run in self.platform.orchestrator.runs(job=job):
                if run.tags.get(tag) == value:
                    self.say(f"the sensor started `{job}`: {run.url}")
                    return run.run_id
            time.sleep(_POLL_SECONDS)
        raise Unavailable(
            f"no sensor started `{job}` for {tag}={value} within {seconds:.0f} s",
            remedy="Is the Dagster daemon alive? `ombud doctor` tells.",
        )

    def sign(self, version: int, *, parts: Collection[str], reason: str) -> None:
        """Read version and card, and sign for the release, one after the other."""
        path = f"/api/v1/models/{self.platform.project.name}/versions/{version}"
        for part in parts:
            model_digest = self.call(part, "GET", path)["model_digest"]
            card_digest = self.call(part, "GET", f"{path}/card")["core_digest"]
            body = {
                "kind": "release",
                "model": self.platform.project.name,
                "version": version,
                "decision": "approved",
                "reason": reason,
                "card_digest": card_digest,
                "model_digest": model_digest,
            }
            self.call(part, "POST", "/api/v1/approvals", body)

    def start_rollout(self, version: int) -> str:
        """CI starts a rollout; returns its id."""
        body = {"model": self.platform.project.name, "version": version}
        return str(self.call("ci", "POST", "/api/v1/rollouts", body)["rollout_id"])

    def drive(
        self, rollout_id: str, data: Dataset, *, prefix: str, until: RolloutState, seconds: float = 60
    ) -> list[Sent]:
        """Send traffic and its labels until the rollout is where it should be.

        Raises:
            Unavailable: The traffic ran out, and the time too, before it got there.
        """
        sent: list[Sent] = []
        unlabelled: list[Sent] = []
        said = ""
        for batch in self.traffic.send(data, prefix=prefix):
            sent += batch
            # Traffic that comes faster than the worker looks would be spent before a stage has moved.
            time.sleep(_PACE_SECONDS)
            unlabelled = self.traffic.label([*unlabelled, *batch], source="annotators")
            said, state = self._follow(rollout_id, said, len(sent))
            if state is until:
                return sent
        deadline = time.monotonic() + seconds
        while unlabelled and time.monotonic() < deadline:
            time.sleep(_PACE_SECONDS)
            unlabelled = self.traffic.label(unlabelled, source="annotators")
        if unlabelled:
            raise Unavailable(
                f"{len(unlabelled)} answered requests never reached the inference log",
                remedy="Read the server's log below the home directory.",
            )
        self.wait_for_state(rollout_id, until, seconds=seconds)
        return sent

    def wait_for_state(self, rollout_id: str, until: RolloutState, *, seconds: float = 60) -> None:
        """Wait until a rollout is where it should be.

        Raises:
            Unavailable: It is not, in time; the message holds the judge's last numbers.
        """
        deadline = time.monotonic() + seconds
        said = ""
        while time.monotonic() < deadline:
            said, state = self._follow(rollout_id, said, None)
            if state is until:
                return
            time.sleep(_POLL_SECONDS)
        status = self.call("auditor", "GET", f"/api/v1/rollouts/{rollout_id}")
        raise Unavailable(
            f"rollout {rollout_id} is {status['state']} ({status['reason']}) instead of {until.value} "
            f"after {seconds:.0f} s; certificate: {status['numbers'].get('certificate')}",
            remedy="Look at it in the portal.",
        )

    def _follow(self, rollout_id: str, said: str, requests: int | None) -> tuple[str, RolloutState]:
        status = self.call("auditor", "GET", f"/api/v1/rollouts/{rollout_id}")
        line = f"{status['state']} {status['step']}"
        if line != said:
            after = f" after {requests} requests" if requests else ""
            self.say(
                f"rollout of version {status['challenger']}: {status['state']}{after} — {status['reason']}"
            )
        return line, RolloutState(status["state"])
