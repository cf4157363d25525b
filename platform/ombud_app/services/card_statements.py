"""From ``ombud.yaml`` to a card: what people stated, what is in force, and which clauses ask for it."""

from __future__ import annotations

import difflib

from ombud.errors import BadInput
from ombud.project import Project
from ombud.regulations import clauses_for, matching
from ombud_cards import Clause, Statement
from ombud_cards.catalogue import FIELDS, spec

__all__ = ["clauses", "declared", "statements"]

_GOVERNANCE = {
    "identity.owners": "owners",
    "identity.contact": "contact",
    "identity.licence": "licence",
    "identity.citation": "citation",
    "intended_use.direct": "intended_use",
    "intended_use.users": "users",
    "intended_use.out_of_scope": "out_of_scope_use",
    "intended_use.limitations": "limitations",
    "risk.rating": "risk_class",
    "risk.regulations": "regulations",
    "oversight.measures": "oversight",
    "oversight.escalation": "escalation",
}


def statements(project: Project) -> dict[str, Statement]:
    """Card field → what the project's ``governance`` section states about it.

    Raises:
        BadInput: ``governance.card`` names a field that no card has.
    """
    stated = {
        key: Statement(getattr(project.governance, name), f"ombud.yaml: governance.{name}")
        for key, name in _GOVERNANCE.items()
    }
    for key, text in project.governance.card.items():
        if spec(key) is None:
            near = difflib.get_close_matches(key, [s.key for s in FIELDS], n=1, cutoff=0.5)
            raise BadInput(
                f"ombud.yaml: governance.card.{key}: no such field on a model card",
                remedy=f"Did you mean '{near[0]}'?" if near else "See docs/model-card.md for the fields.",
            )
        stated[key] = Statement(text, f"ombud.yaml: governance.card.{key}")
    return stated


def clauses(project: Project) -> dict[str, tuple[Clause, ...]]:
    """Card field → clauses that ask for it, under the regulations that the project lists."""
    asked = clauses_for(matching(project.governance.regulations))
    return {
        key: tuple(Clause(r.title, c.reference, c.title) for r, c in pairs)
        for key, pairs in asked.items()
        if spec(key) is not None
    }


def declared(project: Project) -> dict[str, list[tuple[str, str]]]:
    """Card field → the settings in force, in words."""
    budget, rollout, gate = project.budget, project.rollout, project.gate
    monitoring = [
        (
            "False-alarm budget",
            f"at most {_percent(budget.probability)} chance of any false page about one version in "
            f"{budget.period_days} days, "
            f"over {budget.looks} planned looks",
        )
    ]
    for modality in (*project.modalities, "cross_modal", "fused"):
        monitor = project.monitors.get(modality)
        if monitor is not None:
            second = f", second opinion {monitor.second_opinion}" if monitor.second_opinion else ""
            monitoring.append(
                (
                    f"Monitor of {modality.replace('_', ' ')}",
                    f"weight {monitor.share:g} in the budget{second}, at least {monitor.minimum_rows} rows",
                )
            )
    retrain = ", ".join(g.replace("_", " ") for g in project.retrain_on)
    monitoring.append(("Retraining", f"started by {retrain}" if retrain else "started by people only"))
    ramp = ", ".join(f"{_percent(s.weight)} for {s.min_requests} labelled requests" for s in rollout.ramp)
    return {
        "oversight.monitoring": monitoring,
        "oversight.rollout": [
            ("False rollback", f"at most {_percent(rollout.alpha)} over the whole rollout"),
            ("Not worse", f"error rate higher by less than {_percent(rollout.delta)} of requests"),
            ("Shadow", f"{rollout.shadow_requests} requests answered by both versions"),
            ("Ramp", ramp or "none"),
            ("Release", f"{gate.release_signatures} signatures: {', '.join(gate.release_roles)}"),
            ("Promotion approval", "asked for" if rollout.promotion_approval else "not asked for"),
            ("Least accuracy", f"{gate.min_accuracy:g}"),
            ("Largest calibration error", f"{gate.max_calibration_error:g}"),
            ("Largest disparity", f"{gate.max_disparity:g}"),
        ],
        "oversight.records": [
            ("Inference records", f"to be kept {project.retention_days} days; nothing is erased by itself"),
            ("Decisions", "append-only ledger, each entry chained to the one before it"),
        ],
    }


def _percent(share: float) -> str:
    return f"{100 * share:g}%"
