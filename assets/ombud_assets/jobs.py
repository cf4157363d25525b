"""Jobs: the selections that people and sensors start."""

from __future__ import annotations

import dagster as dg

from ombud_assets.evaluation import bias_audit, evaluation, model_card, release_gate
from ombud_assets.training import candidate, training_data
from ombud_assets.windows import inference_window, monitor_verdicts, second_opinions, window_report

__all__ = ["assess", "audit_bias", "rebuild_card", "train", "watch"]

# A run that hangs is ended, not left STARTED for ever after its worker was killed.
_LIMIT = {"dagster/max_runtime": "3600"}

train = dg.define_asset_job(
    "train",
    selection=dg.AssetSelection.assets(
        training_data, candidate, evaluation, bias_audit, model_card, release_gate
    ),
    description="Train, evaluate and audit a candidate, build its card, ask the gate.",
    tags=_LIMIT,
)

assess = dg.define_asset_job(
    "assess",
    selection=dg.AssetSelection.assets(training_data, evaluation, bias_audit, model_card, release_gate),
    description="Evaluate and audit a version that was made elsewhere, build its card, ask the gate.",
    tags=_LIMIT,
)

watch = dg.define_asset_job(
    "watch",
    selection=dg.AssetSelection.assets(inference_window, monitor_verdicts, second_opinions, window_report),
    description="Look at one day (or a range of days) of production traffic.",
    tags=_LIMIT,
)

audit_bias = dg.define_asset_job(
    "audit_bias",
    selection=dg.AssetSelection.assets(bias_audit),
    description="Audit the newest version, or the one configured, for disparities.",
    tags=_LIMIT,
)

rebuild_card = dg.define_asset_job(
    "rebuild_card",
    selection=dg.AssetSelection.assets(model_card),
    description="Build the card of the newest version, or the one configured, again.",
    tags=_LIMIT,
)
