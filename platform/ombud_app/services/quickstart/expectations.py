"""Checking the story against the stores, never against the story's own variables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ombud.domain.alert import Alert
from ombud.domain.evidence import EvidenceKind
from ombud.domain.inference import Variant
from ombud.domain.model_version import Alias
from ombud.domain.ports import LogQuery
from ombud.domain.rollout import Rollout, RolloutState
from ombud.domain.verdict import StoredVerdict
from ombud.errors import OmbudError
from ombud.governance.ledger import LedgerReport, verify
from ombud_app.services.quickstart.report import ChampionChange
from ombud_app.services.quickstart.stage import StagePlatform

__all__ = ["Disappointed", "Expectations"]


class Disappointed(OmbudError):
    """The story did not end as it should; the message says what was expected and what was found."""

    slug = "story"


class Expectations:
    """Questions to the stores, each with the answer that the story promises.

    Args:
        platform: The ports to ask; a view of its own, opened on the same home as the servers'.
    """

    def __init__(self, platform: StagePlatform) -> None:
        self._platform = platform
        self._model = platform.project.name

    def candidate_is_documented(self, version: int) -> tuple[str, ...]:
        """Registered, evaluated, audited, with a card and an open gate."""
        registered = self._platform.registry.version(self._model, version)
        wanted = (EvidenceKind.TRAINING, EvidenceKind.EVALUATION, EvidenceKind.BIAS_AUDIT, EvidenceKind.GATE)
        with self._platform.uow.begin(write=False) as tx:
            found = {kind: tx.evidence.latest(kind, self._model, version) for kind in wanted}
            card = tx.cards.current(self._model, version)
            sheet = tx.evidence.latest(EvidenceKind.DATA_SHEET, self._model, 0)
        for kind, evidence in found.items():
            self._expect(evidence is not None, f"{kind.value} evidence about version {version}", "none")
        self._expect(card is not None, f"a card of version {version}", "none")
        self._expect(sheet is not None, "a data sheet", "none")
        gate, evaluation = found[EvidenceKind.GATE], found[EvidenceKind.EVALUATION]
        assert gate is not None
        assert evaluation is not None
        self._expect(bool(gate.content["passed"]), f"an open gate for version {version}", str(gate.content))
        metrics = evaluation.content["metrics"]
        alone = ", ".join(
            f"{n.removeprefix('accuracy.only.')} {m['value']:.3f}"
            for n, m in metrics.items()
            if n.startswith("accuracy.only.")
        )
        return (
            f"version {version} registered, model digest {registered.model_digest[:19]}…",
            f"fused accuracy {metrics['accuracy.fused']['value']:.3f}; alone: {alone}",
        )

    def disjoint_splits(self) -> str:
        """Speakers and writers are in one split only."""
        with self._platform.uow.begin(write=False) as tx:
            sheet = tx.evidence.latest(EvidenceKind.DATA_SHEET, self._model, 0)
        disjoint = dict(sheet.content["disjoint"]) if sheet else {}
        self._expect(bool(disjoint) and all(disjoint.values()), "disjoint splits", str(disjoint))
        return f"splits are disjoint in {', '.join(sorted(disjoint))}"

    def champion(self, version: int) -> str:
        """The alias and the ledger agree on who is champion."""
        alias = self._platform.registry.alias(self._model, Alias.CHAMPION)
        self._expect(alias == version, f"champion alias on version {version}", str(alias))
        told = self.champions()
        self._expect(
            bool(told) and told[-1].version == version, f"ledger naming version {version}", str(told)
        )
        return f"champion is version {version}, by {told[-1].actor}: {told[-1].reason}"

    def champions(self) -> list[ChampionChange]:
        """Champion versions over time: every promotion among the rollouts' events."""
        with self._platform.uow.begin(write=False) as tx:
            moves = [
                (event, rollout)
                for rollout in tx.rollouts.list(model=self._model)
                for event in tx.rollouts.events(rollout.rollout_id)
                if event.target is RolloutState.PROMOTED
            ]
        moves.sort(key=lambda m: m[0].at)
        return [ChampionChange(r.challenger, e.at.isoformat(), e.actor, e.reason) for e, r in moves]

    def signatures(self, version: int) -> str:
        """Two different people signed, neither of whom submitted."""
        with self._platform.uow.begin(write=False) as tx:
            approvals = tx.approvals.list(self._model, version=version)
            rollouts = [r for r in tx.rollouts.list(model=self._model) if r.challenger == version]
        signers = sorted({a.actor for a in approvals})
        self._expect(len(signers) >= 2, "two signatures by different people", str(signers))
        self._expect(
            rollouts[0].submitted_by not in signers, "nobody signing an own submission", str(signers)
        )
        return "signed by " + " and ".join(signers)

    def looked(self, days: Sequence[date]) -> bool:
        """Whether every one of these days has verdicts."""
        with self._platform.uow.begin(write=False) as tx:
            seen = {w.partition for w in tx.windows.list(self._model)}
        return {day.isoformat() for day in days} <= seen

    def opinions_and_reports(self, days: Sequence[date]) -> str:
        """A second opinion per modality and an Evidently report stand beside every window."""
        wanted = {day.isoformat() for day in days}
        with self._platform.uow.begin(write=False) as tx:
            windows = [w for w in tx.windows.list(self._model) if w.partition in wanted]
        second = [v for v in self._verdicts(days) if v.advisory]
        asked = sum(m.second_opinion is not None for m in self._platform.project.monitors.values())
        reports = [w for w in windows if "Evidently report" in w.links]
        self._expect(len(second) == asked * len(days), f"{asked} second opinions a day", str(len(second)))
        self._expect(len(reports) == len(days), "an Evidently report a day", str(len(reports)))
        return f"{len(second)} second opinions by alibi-detect, {len(reports)} Evidently reports"

    def quiet(self, days: Sequence[date]) -> str:
        """Every monitor that may page stayed quiet on these days, and there is no alert."""
        verdicts = self._verdicts(days)
        fired = [v for v in verdicts if v.verdict.fired and v.verdict.grade.pages and not v.advisory]
        self._expect(bool(verdicts), f"verdicts about {list(map(str, days))}", "none")
        self._expect(not fired, "no alarm on quiet days", str([v.verdict_id for v in fired]))
        self._expect(not self.alerts(), "no alert", str(self.alerts()))
        applicable = sum(v.verdict.p_value is not None for v in verdicts)
        return f"{applicable} tests over {len(days)} days, no alarm"

    def one_alert(self, modality: str) -> Alert:
        """One drift alert of this modality, told once on every route, with evidence of every window."""
        drift = [a for a in self.alerts() if a.kind == "drift"]
        self._expect(
            [a.modality for a in drift] == [modality],
            f"one drift alert, about {modality}",
            str([(a.modality, a.title) for a in drift]),
        )
        with self._platform.uow.begin(write=False) as tx:
            deliveries = [
                tx.outbox.get(f"alert:{drift[0].alert_id}:{n.route}") for n in self._platform.notifiers
            ]
        late = [d.key for d in deliveries if d.done_at is None]
        self._expect(not late, "every delivery done", str(late))
        return drift[0]

    def alerts(self) -> list[Alert]:
        """Alerts on record."""
        with self._platform.uow.begin(write=False) as tx:
            return list(tx.alerts.list(model=self._model))

    def rolled_back(self, rollout_id: str, *, production: int) -> str:
        """The rollout ended rolled back by the judge, and users were never left without production."""
        with self._platform.uow.begin(write=False) as tx:
            rollout = tx.rollouts.get(rollout_id)
            events = tx.rollouts.events(rollout_id)
        self._expect(rollout.state is RolloutState.ROLLED_BACK, "a rollback", rollout.state.value)
        decision = next(e for e in events if e.target is RolloutState.ROLLING_BACK)
        self._expect(decision.role == "service", "a rollback by the judge itself", decision.actor)
        champion = self._platform.registry.alias(self._model, Alias.CHAMPION)
        self._expect(champion == production, f"version {production} still champion", str(champion))
        rows = self._platform.log.read(
            LogQuery(self._model, variants=(Variant.CHAMPION,), start=rollout.created_at)
        )
        versions = {row.inference.version for row in rows}
        self._expect(versions == {production}, f"champion answers from version {production}", str(versions))
        return decision.reason

    def ledger(self) -> LedgerReport:
        """The whole chain verifies."""
        with self._platform.uow.begin(write=False) as tx:
            report = verify(tx.ledger.entries())
        self._expect(report.ok, "a ledger that verifies", str(report.problems))
        return report

    def card_digests(self) -> dict[str, str]:
        """Core digest of every version's current card."""
        with self._platform.uow.begin(write=False) as tx:
            return {str(c.version): c.core_digest for c in tx.cards.list(self._model)}

    def rollout_of(self, version: int) -> Rollout:
        """The newest rollout of a version."""
        with self._platform.uow.begin(write=False) as tx:
            found = [r for r in tx.rollouts.list(model=self._model) if r.challenger == version]
        self._expect(bool(found), f"a rollout of version {version}", "none")
        return found[0]

    def _verdicts(self, days: Sequence[date]) -> list[StoredVerdict]:
        wanted = {day.isoformat() for day in days}
        with self._platform.uow.begin(write=False) as tx:
            windows = [w.window_id for w in tx.windows.list(self._model) if w.partition in wanted]
            return [v for w in windows for v in tx.verdicts.list(self._model, window_id=w)]

    @staticmethod
    def _expect(holds: bool, expected: str, got: str) -> None:
        if not holds:
            raise Disappointed(
                f"expected {expected}, got {got}", remedy="Read the logs below the home directory."
            )
