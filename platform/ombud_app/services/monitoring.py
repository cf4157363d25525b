"""Looking at a window of production traffic: verdicts under one budget, and at most one alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from ombud.alerts import AlertDesk
from ombud.domain.inference import LabelledInference, Variant
from ombud.domain.modality import Modality
from ombud.domain.observations import Observations
from ombud.domain.ports import ArtifactStore, Clock, InferenceLog, LogQuery, UnitOfWork
from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window
from ombud.errors import BadInput, Conflict
from ombud.project import Project
from ombud_app.services.budget_periods import ensure_recorded, look_number, looks_in
from ombud_app.services.budget_records import BudgetPeriod
from ombud_app.services.budgeting import affordable, budget_of
from ombud_app.services.earlier_windows import EarlierWindows, read_earlier
from ombud_app.services.evaluation import EvaluationService, Reference
from ombud_app.services.observing import observe_log
from ombud_monitors.backends.alibi import second_opinion
from ombud_monitors.backends.evidently import FEWEST_ROWS, report_html
from ombud_monitors.panel import MINIMUM_ROWS, Monitor, Question, default_panel, look

__all__ = ["Look", "MonitoringService"]


@dataclass(frozen=True)
class Look:
    """What one look at one version's window gave.

    Args:
        window: The window.
        verdicts: One per monitor, those of an earlier look at the same window included.
        alerts: Ids of alerts that this look opened or added evidence to.
    """

    window: Window
    verdicts: tuple[StoredVerdict, ...]
    alerts: tuple[str, ...]


@dataclass(frozen=True)
class _Seen:
    version: int
    current: Observations
    reference: Reference
    rows: Sequence[LabelledInference]


@dataclass(frozen=True)
class _SoFar:
    """What was done before in this budget period: which look this is, and what it said if it was taken."""

    look: int
    period: BudgetPeriod
    spent: float
    said: tuple[StoredVerdict, ...]
    earlier: EarlierWindows


@dataclass(frozen=True)
class MonitoringService:
    """Judges each day of each version once; looking again returns what was said the first time.

    Args:
        log: Where the traffic is.
        evaluation: Holds the references.
        artifacts: Where reports go.
        uow: Where windows, verdicts and alerts go.
        clock: Where time comes from.
        desk: Turns verdicts into alerts.
        project: Names monitors, budget and clusters.
        portal_url: Base of the links that alerts carry.
        dagster_url: Base of the links to runs.
    """

    log: InferenceLog
    evaluation: EvaluationService
    artifacts: ArtifactStore
    uow: UnitOfWork
    clock: Clock
    desk: AlertDesk
    project: Project
    portal_url: str
    dagster_url: str

    @cached_property
    def panel(self) -> tuple[Monitor, ...]:
        """The monitors of this project."""
        return default_panel(self._modalities)

    def count(self, partition: str) -> tuple[int, int]:
        """Requests that a champion answered on that day, and how many of them have labels."""
        rows = self.log.read(self._query(partition))
        return len(rows), sum(r.label is not None for r in rows)

    def look(self, partition: str, *, run_id: str) -> tuple[Look, ...]:
        """Judge one day, version by version.

        Args:
            partition: ISO date.
            run_id: Orchestrator run, kept with the verdicts.

        Raises:
            BadInput: ``partition`` is not a date.
            Conflict: The day is not over: a window is judged once, so half a day would stand for all of it.
            NotFound: A version in the window was never evaluated, so there is nothing to compare with.
        """
        if _day(partition)[1] > self.clock.now():
            raise Conflict(
                f"window {partition} is not over, and a window is judged once",
                remedy="Look at it when the day (in UTC) has ended.",
            )
        return tuple(self._judge(seen, partition, run_id) for seen in self._seen(partition))

    def second_opinions(self, partition: str, *, run_id: str) -> tuple[StoredVerdict, ...]:
        """Ask the second detector of each modality that names one; advisory, costs no budget."""
        stored: list[StoredVerdict] = []
        for seen in self._seen(partition):
            window_id = self._window_id(seen.version, partition)
            for name, monitor in self.project.monitors.items():
                if monitor.second_opinion is None:
                    continue
                verdict = second_opinion(
                    monitor.second_opinion,
                    seen.reference.mixed,
                    seen.current,
                    Modality(name),
                    level=self.project.budget.probability,
                    seed=self.project.seed,
                )
                at = self.clock.now()
                stored.append(
                    StoredVerdict(
                        f"{window_id}/{verdict.monitor}/{verdict.detector}",
                        self.project.name, seen.version, window_id, True, at, run_id, verdict,
                    )
                )  # fmt: skip
        with self.uow.begin() as tx:
            for one in stored:
                tx.verdicts.put(one)
            tx.commit()
        return tuple(stored)

    def report(self, partition: str) -> Mapping[str, str]:
        """Write an Evidently report per version, store it, link it; returns window id → address.

        Versions with fewer than 20 requests that day get none, and none is written where the project file
        does not want any.
        """
        links: dict[str, str] = {}
        for seen in self._seen(partition) if self.project.evidently_reports else ():
            if len(seen.rows) < FEWEST_ROWS:
                continue
            window_id = self._window_id(seen.version, partition)
            html = report_html(seen.reference.mixed, seen.current, title=f"{window_id} against its reference")
            stored = self.artifacts.put(html, media_type="text/html")
            links[window_id] = f"{self.portal_url}/api/v1/artifacts/{stored}"
            with self.uow.begin() as tx:
                window = tx.windows.get(window_id)
                tx.windows.put(replace(window, links={**window.links, "Evidently report": links[window_id]}))
                tx.commit()
        return links

    def _judge(self, seen: _Seen, partition: str, run_id: str) -> Look:
        window = self._window(seen, partition, run_id)
        so_far = self._so_far(window)
        if so_far.said:
            return Look(window, so_far.said, ())
        at = self.clock.now()
        budget = budget_of(self.project)
        share = affordable(budget, so_far.look, so_far.spent)
        verdicts = tuple(
            self._stored(m, seen, window, at, run_id, so_far, share * budget.level(m.code, so_far.look))
            for m in self.panel
        )
        with self.uow.begin() as tx:
            ensure_recorded(tx, so_far.period, at=at)
            tx.windows.put(window)
            # Two runs may look at the same window at once: the first to write has looked.
            if not all(tx.verdicts.put(v) for v in verdicts):
                return Look(
                    window, tuple(tx.verdicts.list(self.project.name, window_id=window.window_id)), ()
                )
            alerts = self.desk.receive(tx, window, verdicts, links=self._links(window, run_id))
            tx.commit()
        return Look(window, verdicts, tuple(a.alert_id for a in alerts))

    def _stored(
        self,
        monitor: Monitor,
        seen: _Seen,
        window: Window,
        at: datetime,
        run_id: str,
        so_far: _SoFar,
        level: float,
    ) -> StoredVerdict:
        settings = self.project.monitors.get(monitor.modality)
        question = Question(
            seen.reference.mixed,
            seen.current,
            level=level,
            seed=self.project.seed,
            minimum_rows=settings.minimum_rows if settings else MINIMUM_ROWS,
        )
        verdict = look(monitor, question, so_far.earlier.quiet(monitor.code))
        verdict_id = f"{window.window_id}/{verdict.monitor}/{verdict.detector}"
        return StoredVerdict(
            verdict_id, self.project.name, seen.version, window.window_id, False, at, run_id, verdict
        )

    def _so_far(self, window: Window) -> _SoFar:
        with self.uow.begin(write=False) as tx:
            number, period = look_number(
                tx, self.project, window.version, window.window_id, window.created_at
            )
            windows = tx.windows.list(self.project.name, version=window.version)
            said = tx.verdicts.list(self.project.name, version=window.version)
        mine = tuple(v for v in said if v.window_id == window.window_id and not v.advisory)
        looked = looks_in(period, windows)
        inside = {w.window_id for w in looked}
        costs = (v.verdict.threshold or 0.0 for v in said if v.window_id in inside and not v.advisory)
        spent = sum(costs)
        if mine:
            return _SoFar(number, period, spent, mine, EarlierWindows({}, {}))
        earlier = read_earlier(
            self.log,
            window,
            looked,
            said,
            labels=self.project.task.labels,
            modalities=self._modalities,
            clusters=self.project.clusters,
        )
        return _SoFar(number, period, spent, (), earlier)

    def _seen(self, partition: str) -> list[_Seen]:
        rows = self.log.read(self._query(partition))
        versions = sorted({r.inference.version for r in rows})
        seen = []
        for version in versions:
            mine = [r for r in rows if r.inference.version == version]
            current = observe_log(
                mine,
                labels=self.project.task.labels,
                modalities=self._modalities,
                clusters=self.project.clusters,
            )
            reference = self.evaluation.reference(self.project.name, version)
            seen.append(_Seen(version, current, reference, mine))
        return seen

    def _window(self, seen: _Seen, partition: str, run_id: str) -> Window:
        start, end = _day(partition)
        return Window(
            window_id=self._window_id(seen.version, partition),
            model=self.project.name,
            version=seen.version,
            partition=partition,
            start=start,
            end=end,
            n=len(seen.rows),
            labelled=sum(r.label is not None for r in seen.rows),
            created_at=self.clock.now(),
            links={"Dagster run": f"{self.dagster_url}/runs/{run_id}"},
        )

    def _links(self, window: Window, run_id: str) -> dict[str, str]:
        return {
            "Windows": f"{self.portal_url}/models/{self.project.name}/windows",
            "Card": f"{self.portal_url}/models/{self.project.name}/versions/{window.version}/card",
            "Dagster run": f"{self.dagster_url}/runs/{run_id}",
        }

    def _query(self, partition: str) -> LogQuery:
        """Champions only: challengers are the rollout judge's to watch, under an alpha of its own."""
        start, end = _day(partition)
        return LogQuery(self.project.name, variants=(Variant.CHAMPION,), start=start, end=end)

    def _window_id(self, version: int, partition: str) -> str:
        return f"{self.project.name}/{version}/{partition}"

    @property
    def _modalities(self) -> tuple[Modality, ...]:
        return tuple(Modality(m) for m in self.project.modalities)


def _day(partition: str) -> tuple[datetime, datetime]:
    try:
        start = datetime.strptime(partition, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(f"window {partition!r} is not a day", remedy="Write it as YYYY-MM-DD.") from None
    return start, start + timedelta(days=1)
