"""What is learned about a candidate before people are asked: evaluation, bias audit, card, gate."""

import dagster as dg

from ombud_assets.figures import interval_plot, number, table
from ombud_assets.resources import PlatformResource
from ombud_assets.training import candidate, training_data
from ombud_assets.versions import VersionConfig, version_of

__all__ = ["bias_audit", "evaluation", "model_card", "release_gate"]


@dg.asset(
    group_name="governance",
    # The data by itself too: a version that was made elsewhere has no candidate step before it.
    deps=[candidate, training_data],
    description="Each modality alone, fused, ablated; by group.",
)
def evaluation(
    context: dg.AssetExecutionContext, config: VersionConfig, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Evaluate on the test split and keep the reference of the monitors."""
    opened = platform.open()
    version = version_of(opened, context, config)
    evidence = opened.evaluation.evaluate(opened.project.name, version, run_id=context.run_id)
    metrics = evidence.content["metrics"]
    accuracies = {n.removeprefix("accuracy."): m for n, m in metrics.items() if n.startswith("accuracy.")}
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "evidence": evidence.digest,
            "metrics": table(["metric", "value"], [(n, number(m)) for n, m in metrics.items()]),
            "accuracy": interval_plot(accuracies, unit="accuracy"),
        }
    )


@dg.asset(
    group_name="governance",
    deps=[evaluation],
    kinds={"fairlearn"},
    description="Disparities by protected attribute.",
)
def bias_audit(
    context: dg.AssetExecutionContext, config: VersionConfig, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Audit the evaluated version for disparities between groups."""
    opened = platform.open()
    version = version_of(opened, context, config)
    evidence = opened.bias_audit.audit(opened.project.name, version, run_id=context.run_id)
    rows = [
        (a["attribute"], d["metric"], d["kind"], number(d["value"]), d["status"])
        for a in evidence.content["attributes"]
        for d in a["disparities"]
    ]
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "evidence": evidence.digest,
            "disparities": table(["attribute", "metric", "kind", "value", "status"], rows),
        }
    )


@dg.asset(
    group_name="governance", deps=[evaluation, bias_audit], kinds={"html"}, description="The model card."
)
def model_card(
    context: dg.AssetExecutionContext, config: VersionConfig, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Build the card from evidence."""
    opened = platform.open()
    version = version_of(opened, context, config)
    card = opened.cards.build(opened.project.name, version)
    url = f"{opened.settings.portal_url}/models/{opened.project.name}/versions/{version}/card"
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "core_digest": card.core_digest,
            "annex_digest": card.annex_digest,
            "card": dg.MetadataValue.url(url),
        },
        data_version=dg.DataVersion(card.core_digest),
    )


@dg.asset(group_name="governance", deps=[model_card], description="May people be asked to sign?")
def release_gate(
    context: dg.AssetExecutionContext, config: VersionConfig, platform: PlatformResource
) -> dg.MaterializeResult[None]:
    """Run the gate's checks and put their report on record, then rebuild the card with it."""
    opened = platform.open()
    version = version_of(opened, context, config)
    evidence = opened.gate.judge(opened.project.name, version, run_id=context.run_id)
    opened.cards.build(opened.project.name, version)
    rows = [
        (
            c["code"],
            "pass" if c["passed"] else "FAIL",
            "blocks" if c["blocking"] else "warns",
            c["value"],
            c["threshold"],
            c["reason"],
        )
        for c in evidence.content["checks"]
    ]
    return dg.MaterializeResult(
        metadata={
            "version": version,
            "evidence": evidence.digest,
            "passed": bool(evidence.content["passed"]),
            "checks": table(["check", "result", "kind", "value", "threshold", "reason"], rows),
        }
    )
