"""Sensors: what follows from what happened."""

import json
from collections.abc import Sequence

import dagster as dg

from ombud.domain.alert import Alert, AlertStatus
from ombud.domain.evidence import EvidenceKind
from ombud.domain.model_version import Alias
from ombud.domain.rollout import RolloutEvent, RolloutState
from ombud_app.wiring import Platform
from ombud_assets.jobs import assess, train
from ombud_assets.resources import PlatformResource

__all__ = ["assess_new_versions", "champion_moved", "registry_reconcile", "retrain_on_drift", "rollout_tick"]

_SECONDS = 5
_ALERT_TAG = "ombud/alert"
_MOST_ATTEMPTS = 3
_RUNNING = dg.DefaultSensorStatus.RUNNING


@dg.sensor(
    job=train,
    minimum_interval_seconds=_SECONDS,
    default_status=_RUNNING,
    description="An alert of harm, once newly labelled data is there, becomes one retraining run.",
)
def retrain_on_drift(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SensorResult | dg.SkipReason:
    """One successful run per alert: a run that failed is tried again, three times in all."""
    opened = platform.open()
    wanted = [a for a in _open_drift_alerts(opened) if a.grade in opened.project.retrain_on]
    attempts = {a.alert_id: _attempt(context.instance, a) for a in wanted}
    fresh = [a for a in wanted if attempts[a.alert_id] is not None]
    if not fresh:
        return dg.SkipReason("No alert of harm that still needs a run.")
    if opened.project.trainer is None:
        return dg.SkipReason("The project brings its own versions; there is nothing to train here.")
    ready = [a for a in fresh if opened.training_data.has_news_for(a.version)]
    if not ready:
        return dg.SkipReason("An alert is open; waiting for newly labelled data.")
    return dg.SensorResult(run_requests=[_retraining(a, attempts[a.alert_id]) for a in ready])


@dg.sensor(
    job=assess,
    minimum_interval_seconds=_SECONDS,
    default_status=_RUNNING,
    description="A version that was registered from outside is evaluated, audited and given its card.",
)
def assess_new_versions(platform: PlatformResource) -> dg.SensorResult | dg.SkipReason:
    """One run per version: its number is in the run key.

    Only the newest version and the champion are looked at: a registry that was in use before may hold
    hundreds that nobody will ever roll out.
    """
    opened = platform.open()
    name = opened.project.name
    versions = opened.registry.versions(name)
    current = {versions[-1].version if versions else None, opened.registry.alias(name, Alias.CHAMPION)}
    with opened.uow.begin(write=False) as tx:
        fresh = [
            v.version
            for v in versions
            if v.version in current
            # A training run assesses the version that it makes.
            and "orchestrator_run_id" not in v.tags
            and tx.evidence.latest(EvidenceKind.EVALUATION, name, v.version) is None
        ]
    if not fresh:
        return dg.SkipReason("No version from outside waits for its evaluation.")
    return dg.SensorResult(run_requests=[_assessment(name, version) for version in fresh])


@dg.sensor(
    minimum_interval_seconds=_SECONDS,
    default_status=_RUNNING,
    description="Wakes the worker that owns rollouts and the outbox, and says when nobody does.",
)
def rollout_tick(platform: PlatformResource) -> dg.SkipReason:
    """The worker decides and acts; this tick only wakes it."""
    return dg.SkipReason(platform.open().rollouts.wake())


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=_RUNNING,
    description="Raises a tamper alert when an alias points where nobody decided it should.",
)
def registry_reconcile(platform: PlatformResource) -> dg.SkipReason:
    """Compare aliases with decisions."""
    alert = platform.open().reconcile.check()
    return dg.SkipReason(f"Raised {alert.alert_id}: {alert.title}" if alert else "Aliases are as decided.")


@dg.sensor(
    minimum_interval_seconds=_SECONDS,
    default_status=_RUNNING,
    description="Records each promotion and rollback as a materialisation of `champion`.",
)
def champion_moved(
    context: dg.SensorEvaluationContext, platform: PlatformResource
) -> dg.SensorResult | dg.SkipReason:
    """The cursor holds the events already recorded."""
    opened = platform.open()
    seen: set[str] = set(json.loads(context.cursor)) if context.cursor else set()
    settled = (RolloutState.PROMOTED, RolloutState.ROLLED_BACK)
    with opened.uow.begin(write=False) as tx:
        rollouts = list(reversed(tx.rollouts.list(model=opened.project.name, states=settled)))
        fresh = [r for r in rollouts if f"{r.rollout_id}:{r.seq}" not in seen]
        reasons = {r.rollout_id: _why(tx.rollouts.events(r.rollout_id)) for r in fresh}
    if not fresh:
        return dg.SkipReason("The champion has not moved.")
    events = [
        dg.AssetMaterialization(
            asset_key="champion",
            description=reasons[r.rollout_id],
            metadata={
                "rollout": dg.MetadataValue.url(f"{opened.settings.portal_url}/rollouts/{r.rollout_id}"),
                "outcome": r.state.value,
                "champion": r.challenger if r.state is RolloutState.PROMOTED else (r.control or 0),
                "challenger": r.challenger,
            },
        )
        for r in fresh
    ]
    cursor = json.dumps(sorted(seen | {f"{r.rollout_id}:{r.seq}" for r in fresh}))
    return dg.SensorResult(asset_events=events, cursor=cursor)


def _why(events: Sequence[RolloutEvent]) -> str:
    """The reason of the decision; the last event's own only says that it was carried out."""
    decisions = (RolloutState.APPROVED, RolloutState.CERTIFIED, RolloutState.ROLLING_BACK)
    return next((e.reason for e in reversed(events) if e.target in decisions), "")


def _attempt(instance: dg.DagsterInstance, alert: Alert) -> int | None:
    """Number of the next attempt; None when a run is under way, has succeeded, or enough have failed."""
    runs = instance.get_runs(filters=dg.RunsFilter(tags={_ALERT_TAG: alert.alert_id}))
    failed = all(run.status in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED) for run in runs)
    return len(runs) + 1 if failed and len(runs) < _MOST_ATTEMPTS else None


def _retraining(alert: Alert, attempt: int | None) -> dg.RunRequest:
    reason = f"retraining after alert {alert.alert_id}"
    return dg.RunRequest(
        run_key=f"{alert.alert_id}/{attempt}",
        tags={_ALERT_TAG: alert.alert_id, "ombud/cause": f"drift:{alert.modality}"},
        run_config={"ops": {"candidate": {"config": {"reason": reason}}}},
    )


def _assessment(name: str, version: int) -> dg.RunRequest:
    steps = ("evaluation", "bias_audit", "model_card", "release_gate")
    config = {"config": {"version": version}}
    return dg.RunRequest(
        run_key=f"assess:{name}/{version}",
        tags={"ombud/version": str(version)},
        run_config={"ops": dict.fromkeys(steps, config)},
    )


def _open_drift_alerts(platform: Platform) -> list[Alert]:
    with platform.uow.begin(write=False) as tx:
        alerts = tx.alerts.list(model=platform.project.name)
    return [a for a in alerts if a.kind == "drift" and a.status is not AlertStatus.RESOLVED]
