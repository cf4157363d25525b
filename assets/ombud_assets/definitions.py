"""Assembly of the code location, and nothing else."""

from __future__ import annotations

import dagster as dg

from ombud_assets import evaluation, jobs, schedules, sensors, training, windows
from ombud_assets.checks import CHECKS
from ombud_assets.resources import PlatformResource

__all__ = ["defs"]

defs = dg.Definitions(
    assets=[
        training.training_data,
        training.candidate,
        evaluation.evaluation,
        evaluation.bias_audit,
        evaluation.model_card,
        evaluation.release_gate,
        windows.champion,
        windows.inference_window,
        windows.monitor_verdicts,
        windows.second_opinions,
        windows.window_report,
    ],
    asset_checks=CHECKS,
    jobs=[jobs.train, jobs.assess, jobs.watch, jobs.audit_bias, jobs.rebuild_card],
    schedules=[schedules.daily_watch, schedules.weekly_bias_audit],
    sensors=[
        sensors.retrain_on_drift,
        sensors.assess_new_versions,
        sensors.rollout_tick,
        sensors.registry_reconcile,
        sensors.champion_moved,
    ],
    resources={"platform": PlatformResource()},
    # Steps share a process: a step of its own process would cost more than most of these steps do.
    executor=dg.in_process_executor,
)
