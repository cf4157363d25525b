"""The live annex: what happened to the version since it was made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ombud.domain.alert import Alert
from ombud.domain.approval import Approval
from ombud.domain.evidence import Evidence, JsonObject
from ombud.domain.rollout import Rollout, RolloutEvent, RolloutState
from ombud.domain.verdict import Outcome, StoredVerdict
from ombud.domain.window import Window
from ombud_cards.inputs import CardInputs
from ombud_cards.schema import finite

__all__ = ["SCHEMA", "build_annex"]

SCHEMA = "ombud.card-annex/1"
"""Name and version of the annex's layout."""

_WINDOWS_SHOWN = 60
_CAUSES_SHOWN = 3
_BETWEEN = ("cross_modal", "fused")


def build_annex(inputs: CardInputs) -> JsonObject:
    """The living part of the card as JSON; timelines are cut to the last 60 windows."""
    live = inputs.annex
    return {
        "schema": SCHEMA,
        "aliases": sorted(live.aliases),
        "approvals": [_approval(a) for a in live.approvals],
        "windows": {
            "looked_at": len(live.windows),
            "requests": sum(w.n for w in live.windows),
            "labelled": sum(w.labelled for w in live.windows),
            "recent": [_window(w) for w in live.windows[-_WINDOWS_SHOWN:]],
        },
        "drift": _drift(inputs),
        "alerts": [_alert(a) for a in live.alerts],
        "rollouts": [_rollout(r, events, inputs.version.version) for r, events in live.rollouts],
        "rollbacks": sum(
            r.state is RolloutState.ROLLED_BACK and r.challenger == inputs.version.version
            for r, _ in live.rollouts
        ),
        "ledger_head": (
            None
            if live.ledger_head is None
            else {"seq": live.ledger_head.seq, "entry_hash": live.ledger_head.entry_hash}
        ),
        "evidence": [
            _evidence(inputs.evidence[kind], inputs.ledger_seq.get(inputs.evidence[kind].digest))
            for kind in sorted(inputs.evidence)
        ],
    }


def _drift(inputs: CardInputs) -> list[dict[str, Any]]:
    """Per declared modality, then for what lies between: the newest verdict of each monitor."""
    verdicts = inputs.annex.verdicts
    seen = [v.verdict.modality for v in verdicts]
    names = [*inputs.modalities, *(m for m in _BETWEEN if m in seen)]
    partitions = {w.window_id: w.partition for w in inputs.annex.windows}
    report = []
    for name in names:
        mine = [v for v in verdicts if v.verdict.modality == name]
        newest: dict[tuple[str, str], StoredVerdict] = {
            (v.verdict.monitor, v.verdict.detector): v for v in mine
        }
        timeline: dict[str, list[StoredVerdict]] = {}
        for v in mine:
            timeline.setdefault(v.window_id, []).append(v)
        outcomes = [_worst(vs) for vs in timeline.values()]
        report.append(
            {
                "modality": str(name),
                "looks": len(outcomes),
                "fired": outcomes.count(Outcome.DRIFT.value),
                "not_applicable": outcomes.count(Outcome.NOT_APPLICABLE.value),
                "latest": [_verdict(v) for _, v in sorted(newest.items())],
                "timeline": [
                    {"window_id": w, "partition": partitions.get(w, w), "outcome": _worst(vs)}
                    for w, vs in list(timeline.items())[-_WINDOWS_SHOWN:]
                ],
            }
        )
    return report


def _worst(verdicts: Sequence[StoredVerdict]) -> str:
    """The outcome of one window: our own monitors speak, second opinions do not."""
    outcomes = {v.verdict.outcome for v in verdicts if not v.advisory}
    for outcome in (Outcome.DRIFT, Outcome.QUIET):
        if outcome in outcomes:
            return outcome.value
    return Outcome.NOT_APPLICABLE.value


def _verdict(stored: StoredVerdict) -> dict[str, Any]:
    v = stored.verdict
    return {
        "verdict_id": stored.verdict_id,
        "window_id": stored.window_id,
        "monitor": v.monitor,
        "detector": v.detector,
        "advisory": stored.advisory,
        "outcome": v.outcome.value,
        "grade": v.grade.value,
        "at": _time(stored.at),
        "run_id": stored.run_id,
        "n_reference": v.n_reference,
        "n_current": v.n_current,
        "clusters_reference": v.clusters_reference,
        "clusters_current": v.clusters_current,
        "statistic": finite(v.statistic),
        "p_value": finite(v.p_value),
        "e_value": finite(v.e_value),
        "threshold": finite(v.threshold),
        "effect": finite(v.effect),
        "effect_unit": v.effect_unit,
        "effect_low": finite(v.effect_low),
        "effect_high": finite(v.effect_high),
        "minimum_detectable_effect": finite(v.minimum_detectable_effect),
        "reason": v.reason,
        "causes": [
            {
                "name": c.name,
                "reference": finite(c.reference),
                "current": finite(c.current),
                "effect": finite(c.effect),
            }
            for c in v.causes[:_CAUSES_SHOWN]
        ],
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "window_id": window.window_id,
        "partition": window.partition,
        "start": _time(window.start),
        "end": _time(window.end),
        "n": window.n,
        "labelled": window.labelled,
        "links": dict(window.links),
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "kind": alert.kind,
        "modality": None if alert.modality is None else str(alert.modality),
        "severity": alert.severity.value,
        "status": alert.status.value,
        "title": alert.title,
        "cause": alert.cause,
        "evidence": list(alert.evidence),
        "opened_at": _time(alert.opened_at),
        "updated_at": _time(alert.updated_at),
    }


def _rollout(rollout: Rollout, events: Sequence[RolloutEvent], version: int) -> dict[str, Any]:
    return {
        "rollout_id": rollout.rollout_id,
        "role": "challenger" if rollout.challenger == version else "control",
        "challenger": rollout.challenger,
        "control": rollout.control,
        "state": rollout.state.value,
        "reason": rollout.reason,
        "submitted_by": rollout.submitted_by,
        "created_at": _time(rollout.created_at),
        "updated_at": _time(rollout.updated_at),
        "events": [
            {
                "seq": e.seq,
                "from": None if e.source is None else e.source.value,
                "to": e.target.value,
                "step": e.step,
                "actor": e.actor,
                "role": e.role,
                "reason": e.reason,
                "evidence_digest": e.evidence_digest,
                "at": _time(e.at),
            }
            for e in events
        ],
    }


def _approval(approval: Approval) -> dict[str, Any]:
    return {
        "approval_id": approval.approval_id,
        "kind": approval.kind.value,
        "actor": approval.actor,
        "role": approval.role.value,
        "decision": approval.decision.value,
        "reason": approval.reason,
        "card_digest": approval.card_digest,
        "model_digest": approval.model_digest,
        "at": _time(approval.at),
    }


def _evidence(evidence: Evidence, ledger_seq: int | None) -> dict[str, Any]:
    return {
        "digest": evidence.digest,
        "kind": evidence.kind.value,
        "run_id": evidence.run_id,
        "created_at": _time(evidence.created_at),
        "ledger_seq": ledger_seq,
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
