"""The story itself: eight steps, each ending in what the stores say."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

from ombud.domain.modality import AUDIO
from ombud.domain.model_version import Alias
from ombud.domain.rollout import RolloutState
from ombud.domain.sample import Dataset
from ombud.errors import OmbudError
from ombud_app.services.observing import mask_by_presence
from ombud_app.services.quickstart.expectations import Expectations
from ombud_app.services.quickstart.receiver import Receiver
from ombud_app.services.quickstart.report import StepReport, StoryReport
from ombud_app.services.quickstart.stage import Stage
from ombud_app.services.quickstart.world import World

__all__ = ["Story"]

_SIGNERS = ("owner", "officer")

Told = tuple[str, Sequence[str], str]
"""Title, facts and where to look: what a step returns."""


class Story:
    """Plays the eight steps in order and stops at the first that ends otherwise than it should.

    Args:
        stage: Running servers and everybody's hands.
        world: The data, divided.
        receiver: The webhook that alerts are posted to.
        deliver: Puts newly labelled data where the project looks for it.
        report: Filled as the story goes.
        today: The day of the story; traffic is replayed over the four days before it.
        seed: Seed of the traffic mix.
    """

    def __init__(
        self,
        stage: Stage,
        world: World,
        receiver: Receiver,
        *,
        deliver: Callable[[Dataset], None],
        report: StoryReport,
        today: date,
        seed: int = 0,
    ) -> None:
        self._stage = stage
        self._world = world
        self._receiver = receiver
        self._deliver = deliver
        self._report = report
        self._days = [today - timedelta(days=n) for n in (4, 3, 2, 1)]
        self._seed = seed
        self._expect = Expectations(stage.platform)
        self._model = stage.platform.project.name
        self._watching: list[str] = []

    def play(self) -> StoryReport:
        """Play it; the report says how it ended."""
        steps = (
            self._train_first,
            self._promote_first,
            self._quiet_days,
            self._shifted_days,
            self._retrain,
            self._canary,
            self._drill,
            self._look_back,
        )
        for number, step in enumerate(steps, start=1):
            started = time.monotonic()
            try:
                title, facts, look_at = step()
            except OmbudError as error:
                self._report.failure = f"step {number}: {error}"
                break
            seconds = round(time.monotonic() - started, 1)
            told = StepReport(number, title, seconds, tuple(facts), look_at)
            self._report.steps.append(told)
            self._stage.say(f"step {number} done in {seconds} s: {title}")
        return self._report

    def _train_first(self) -> Told:
        run = self._stage.wait_for_run(self._stage.start("train", config=_training("first champion")))
        facts = [self._expect.disjoint_splits(), *self._expect.candidate_is_documented(1)]
        return (
            "data audited, version 1 trained, evaluated, audited, carded, gated",
            facts,
            f"Dagster run {run}",
        )

    def _promote_first(self) -> Told:
        rollout = self._stage.start_rollout(1)
        self._stage.sign(1, parts=_SIGNERS, reason="Card read; first champion for the demonstration.")
        self._stage.wait_for_state(rollout, RolloutState.PROMOTED)
        facts = [self._expect.signatures(1), self._expect.champion(1)]
        return "version 1 signed by two people and promoted as first champion", facts, f"/rollouts/{rollout}"

    def _quiet_days(self) -> Told:
        days = self._days[:2]
        self._replay(self._world.in_domain, days, prefix="quiet")
        run = self._watch(days)
        return (
            "two days of in-domain traffic: monitors quiet",
            [self._expect.quiet(days)],
            f"Dagster run {run}",
        )

    def _shifted_days(self) -> Told:
        days = self._days[2:]
        self._replay(self._world.drifted, days, prefix="shifted")
        run = self._watch(days)
        self._wait_for_delivery()
        alert = self._expect.one_alert(AUDIO)
        told = [d for d in self._receiver.received if d["body"].get("alert_id") == alert.alert_id]
        self._report.alert = {
            "alert_id": alert.alert_id,
            "modality": alert.modality,
            "grade": alert.grade.value if alert.grade else None,
            "title": alert.title,
            "cause": alert.cause,
            "evidence": list(alert.evidence),
            "deliveries_to_webhook": len(told),
            "link": f"/alerts/{alert.alert_id}",
        }
        if len(told) != 1:
            raise OmbudError(
                f"expected the webhook to hear of the alert once, got {len(told)}",
                remedy="Read the server's log below the home directory.",
            )
        facts = [
            alert.title,
            alert.cause,
            f"told once on each of {len(self._stage.platform.notifiers)} routes",
        ]
        return (
            "shifted traffic: the audio monitor fires, one alert",
            facts,
            f"/alerts/{alert.alert_id} ({run})",
        )

    def _retrain(self) -> Told:
        self._stage.say(f"annotators deliver {len(self._world.labelled)} newly labelled rows")
        self._deliver(self._world.labelled)
        alert_id = self._expect.one_alert(AUDIO).alert_id
        run = self._stage.run_with_tag("train", "ombud/alert", alert_id)
        self._stage.wait_for_run(run)
        facts = self._expect.candidate_is_documented(2)
        return (
            "the drift sensor started a retraining on newly labelled data: version 2",
            facts,
            f"Dagster run {run}",
        )

    def _canary(self) -> Told:
        rollout = self._stage.start_rollout(2)
        self._stage.sign(2, parts=_SIGNERS, reason="Retrained after the audio alert; card read.")
        traffic = self._mixed(self._world.canary)
        sent = self._stage.drive(rollout, traffic, prefix="canary", until=RolloutState.PROMOTED)
        facts = [
            self._expect.signatures(2),
            self._expect.champion(2),
            f"{len(sent)} requests until the certificate and the bake were complete",
        ]
        self._resolve(self._expect.one_alert(AUDIO).alert_id)
        return "version 2: shadow, ramp, certificate, promoted", facts, f"/rollouts/{rollout}"

    def _drill(self) -> Told:
        config = _training("fire drill: the audio branch is damaged on purpose", damage="audio")
        self._stage.wait_for_run(self._stage.start("train", config=config))
        facts = list(self._expect.candidate_is_documented(3))
        rollout = self._stage.start_rollout(3)
        reason = "Fire drill: we know that its audio branch is damaged; the canary has to find out."
        self._stage.sign(3, parts=_SIGNERS, reason=reason)
        traffic = self._mixed(self._world.drill)
        self._stage.drive(rollout, traffic, prefix="drill", until=RolloutState.ROLLED_BACK)
        facts.append(self._expect.rolled_back(rollout, production=2))
        facts.append(self._expect.champion(2))
        self._report.rolled_back = self._expect.rollout_of(3).challenger
        return "version 3, broken on purpose: caught and rolled back by itself", facts, f"/rollouts/{rollout}"

    def _look_back(self) -> Told:
        for run in self._watching:
            self._stage.wait_for_run(run)
        for version in (1, 2, 3):
            path = f"/api/v1/models/{self._model}/versions/{version}/card"
            self._stage.call("owner", "POST", path)
        ledger = self._expect.ledger()
        self._report.champions = self._expect.champions()
        self._report.cards = self._expect.card_digests()
        self._report.ledger = {"ok": ledger.ok, "entries": ledger.count, "root": ledger.root}
        champion = self._stage.platform.registry.alias(self._model, Alias.CHAMPION)
        facts = [
            f"{ledger.count} ledger entries verify, root {ledger.root[:16]}…",
            f"{len(self._report.cards)} cards rebuilt; champion is version {champion}",
            self._expect.opinions_and_reports(self._days),
        ]
        return "cards rebuilt, ledger verified", facts, "/ledger"

    def _replay(self, data: Dataset, days: Sequence[date], *, prefix: str) -> None:
        mixed = self._mixed(data)
        size = -(-len(mixed) // len(days))
        for index, day in enumerate(days):
            rows = mixed.samples[index * size : (index + 1) * size]
            part = Dataset(f"{mixed.name}-{day}", rows, mixed.synthetic, mixed.provenance, mixed.licence)
            midday = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
            count = sum(len(b) for b in self._stage.traffic.send(part, day=midday, prefix=f"{prefix}-{day}"))
            self._stage.say(f"{count} requests of {day} answered through the gateway")

    def _watch(self, days: Sequence[date]) -> str:
        """Have the days looked at; second opinions and reports may follow while the story goes on."""
        tags = {
            "dagster/asset_partition_range_start": days[0].isoformat(),
            "dagster/asset_partition_range_end": days[-1].isoformat(),
        }
        run = self._stage.start("watch", tags=tags)
        self._stage.wait_until(lambda: self._expect.looked(days), run)
        self._watching.append(run)
        return run

    def _mixed(self, data: Dataset) -> Dataset:
        return mask_by_presence(data, self._stage.platform.project.presence, seed=self._seed + 1)

    def _wait_for_delivery(self, *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._receiver.received:
            time.sleep(0.2)

    def _resolve(self, alert_id: str) -> None:
        body = {"reason": "Version 2 was retrained on the new accents and is champion."}
        self._stage.call("on_call", "POST", f"/api/v1/alerts/{alert_id}/resolve", body)


def _training(reason: str, **hyperparameters: str) -> dict[str, object]:
    return {"ops": {"candidate": {"config": {"reason": reason, "hyperparameters": hyperparameters}}}}
