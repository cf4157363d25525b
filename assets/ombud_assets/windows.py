"""Production traffic, cut into windows and looked at."""

import dagster as dg

from ombud_app.services.monitoring import Look
from ombud_assets.figures import table
from ombud_assets.partitions import DAYS
from ombud_assets.resources import PlatformResource

__all__ = ["champion", "inference_window", "monitor_verdicts", "second_opinions", "window_report"]

champion = dg.AssetSpec(
    "champion",
    group_name="production",
    kinds={"mlflow"},
    deps=["release_gate"],
    description="The version that answers users. Moved by rollouts only; each move is recorded here.",
)

_ONE_RUN = dg.BackfillPolicy.single_run()


@dg.asset(
    group_name="monitoring",
    partitions_def=DAYS,
    backfill_policy=_ONE_RUN,
    deps=[champion],
    kinds={"deltalake"},
    description="One day of answered requests.",
)
def inference_window(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Seal the log and count the day's requests."""
    opened = platform.open()
    sealed = opened.log.seal()
    counted = [(day, *opened.monitoring.count(day)) for day in context.partition_keys]
    return dg.MaterializeResult(
        metadata={
            "sealed": sealed,
            "requests": table(["day", "requests", "labelled"], counted),
            "dagster/row_count": sum(row[1] for row in counted),
        }
    )


@dg.asset(
    group_name="monitoring",
    partitions_def=DAYS,
    backfill_policy=_ONE_RUN,
    deps=[inference_window],
    description="What every monitor says about the day, under one budget; harm raises an alert.",
)
def monitor_verdicts(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Judge each day once, in order."""
    opened = platform.open()
    looks = [
        look for day in context.partition_keys for look in opened.monitoring.look(day, run_id=context.run_id)
    ]
    return dg.MaterializeResult(
        metadata={
            "verdicts": table(
                ["window", "monitor", "outcome", "p", "level", "effect", "reason"],
                [row for look in looks for row in _rows(look)],
            ),
            "drift": sum(s.verdict.fired for look in looks for s in look.verdicts),
            "alerts": dg.MetadataValue.json([a for look in looks for a in look.alerts]),
        }
    )


@dg.asset(
    group_name="monitoring",
    partitions_def=DAYS,
    backfill_policy=_ONE_RUN,
    deps=[monitor_verdicts],
    kinds={"alibi-detect"},
    description="What alibi-detect says beside our monitors; advisory.",
)
def second_opinions(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Ask the second detector of each modality that names one."""
    opened = platform.open()
    stored = [
        s
        for day in context.partition_keys
        for s in opened.monitoring.second_opinions(day, run_id=context.run_id)
    ]
    rows = [
        (s.window_id, s.verdict.detector, s.verdict.modality, s.verdict.outcome.value, s.verdict.p_value)
        for s in stored
    ]
    return dg.MaterializeResult(
        metadata={"opinions": table(["window", "detector", "modality", "outcome", "p"], rows)}
    )


@dg.asset(
    group_name="monitoring",
    partitions_def=DAYS,
    backfill_policy=_ONE_RUN,
    deps=[monitor_verdicts],
    kinds={"evidently"},
    description="An Evidently report per window, stored as HTML.",
)
def window_report(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Write and store the report of each day."""
    opened = platform.open()
    links = {
        window: url for day in context.partition_keys for window, url in opened.monitoring.report(day).items()
    }
    return dg.MaterializeResult(metadata={window: dg.MetadataValue.url(url) for window, url in links.items()})


def _rows(look: Look) -> list[tuple[object, ...]]:
    return [
        (
            s.window_id,
            s.verdict.monitor,
            s.verdict.outcome.value,
            _short(s.verdict.p_value),
            _short(s.verdict.threshold),
            _short(s.verdict.effect),
            s.verdict.reason,
        )
        for s in look.verdicts
    ]


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
