"""From data to a registered candidate.

Dagster reads the annotations of steps when it makes them, so the modules of this package that hold
steps do without postponed annotations.
"""

import dagster as dg
import yaml
from pydantic import Field

from ombud_assets.figures import table
from ombud_assets.resources import PlatformResource

__all__ = ["TrainingConfig", "candidate", "training_data"]


class TrainingConfig(dg.Config):
    """Configuration of one training.

    Args:
        reason: Why it was started; shown on the run, the version and the card.
        hyperparameters: Overrides of the project file's, as YAML scalars.
    """

    reason: str = "started by hand"
    hyperparameters: dict[str, str] = Field(default_factory=dict)


@dg.asset(group_name="training", kinds={"parquet"}, description="Audited, described labelled data.")
def training_data(
    context: dg.AssetExecutionContext, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Audit every split and write the data sheet; nothing follows on bad data."""
    data = platform.open().training_data.prepare(run_id=context.run_id)
    splits = data.sheet.content["splits"]
    return dg.MaterializeResult(
        metadata={
            "splits": table(
                ["split", "rows", "digest"], [(n, s["n"], s["digest"][:19]) for n, s in splits.items()]
            ),
            "findings": table(
                ["code", "severity", "count", "what"],
                [(f["code"], f["severity"], f["count"], f["title"]) for f in data.audit.content["findings"]],
            ),
            "data_sheet": data.sheet.digest,
            "data_audit": data.audit.digest,
            "synthetic": bool(data.sheet.content["synthetic"]),
            "dagster/row_count": sum(s["n"] for s in splits.values()),
        },
        data_version=dg.DataVersion(data.digest),
    )


@dg.asset(
    group_name="training",
    kinds={"mlflow", "torch"},
    deps=[training_data],
    description="A trained model version in the registry.",
)
def candidate(
    context: dg.AssetExecutionContext, config: TrainingConfig, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Train with the project's trainer and register; the same run never registers twice."""
    opened = platform.open()
    overrides = {name: yaml.safe_load(text) for name, text in config.hyperparameters.items()}
    version = opened.training.train(
        opened.training_data.current(), run_id=context.run_id, reason=config.reason, hyperparameters=overrides
    )
    return dg.MaterializeResult(
        metadata={
            "model": version.name,
            "version": version.version,
            "model_digest": version.model_digest,
            "mlflow_run_id": version.run_id,
            "reason": config.reason,
        },
        data_version=dg.DataVersion(version.model_digest),
    )
