"""Asset checks: the conditions that stop a run, and the ones that only speak."""

import dagster as dg

from ombud.domain.evidence import Evidence, EvidenceKind
from ombud_app.wiring import Platform
from ombud_assets.evaluation import bias_audit, evaluation, model_card, release_gate
from ombud_assets.resources import PlatformResource
from ombud_assets.training import training_data

__all__ = ["CHECKS"]

_OVERLAPPING = 20
"""Materialisations looked through for this run's own: far more than runs that may overlap."""


def _about(platform: Platform, kind: EvidenceKind, version: int) -> Evidence | None:
    """Newest evidence of a kind about a version; 0 is the data."""
    with platform.uow.begin(write=False) as tx:
        return tx.evidence.latest(kind, platform.project.name, version)


def _checked(context: dg.AssetCheckExecutionContext, asset: dg.AssetsDefinition) -> int:
    """Version that the step before this check was about: not always the newest one.

    Runs may overlap, so this run's own materialisation counts; a check that is run by itself has
    none, and takes the newest.
    """
    newest = context.instance.fetch_materializations(asset.key, limit=_OVERLAPPING).records
    mine = [r for r in newest if r.run_id == context.run.run_id]
    record = next(iter(mine or newest), None)
    made = record.asset_materialization if record else None
    version = made.metadata["version"].value if made and "version" in made.metadata else 0
    return version if isinstance(version, int) else 0


def _missing(what: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, description=f"There is no {what} on record.")


@dg.asset_check(asset=training_data, blocking=True, description="No leakage, no undecodable media.")
def data_audit_passes(platform: PlatformResource) -> dg.AssetCheckResult:
    """The newest data audit found no error."""
    audit = _about(platform.open(), EvidenceKind.DATA_AUDIT, 0)
    if audit is None:
        return _missing("data audit")
    findings = audit.content["findings"]
    errors = [f["title"] for f in findings if f["severity"] == "error"]
    return dg.AssetCheckResult(
        passed=bool(audit.content["passed"]),
        metadata={"findings": len(findings), "errors": len(errors), "evidence": audit.digest},
        description="; ".join(errors) or f"{len(findings)} findings, none of them an error.",
    )


@dg.asset_check(asset=training_data, blocking=True, description="Speakers, writers, documents are disjoint.")
def splits_are_disjoint(platform: PlatformResource) -> dg.AssetCheckResult:
    """No repeating unit appears in two splits."""
    sheet = _about(platform.open(), EvidenceKind.DATA_SHEET, 0)
    if sheet is None:
        return _missing("data sheet")
    disjoint: dict[str, bool] = dict(sheet.content["disjoint"])
    return dg.AssetCheckResult(
        passed=all(disjoint.values()),
        metadata={name: bool(ok) for name, ok in disjoint.items()},
    )


@dg.asset_check(asset=evaluation, description="Fused accuracy reaches the gate's threshold.")
def accuracy_is_enough(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """Shown as a check of its own; the gate is what blocks."""
    opened = platform.open()
    evidence = _about(opened, EvidenceKind.EVALUATION, _checked(context, evaluation))
    if evidence is None:
        return _missing("evaluation")
    number = evidence.content["metrics"]["accuracy.fused"]
    threshold = opened.project.gate.min_accuracy
    return dg.AssetCheckResult(
        passed=number["value"] is not None and number["value"] >= threshold,
        metadata={
            "accuracy": number["value"] if number["value"] is not None else "not measured",
            "low": number["low"] if number["low"] is not None else "not measured",
            "threshold": threshold,
            "n": number["n"],
        },
    )


@dg.asset_check(asset=bias_audit, description="No disparity that the data can tell exceeds the threshold.")
def disparity_is_bounded(
    context: dg.AssetCheckExecutionContext, platform: PlatformResource
) -> dg.AssetCheckResult:
    """Shown as a check of its own; the gate is what blocks."""
    opened = platform.open()
    evidence = _about(opened, EvidenceKind.BIAS_AUDIT, _checked(context, bias_audit))
    if evidence is None:
        return _missing("bias audit")
    disparities = [d for a in evidence.content["attributes"] for d in a["disparities"]]
    findings = [d["value"]["value"] for d in disparities if d["status"] == "finding"]
    differences = [
        d["value"]["value"] for d in disparities if d["status"] == "finding" and d["kind"] == "difference"
    ]
    worst = max(differences, default=0.0)
    return dg.AssetCheckResult(
        passed=worst <= opened.project.gate.max_disparity,
        metadata={
            "disparities examined": len(disparities),
            "findings": len(findings),
            "not applicable": sum(d["status"] == "not_applicable" for d in disparities),
            "largest difference found": worst,
            "threshold": opened.project.gate.max_disparity,
        },
    )


@dg.asset_check(asset=model_card, description="The card exists under a digest that can be signed.")
def card_is_built(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """The version has a card."""
    opened = platform.open()
    version = _checked(context, model_card)
    with opened.uow.begin(write=False) as tx:
        card = tx.cards.current(opened.project.name, version)
    if card is None:
        return _missing("card")
    return dg.AssetCheckResult(passed=True, metadata={"core_digest": card.core_digest})


@dg.asset_check(asset=release_gate, blocking=True, description="Every blocking condition of the gate holds.")
def gate_is_open(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> dg.AssetCheckResult:
    """The gate's report on the version."""
    gate = _about(platform.open(), EvidenceKind.GATE, _checked(context, release_gate))
    if gate is None:
        return _missing("gate report")
    failed = [c for c in gate.content["checks"] if not c["passed"]]
    return dg.AssetCheckResult(
        passed=bool(gate.content["passed"]),
        metadata={
            "checks": len(gate.content["checks"]),
            "blocking failures": sum(c["blocking"] for c in failed),
            "warnings": sum(not c["blocking"] for c in failed),
            "evidence": gate.digest,
        },
        description="; ".join(f"{c['title']}: {c['reason']}" for c in failed) or "All conditions hold.",
    )


CHECKS = [
    data_audit_passes,
    splits_are_disjoint,
    accuracy_is_enough,
    disparity_is_bounded,
    card_is_built,
    gate_is_open,
]
