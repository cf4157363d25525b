"""The fields of a card: the explicit list that completeness counts against.

The list is the union of what the public card schemas ask for. Adding a field here adds it to every
card (as missing, until something fills it), so the denominator is written down before the answers are.

Source: Model Card Toolkit 0.0.2; Hugging Face model card; Amazon SageMaker model card; CycloneDX 1.6
    ``modelCard``; SPDX 3 AI profile; Croissant RAI; Regulation (EU) 2024/1689, Annex IV and VIII; AWS
    service cards; NVIDIA Model Card++.
Limits: What happens in production (drift, alerts, rollouts) is not here but in the live annex.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["FIELDS", "SECTIONS", "Filler", "Spec", "spec"]


class Filler(StrEnum):
    """Who is meant to fill a field."""

    MACHINE = "machine"
    PERSON = "person"


@dataclass(frozen=True)
class Spec:
    """What the catalogue says about one field.

    Args:
        key: ``section.name``.
        title: What a reader sees.
        filler: Machine or person.
        who: The job that measures it, or the role that states it.
        ask: What measures it, or what to state.
        counted: False for what completeness leaves out: the gate judges completeness, so its own
            outcome must not move it.
    """

    key: str
    title: str
    filler: Filler
    who: str
    ask: str
    counted: bool = True


SECTIONS: tuple[tuple[str, str], ...] = (
    ("identity", "Identity"),
    ("status", "Status"),
    ("architecture", "Architecture"),
    ("intended_use", "Intended use"),
    ("risk", "Risk"),
    ("data", "Data"),
    ("quantitative", "Quantitative analysis"),
    ("fairness", "Fairness"),
    ("oversight", "Oversight"),
    ("environment", "Environment"),
    ("integrity", "Integrity"),
)
"""Section key → title, in reading order."""


def _machine(key: str, title: str, who: str, ask: str, *, counted: bool = True) -> Spec:
    return Spec(key, title, Filler.MACHINE, who, ask, counted)


def _person(key: str, title: str, who: str, ask: str) -> Spec:
    return Spec(key, title, Filler.PERSON, who, ask)


_OWNER, _OFFICER, _STEWARD = "model owner", "compliance officer", "data steward"
_TRAINING, _EVALUATION, _REGISTRY = "training run", "evaluation", "registry"
_SHEET, _AUDIT, _BIAS, _PROJECT = "data sheet", "data audit", "bias audit", "project file"

FIELDS: tuple[Spec, ...] = (
    _machine("identity.name", "Name", _REGISTRY, "Register the model."),
    _machine("identity.version", "Version", _REGISTRY, "Register the model."),
    _machine("identity.date", "Registered", _REGISTRY, "Register the model."),
    _machine("identity.previous_version", "Previous version", _REGISTRY, "Register the model."),
    _machine("identity.task", "Task", _PROJECT, "Declare task."),
    _machine("identity.modalities", "Reads", _PROJECT, "Declare modalities."),
    _machine("identity.artifact", "Artifact", _REGISTRY, "Register the model."),
    _machine("identity.run", "Tracking run", _REGISTRY, "Log the model from a tracking run."),
    _machine(
        "identity.base_model",
        "Base model",
        _TRAINING,
        "Let the trainer name it among the parts it describes.",
    ),
    _machine("identity.container", "Container image", _TRAINING, "Let the trainer name it."),
    _person("identity.owners", "Owners", _OWNER, "Who answers for the model."),
    _person("identity.contact", "Contact", _OWNER, "Where users of the model can write to."),
    _person("identity.licence", "Licence", _OWNER, "Licence of the model, as an SPDX expression."),
    _person("identity.citation", "Citation", _OWNER, "How to cite the model."),
    _machine("status.gate", "Gate checks", "gate", "Run the gate.", counted=False),
    _person("status.market", "Market status", _OFFICER, "Not placed on the market, in service, withdrawn."),
    _machine(
        "architecture.family", "Family", _TRAINING, "Let the trainer name it among the parts it describes."
    ),
    _machine("architecture.description", "Description", _TRAINING, "Let the trainer describe its parts."),
    _machine("architecture.input", "Input", _PROJECT, "Declare modalities."),
    _machine("architecture.output", "Output", _PROJECT, "Declare task.labels."),
    _machine("architecture.hyperparameters", "Hyperparameters", _TRAINING, "Train through Ombud."),
    _machine("architecture.training", "Training metrics", _TRAINING, "Train through Ombud."),
    _machine("architecture.software", "Software", _TRAINING, "Let the training run record its environment."),
    _person("architecture.autonomy", "Autonomy", _OWNER, "Does it advise, decide with a person, or alone?"),
    _person(
        "architecture.rationale", "Design rationale", _OWNER, "Why this design; assumptions, trade-offs."
    ),
    _person("intended_use.direct", "Intended use", _OWNER, "What the model is for."),
    _person("intended_use.users", "Users", _OWNER, "Who is meant to use it."),
    _person("intended_use.downstream", "Downstream use", _OWNER, "What may be built on it."),
    _person("intended_use.out_of_scope", "Out-of-scope use", _OWNER, "What it must not be used for."),
    _person("intended_use.stakeholders", "Stakeholders", _OWNER, "Who is affected by its answers."),
    _person(
        "intended_use.limitations", "Limitations", _OWNER, "Conditions under which it fails or confounds."
    ),
    _person("risk.rating", "Risk class", _OFFICER, "The class, under which law."),
    _person("risk.regulations", "Regulations that apply", _OFFICER, "Which regulations and standards apply."),
    _person(
        "risk.assessment", "Risk assessment", _OFFICER, "Known and foreseeable risks, with their rating."
    ),
    _person("risk.mitigations", "Mitigations", _OFFICER, "What is done about each risk."),
    _person("risk.standards", "Standards applied", _OFFICER, "Harmonised standards and specifications."),
    _person(
        "risk.security", "Security and red-team results", _OFFICER, "Attacks tried, and what came of them."
    ),
    _machine("data.name", "Data set", _SHEET, "Prepare the training data."),
    _machine("data.synthetic", "Real or synthetic", _SHEET, "Prepare the training data."),
    _machine("data.provenance", "Provenance", _SHEET, "Declare data.provenance."),
    _machine("data.licence", "Data licence", _SHEET, "Declare data.licence."),
    _machine("data.splits", "Splits", _SHEET, "Prepare the training data."),
    _machine("data.labels", "Labels", _SHEET, "Prepare the training data."),
    _machine("data.groups", "Groups", _SHEET, "Declare protected attributes."),
    _machine("data.disjoint", "Splits share nobody", _SHEET, "Declare clusters."),
    _machine("data.schema", "Schema", _SHEET, "Prepare the training data."),
    _machine("data.audit", "Data audit", _AUDIT, "Prepare the training data."),
    _person("data.collection", "Collection", _STEWARD, "How and why the data was collected."),
    _person("data.cleaning", "Cleaning", _STEWARD, "What was removed, changed or imputed."),
    _person("data.labelling", "Labelling", _STEWARD, "Who labelled, by which rule, with what agreement."),
    _person("data.sensitive", "Sensitive data", _STEWARD, "Personal or special categories, and the basis."),
    _person("data.biases", "Known biases", _STEWARD, "Who or what is over- or under-represented."),
    _person("data.maintenance", "Maintenance", _STEWARD, "Who updates the data, and when it is deleted."),
    _machine("quantitative.dataset", "Evaluation data", _EVALUATION, "Evaluate the version."),
    _machine("quantitative.accuracy", "Accuracy", _EVALUATION, "Evaluate the version."),
    _machine("quantitative.calibration", "Expected calibration error", _EVALUATION, "Evaluate the version."),
    _machine("quantitative.log_loss", "Log loss", _EVALUATION, "Evaluate the version."),
    _machine("quantitative.modalities", "By modality", _EVALUATION, "Evaluate the version."),
    _machine("quantitative.groups", "By group", _EVALUATION, "Evaluate with protected attributes."),
    _machine("quantitative.confusion", "Confusion matrix", _EVALUATION, "Evaluate the version."),
    _machine("fairness.metrics", "Metrics by group", _BIAS, "Run the bias audit."),
    _machine("fairness.disparities", "Disparities", _BIAS, "Run the bias audit."),
    _machine("fairness.method", "Method", _BIAS, "Run the bias audit."),
    _person("fairness.groups_at_risk", "Groups at risk", _OFFICER, "Who may be harmed, and how."),
    _machine("oversight.monitoring", "Monitoring in force", _PROJECT, "Declare monitors and budget."),
    _machine("oversight.rollout", "Rollout policy in force", _PROJECT, "Declare rollout and gate."),
    _machine("oversight.records", "Record keeping in force", _PROJECT, "Declare retention_days."),
    _person("oversight.measures", "Human oversight", _OWNER, "Who watches, and how they can intervene."),
    _person("oversight.escalation", "Escalation", _OWNER, "Who is told, in which order."),
    _person(
        "oversight.changes", "Pre-determined changes", _OWNER, "Changes planned without a new assessment."
    ),
    _person("oversight.explanations", "Explanations", _OWNER, "What is told to people about an answer."),
    _machine("environment.duration", "Training time", _TRAINING, "Let the trainer report fit_seconds."),
    _machine("environment.hardware", "Hardware", _TRAINING, "Let the training run record its hardware."),
    _machine("environment.energy", "Energy", _TRAINING, "Measure it during training (kWh)."),
    _machine("environment.co2", "CO2 equivalent", _TRAINING, "Measure it during training (kg)."),
    _machine("integrity.model_digest", "Model digest", _REGISTRY, "Register the model."),
    _machine("integrity.evidence", "Evidence", "every job", "Run evaluation, bias audit and gate."),
)
"""Every field, in reading order."""

_BY_KEY = {s.key: s for s in FIELDS}


def spec(key: str) -> Spec | None:
    """The catalogue's line about a field; None for an unknown key.

    Example:
        >>> spec("identity.owners").who
        'model owner'
    """
    return _BY_KEY.get(key)
