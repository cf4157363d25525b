"""Assessing a version: everything that must be known about it before people are asked to sign.

Dagster's jobs ``train`` and ``assess`` take the same steps one by one; this is the whole of it in one
call, for whoever brings versions of their own and has a terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ombud.domain.card import StoredCard
from ombud.domain.evidence import Evidence
from ombud_app.services.bias_audit import BiasAuditService
from ombud_app.services.card_service import CardService
from ombud_app.services.data_service import DataService
from ombud_app.services.evaluation import EvaluationService
from ombud_app.services.gate import GateService

__all__ = ["Assessment", "AssessmentService"]


@dataclass(frozen=True)
class Assessment:
    """What was found.

    Args:
        evaluation: EVALUATION evidence.
        bias_audit: BIAS_AUDIT evidence.
        gate: GATE evidence.
        card: The card that people sign.
    """

    evaluation: Evidence
    bias_audit: Evidence
    gate: Evidence
    card: StoredCard

    @property
    def passed(self) -> bool:
        """Whether the gate lets people be asked."""
        return self.gate.content["passed"] is True


@dataclass(frozen=True)
class AssessmentService:
    """Audits the data, evaluates, audits for disparities, builds the card, asks the gate.

    Args:
        data: Audits and describes the labelled data.
        evaluation: Evaluates and keeps the monitors' reference.
        bias_audit: Looks for disparities.
        cards: Builds the card.
        gate: Judges.
    """

    data: DataService
    evaluation: EvaluationService
    bias_audit: BiasAuditService
    cards: CardService
    gate: GateService

    def assess(
        self, model: str, version: int, *, run_id: str, say: Callable[[str], None] = lambda _line: None
    ) -> Assessment:
        """Take every step; each one's effect is idempotent, so it may be repeated after a failure.

        Args:
            model: Model name.
            version: Version to assess.
            run_id: Kept with the evidence.
            say: Told what comes next.

        Raises:
            NotFound: No such version, or the data lacks a split that is needed.
            Refused: The data failed its audit.
            BadInput: The data or the version does not fit the project file.
        """
        self.evaluation.registry.version(model, version)
        say("auditing the data")
        self.data.prepare(run_id=run_id)
        say(f"evaluating {model} version {version}: fused, each modality alone, each one left out")
        evaluation = self.evaluation.evaluate(model, version, run_id=run_id)
        say("looking for disparities between groups")
        bias = self.bias_audit.audit(model, version, run_id=run_id)
        say("building the model card and asking the gate")
        self.cards.build(model, version)
        gate = self.gate.judge(model, version, run_id=run_id)
        # The gate's report stands on the card, and people sign the card that says what the gate said.
        return Assessment(evaluation, bias, gate, self.cards.build(model, version))
