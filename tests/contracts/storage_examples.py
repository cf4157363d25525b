"""Plausible nouns for the storage contracts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ombud.domain.alert import Alert, AlertStatus, Severity
from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.card import StoredCard
from ombud.domain.events import AuditEvent
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.identity import Actor, ApiToken, Role
from ombud.domain.modality import AUDIO
from ombud.domain.rollout import (
    Arm,
    Increment,
    OutboxItem,
    Outcome2x2,
    Rollout,
    RolloutEvent,
    RolloutPlan,
    RolloutState,
    Step,
)
from ombud.domain.verdict import Contribution, Grade, Outcome, StoredVerdict, Verdict
from ombud.domain.window import Window
from ombud.governance.canonical import digest

MIDNIGHT = datetime(2026, 11, 1, tzinfo=UTC)


def at(minutes: float = 0) -> datetime:
    return MIDNIGHT + timedelta(minutes=minutes)


def event(action: str = "rollout.transition", **details: str) -> AuditEvent:
    return AuditEvent("anna", "admin", action, "rollout:r-1", "because — ✓", at(), details=details)


def evidence(
    content: Mapping[str, object],
    *,
    kind: EvidenceKind = EvidenceKind.EVALUATION,
    version: int = 1,
    run_id: str = "run-1",
    minutes: float = 0,
) -> Evidence:
    return Evidence(digest(content), kind, "digits", version, run_id, at(minutes), content)


def card(version: int = 1, *, annex: Mapping[str, object] | None = None, minutes: float = 0) -> StoredCard:
    core: Mapping[str, object] = {"name": "digits", "version": version, "accuracy": 0.9375}
    living = annex or {}
    return StoredCard("digits", version, digest(core), digest(living), core, living, at(minutes))


def window(partition: str, *, version: int = 1, n: int = 100, minutes: float = 0) -> Window:
    return Window(
        f"digits/{version}/{partition}",
        "digits",
        version,
        partition,
        at(minutes),
        at(minutes + 1440),
        n,
        0,
        at(minutes + 1441),
        {"report": "/reports/1"},
    )


def verdict(verdict_id: str, *, version: int = 1, window_id: str = "w", minutes: float = 0) -> StoredVerdict:
    said = Verdict(
        "audio.harm",
        AUDIO,
        "mmd",
        Outcome.DRIFT,
        Grade.ESTIMATED_HARM,
        500,
        100,
        clusters_current=4,
        statistic=float("inf"),
        p_value=0.001,
        threshold=0.0125,
        effect=-12.5,
        effect_unit="accuracy points",
        causes=(Contribution("loudness", 0.1, 0.4, 3.0),),
    )
    return StoredVerdict(verdict_id, "digits", version, window_id, False, at(minutes), "run-1", said)


def alert(
    alert_id: str,
    *,
    fingerprint: str = "digits/1/drift/audio",
    status: AlertStatus = AlertStatus.OPEN,
    minutes: float = 0,
    evidence: tuple[str, ...] = ("v-1",),
) -> Alert:
    return Alert(
        alert_id,
        fingerprint,
        "digits",
        1,
        "drift",
        AUDIO,
        Grade.ESTIMATED_HARM,
        Severity.CRITICAL,
        "Audio has drifted",
        "Loudness rose from 0.1 to 0.4.",
        evidence,
        {"window": "/windows/1"},
        status,
        at(minutes),
        at(minutes),
        {"route": "console"},
    )


def approval(
    approval_id: str,
    *,
    actor: str = "anna",
    card_digest: str = "sha256:c",
    kind: ApprovalKind = ApprovalKind.RELEASE,
    version: int = 1,
    minutes: float = 0,
) -> Approval:
    return Approval(
        approval_id,
        kind,
        "digits",
        version,
        card_digest,
        "sha256:m",
        actor,
        Role.MODEL_OWNER,
        Decision.APPROVED,
        "Read it.",
        at(minutes),
    )


def rollout(
    rollout_id: str = "r-1",
    *,
    seq: int = 1,
    state: RolloutState = RolloutState.REGISTERED,
    model: str = "digits",
    minutes: float = 0,
) -> Rollout:
    plan = RolloutPlan(steps=(Step(0.1, 50), Step(0.5, 100)), bake_seconds=1.5)
    return Rollout(rollout_id, model, 2, 1, plan, state, 0, seq, "ci", at(minutes), at(minutes + seq))


def transition(
    rollout_id: str = "r-1",
    *,
    seq: int = 1,
    target: RolloutState = RolloutState.REGISTERED,
    actor: str = "ombud:judge",
    key: str | None = None,
) -> RolloutEvent:
    numbers = {"e_value": 0.5, "n": 100, "bounds": [0.25, None]}
    source = None if seq == 1 else RolloutState.REGISTERED
    return RolloutEvent(
        rollout_id,
        seq,
        source,
        target,
        0,
        actor,
        "service",
        "moved",
        numbers,
        digest(numbers),
        key or f"{rollout_id}:{seq}:{actor}",
        at(seq),
    )


def increment(look: int, *, segment: str = "all") -> Increment:
    return Increment(
        look,
        RolloutState.RAMP,
        1,
        segment,
        at(look),
        paired=Outcome2x2(3, 2, 1, 0),
        requests={Arm.CONTROL: 90, Arm.CHALLENGER: 10},
        errors={Arm.CONTROL: 3, Arm.CHALLENGER: 1},
    )


def outbox_item(key: str, *, minutes: float = 0) -> OutboxItem:
    return OutboxItem(key, "set_alias", {"alias": "champion", "version": 2, "weights": [0.5]}, at(minutes))


def token(token_id: str = "t-1", *, secret_hash: str = "sha256:s") -> ApiToken:
    actor = Actor("ci", frozenset({Role.SUBMITTER, Role.AUDITOR}))
    return ApiToken(token_id, secret_hash, actor, at(), at(60))
