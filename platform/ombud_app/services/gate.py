"""The gate: what a version must show before people are asked to sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ombud.domain.card import StoredCard
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.ports import Transaction, UnitOfWork
from ombud.project import Project
from ombud_app.services.recording import Recorder
from ombud_cards import completeness

__all__ = ["GateCheck", "GateService"]


@dataclass(frozen=True)
class GateCheck:
    """One condition, with the numbers that decided it.

    A check without its number does not pass: what could not be measured was not shown.

    Args:
        code: Stable code, ``gate.<noun>``.
        title: What is asked.
        passed: Whether it holds.
        blocking: Whether the gate stays shut when it does not.
        value: The number seen; None when it could not be had.
        threshold: The number asked for.
        reason: Why it failed or could not be judged; empty otherwise.
    """

    code: str
    title: str
    passed: bool
    blocking: bool
    value: float | None
    threshold: float | None
    reason: str = ""


@dataclass(frozen=True)
class GateService:
    """Judges a version by its evidence and records the result.

    Args:
        uow: Where evidence is read from.
        recorder: Puts the report on record.
        project: Holds the thresholds.
    """

    uow: UnitOfWork
    recorder: Recorder
    project: Project

    def judge(self, model: str, version: int, *, run_id: str) -> Evidence:
        """Run every check; records GATE evidence ``{"checks": [...], "passed": bool}``."""
        with self.uow.begin(write=False) as tx:
            checks = self._checks(tx, model, version)
        passed = all(c.passed for c in checks if c.blocking)
        content: dict[str, Any] = {"checks": [asdict(c) for c in checks], "passed": passed}
        return self.recorder.record(
            EvidenceKind.GATE,
            model,
            version,
            content,
            run_id=run_id,
            reason="gate passed" if passed else "gate refused: " + _first_failure(checks),
        )

    def _checks(self, tx: Transaction, model: str, version: int) -> list[GateCheck]:
        gate = self.project.gate
        evaluation = tx.evidence.latest(EvidenceKind.EVALUATION, model, version)
        bias = tx.evidence.latest(EvidenceKind.BIAS_AUDIT, model, version)
        data = tx.evidence.latest(EvidenceKind.DATA_AUDIT, model, 0)
        card = tx.cards.current(model, version)
        metrics: Mapping[str, Any] = evaluation.content["metrics"] if evaluation else {}
        checks = [
            _at_least(
                "gate.accuracy",
                "Fused accuracy on the test split",
                metrics.get("accuracy.fused"),
                gate.min_accuracy,
            ),
            _at_most(
                "gate.calibration",
                "Expected calibration error, fused",
                metrics.get("calibration_error.fused"),
                gate.max_calibration_error,
            ),
            _disparity(bias, gate.max_disparity),
            _data_audit(data),
        ]
        for name in sorted(metrics):
            if name.startswith("accuracy.only."):
                modality = name.removeprefix("accuracy.only.")
                checks.append(
                    _at_least(
                        f"gate.alone.{modality}",
                        f"Accuracy with {modality} alone",
                        metrics[name],
                        gate.min_unimodal_accuracy,
                        blocking=False,
                    )
                )
        checks.append(_card(card, gate.min_completeness))
        return checks


def _first_failure(checks: list[GateCheck]) -> str:
    failed = next(c for c in checks if c.blocking and not c.passed)
    return f"{failed.title} ({failed.reason or failed.value})"


def _number(number: Mapping[str, Any] | None) -> tuple[float | None, str]:
    if number is None:
        return None, "it was not measured"
    value = number.get("value")
    return (None, str(number.get("reason") or "it was not measured")) if value is None else (float(value), "")


def _at_least(
    code: str, title: str, number: Mapping[str, Any] | None, threshold: float, *, blocking: bool = True
) -> GateCheck:
    value, reason = _number(number)
    passed = value is not None and value >= threshold
    return GateCheck(code, title, passed, blocking, value, threshold, reason or ("" if passed else "below"))


def _at_most(code: str, title: str, number: Mapping[str, Any] | None, threshold: float) -> GateCheck:
    value, reason = _number(number)
    passed = value is not None and value <= threshold
    return GateCheck(code, title, passed, True, value, threshold, reason or ("" if passed else "above"))


def _disparity(bias: Evidence | None, threshold: float) -> GateCheck:
    title = "Largest accuracy difference between groups that the data can tell"
    if bias is None:
        return GateCheck("gate.disparity", title, False, True, None, threshold, "there is no bias audit")
    found = [
        (float(d["value"]["value"]), f"{a['attribute']}: {d['reason'] or d['status']}")
        for a in bias.content["attributes"]
        for d in a["disparities"]
        if d["kind"] == "difference" and d["status"] == "finding" and d["value"]["value"] is not None
    ]
    if not bias.content["attributes"]:
        # Nobody is kept out for having nothing to compare, but nobody may take it for a clean audit either.
        nothing = "no protected attribute is named in ombud.yaml, so nothing was audited"
        return GateCheck("gate.disparity", title, False, False, None, threshold, nothing)
    worst, reason = max(found, default=(0.0, ""))
    return GateCheck("gate.disparity", title, worst <= threshold, True, worst, threshold, reason)


def _data_audit(data: Evidence | None) -> GateCheck:
    title = "Data passed its audit"
    if data is None:
        return GateCheck("gate.data", title, False, True, None, None, "there is no data audit")
    passed = bool(data.content["passed"])
    return GateCheck("gate.data", title, passed, True, None, None, "" if passed else "the audit found errors")


def _card(card: StoredCard | None, threshold: float) -> GateCheck:
    title = "Model card is complete enough"
    if card is None:
        return GateCheck("gate.card", title, False, True, None, threshold, "there is no card yet")
    share = completeness(card.core).fraction
    passed = share >= threshold
    return GateCheck(
        "gate.card", title, passed, True, share, threshold, "" if passed else "fields are missing"
    )
