"""Identity, status, architecture and integrity: what the registry, the trainer and the gate know."""

from __future__ import annotations

from datetime import UTC

from ombud.domain.evidence import EvidenceKind
from ombud_cards.schema import Cell, Table
from ombud_cards.sections.filled import Filled, SourceMaterial

__all__ = ["fill"]

_REGISTRY = "registry"
_FORMATS = {"text": "text (string)", "image": "image (encoded bytes)", "audio": "audio (encoded bytes)"}


def fill(source: SourceMaterial) -> dict[str, Filled]:
    """Fields of the sections identity, status and integrity, and the model's contract."""
    inputs = source.inputs
    version = inputs.version
    previous = inputs.previous_version
    reads = [_FORMATS.get(m, str(m)) for m in inputs.modalities]
    labels = ", ".join(inputs.task.labels)
    filled = {
        "identity.name": Filled.text(version.name, origin=_REGISTRY),
        "identity.version": Filled.text(str(version.version), origin=_REGISTRY),
        "identity.date": Filled.text(
            version.created_at.astimezone(UTC).isoformat(timespec="seconds"), origin=_REGISTRY
        ),
        "identity.previous_version": Filled.text(
            "none: this is the first version" if previous is None else str(previous), origin=_REGISTRY
        ),
        "identity.task": Filled.text(inputs.task.type.value, origin="ombud.yaml: task.type"),
        "identity.modalities": Filled.text(", ".join(inputs.modalities), origin="ombud.yaml: modalities"),
        "architecture.input": Filled.text(
            "; ".join(reads) + ". Any of them may be absent.", origin="ombud.yaml: modalities"
        ),
        "integrity.model_digest": Filled.text(version.model_digest, origin=_REGISTRY),
    }
    if labels:
        filled["architecture.output"] = Filled.text(
            f"probabilities of {len(inputs.task.labels)} classes: {labels}", origin="ombud.yaml: task.labels"
        )
    if version.source:
        filled["identity.artifact"] = Filled.text(version.source, origin=_REGISTRY)
    if version.run_id:
        filled["identity.run"] = Filled.text(version.run_id, origin=_REGISTRY)
    if inputs.evidence:
        filled["integrity.evidence"] = _evidence(source)
    return filled | _gate(source)


def _evidence(source: SourceMaterial) -> Filled:
    rows: list[tuple[Cell, ...]] = []
    for kind in sorted(source.inputs.evidence):
        document = source.inputs.evidence[kind]
        seq = source.inputs.ledger_seq.get(document.digest)
        entry = "not recorded" if seq is None else str(seq)
        rows.append((kind.value.replace("_", " "), document.digest, document.run_id, entry))
    columns = ("Document", "Digest", "Run", "Ledger entry")
    return Filled.tables([Table("Documents that this card was built from", columns, tuple(rows))])


def _gate(source: SourceMaterial) -> dict[str, Filled]:
    gate = source.document(EvidenceKind.GATE)
    checks = gate.get("checks") if gate else None
    if gate is None or checks is None:
        return {}
    rows: list[tuple[Cell, ...]] = []
    for check in checks.elements():
        value, threshold = check.get("value"), check.get("threshold")
        passed = check.flag("passed")
        blocking = check.flag("blocking")
        outcome = "passed" if passed else ("failed" if blocking else "warning")
        rows.append(
            (
                check.text("title"),
                outcome,
                value.number() if value else None,
                threshold.number() if threshold else None,
                check.text("reason") or None,
            )
        )
    verdict = "passed" if gate.flag("passed") else "refused"
    table = Table(
        f"Gate checks: {verdict}",
        ("Check", "Outcome", "Value", "Threshold", "Reason"),
        tuple(rows),
        source.synthetic_evaluation,
    )
    return {"status.gate": Filled.tables([table], place=gate)}
