"""A version with everything on record, small enough to check by eye."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ombud.domain.card import StoredCard
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.model_version import ModelVersion
from ombud.domain.task import Task, TaskType
from ombud.governance.canonical import digest
from ombud_cards import CardInputs, Clause, Statement, build
from unit.cards.specimen_annex import annex

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MODEL = "digits"


def number(
    value: float | None, low: float | None, high: float | None, n: int, reason: str = ""
) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n, "unit": "share", "reason": reason}


def evaluation(*, audio: float = 0.933, synthetic: bool = True) -> dict[str, Any]:
    return {
        "dataset": {"name": "test", "digest": "sha256:" + "1" * 64, "n": 1200, "synthetic": synthetic},
        "metrics": {
            "accuracy.fused": number(0.9975, 0.9921, 0.9995, 1200),
            "calibration_error.fused": number(0.0112, 0.0071, 0.0169, 1200),
            "log_loss.fused": {
                "value": 0.021,
                "low": 0.013,
                "high": 0.034,
                "n": 1200,
                "unit": "nats",
                "reason": "",
            },
            "accuracy.only.text": number(0.924, 0.902, 0.943, 1200),
            "accuracy.only.image": number(0.981, 0.969, 0.990, 1200),
            "accuracy.only.audio": number(audio, audio - 0.045, min(audio + 0.031, 1.0), 1200),
            "accuracy.without.text": number(0.994, 0.987, 0.998, 1200),
            "accuracy.without.image": number(0.981, 0.968, 0.990, 1200),
            "accuracy.without.audio": number(0.996, 0.990, 0.999, 1200),
            "calibration_error.only.text": number(0.022, 0.015, 0.034, 1200),
            "calibration_error.only.image": number(0.012, 0.008, 0.019, 1200),
            "calibration_error.only.audio": number(0.041, 0.022, 0.066, 1200),
        },
        "groups": [
            {
                "attribute": "speaker_gender",
                "group": g,
                "n": n,
                "clusters": c,
                "accuracy": number(v, v - 0.02, 1.0, n),
            }
            for g, n, c, v in (("female", 381, 9, 0.995), ("male", 819, 12, 0.9982))
        ],
        "labels": ["zero", "one", "two"],
        "confusion": [[400, 0, 1], [1, 398, 0], [0, 1, 399]],
    }


def bias() -> dict[str, Any]:
    def group(name: str, n: int, clusters: int, accuracy: float) -> dict[str, Any]:
        metrics = {
            "accuracy": number(accuracy, accuracy - 0.02, 1.0, n),
            "macro_recall": number(accuracy, None, None, n, "no honest interval"),
        }
        return {"group": name, "n": n, "clusters": clusters, "metrics": metrics}

    few = "9 speakers; 30 would do"
    return {
        "attributes": [
            {
                "attribute": "speaker_gender",
                "cluster": "speaker_id",
                "groups": [group("female", 381, 9, 0.995), group("male", 819, 12, 0.9982)],
                "disparities": [
                    {
                        "metric": "accuracy",
                        "kind": "difference",
                        "value": number(None, None, None, 1200, few),
                        "status": "not_applicable",
                        "reason": few,
                    }
                ],
            },
            {
                "attribute": "writer_group",
                "cluster": None,
                "groups": [group("employee", 960, 80, 0.99), group("student", 240, 40, 0.93)],
                "disparities": [
                    {
                        "metric": "accuracy",
                        "kind": "difference",
                        "value": number(0.06, 0.021, 0.102, 1200),
                        "status": "finding",
                        "reason": "employee against student",
                    },
                    {
                        "metric": "accuracy",
                        "kind": "ratio",
                        "value": number(0.939, 0.896, 0.979, 1200),
                        "status": "no_finding",
                        "reason": "",
                    },
                ],
            },
        ],
        "level": 0.05,
        "resamples": 2000,
        "method": "Bootstrap by cluster, Holm's correction.",
    }


CONTENTS: dict[EvidenceKind, dict[str, Any]] = {
    EvidenceKind.TRAINING: {
        "hyperparameters": {
            "learning_rate": 0.001,
            "epochs": 12,
            "early_stopping": True,
            "optimizer": "adamw",
        },
        "metrics": {"fit_seconds": 41.2, "parameters": 412344.0, "validation_loss": 0.0312},
        "architecture": {
            "family": "late-fusion network",
            "branch.audio": "Log-mel spectrogram through three convolutions.",
            "fusion": "Sum of the branches' logits plus a correction.",
        },
        "datasets": {
            "train": {"name": "train", "digest": "sha256:" + "2" * 64, "n": 2500, "synthetic": True}
        },
    },
    EvidenceKind.EVALUATION: evaluation(),
    EvidenceKind.BIAS_AUDIT: bias(),
    EvidenceKind.DATA_SHEET: {
        "name": "digits",
        "synthetic": True,
        "provenance": "Drawn, synthesised and templated by a seeded generator.",
        "licence": "CC0-1.0",
        "splits": {
            name: {
                "n": n,
                "digest": "sha256:" + str(i) * 64,
                "labels": {"zero": n // 2, "one": n // 4, "two": n - n // 2 - n // 4},
                "modalities": {"text": n, "image": n, "audio": n - 7},
            }
            for i, (name, n) in enumerate((("train", 2500), ("val", 400), ("test", 1200)), start=3)
        },
        "attributes": {"speaker_gender": {"female": 1080, "male": 3020}},
        "clusters": {"speaker_id": {"train": 36, "val": 6, "test": 21}},
        "disjoint": {"speaker_id": True, "writer_id": True},
        "schema": [
            {"name": "id", "type": "string", "nullable": False},
            {"name": "audio", "type": "binary", "nullable": True},
        ],
    },
    EvidenceKind.DATA_AUDIT: {
        "findings": [
            {
                "code": "data.repetition",
                "severity": "warning",
                "title": "Sentences repeat within train",
                "count": 41,
                "examples": ["a1", "a2"],
                "remedy": "Count them once where it matters.",
            }
        ],
        "passed": True,
    },
    EvidenceKind.GATE: {
        "checks": [
            {
                "code": "gate.accuracy",
                "title": "Fused accuracy on the test split",
                "passed": True,
                "blocking": True,
                "value": 0.9975,
                "threshold": 0.9,
                "reason": "",
            },
            {
                "code": "gate.alone.audio",
                "title": "Accuracy with audio alone",
                "passed": False,
                "blocking": False,
                "value": 0.933,
                "threshold": 0.95,
                "reason": "below",
            },
        ],
        "passed": True,
    },
}

STATEMENTS = {
    "identity.owners": Statement(("anna@example.org", "ben@example.org"), "ombud.yaml: governance.owners"),
    "intended_use.direct": Statement(
        "Reads a digit that one person wrote, spoke and described.", "ombud.yaml: governance.intended_use"
    ),
    "risk.rating": Statement("minimal", "ombud.yaml: governance.risk_class"),
    "risk.assessment": Statement("  ", "ombud.yaml: governance.card.risk.assessment"),
}

CLAUSES = {
    "risk.assessment": (Clause("EU AI Act", "Annex IV(5)", "Risk management system"),),
    "oversight.measures": (Clause("EU AI Act", "Art. 14"), Clause("EU AI Act", "Annex IV(2)(e)")),
}


def evidence_of(kind: EvidenceKind, content: Mapping[str, Any], version: int = 2) -> Evidence:
    run = f"run-{kind.value.replace('_', '-')}"
    return Evidence(digest(content), kind, MODEL, version, run, AT, content)


def inputs(**changes: Any) -> CardInputs:
    evidence = {kind: evidence_of(kind, content) for kind, content in CONTENTS.items()}
    settings: dict[str, Any] = {
        "version": ModelVersion(MODEL, 2, "sha256:" + "a" * 64, "mlrun-2", "models:/digits/2", AT),
        "task": Task(TaskType.CLASSIFICATION, ("zero", "one", "two")),
        "modalities": (TEXT, IMAGE, AUDIO),
        "evidence": evidence,
        "ledger_seq": {e.digest: 10 + i for i, e in enumerate(evidence.values())},
        "previous_version": 1,
        "statements": STATEMENTS,
        "declared": {"oversight.monitoring": [("False-alarm budget", "at most 5% in 30 days")]},
        "clauses": CLAUSES,
        "annex": annex(),
    }
    return CardInputs(**{**settings, **changes})


def stored(given: CardInputs | None = None) -> StoredCard:
    draft = build(given or inputs())
    return StoredCard(MODEL, 2, digest(draft.core), digest(draft.annex), draft.core, draft.annex, AT)


def full_card() -> StoredCard:
    """A card whose first two signatures are for its own core."""
    core = stored().core_digest
    return stored(inputs(annex=annex(core)))
