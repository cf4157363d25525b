"""What happened to the specimen since it was made: nine windows, an alert, a rollout, three signatures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ombud.domain.alert import Alert, AlertStatus, Severity
from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.identity import Role
from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.rollout import Rollout, RolloutEvent, RolloutPlan, RolloutState
from ombud.domain.verdict import Contribution, Grade, Outcome, StoredVerdict, Verdict
from ombud.domain.window import Window
from ombud_cards import AnnexInputs, LedgerHead

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MODEL = "digits"


def annex(core_digest: str = "sha256:" + "0" * 64, model_digest: str = "sha256:" + "a" * 64) -> AnnexInputs:
    windows, verdicts = [], []
    for day in range(9):
        start = AT + timedelta(days=day)
        partition = start.date().isoformat()
        window_id = f"{MODEL}/2/{partition}"
        windows.append(
            Window(
                window_id,
                MODEL,
                2,
                partition,
                start,
                start + timedelta(days=1),
                300,
                0,
                start + timedelta(days=1),
            )
        )
        for modality in (TEXT, IMAGE, AUDIO):
            drifted = modality == AUDIO and day >= 6
            outcome = Outcome.DRIFT if drifted else (Outcome.NOT_APPLICABLE if day == 2 else Outcome.QUIET)
            said = Verdict(
                monitor=f"{modality}.harm",
                modality=modality,
                detector="mmd",
                outcome=outcome,
                grade=Grade.ESTIMATED_HARM,
                n_reference=1200,
                n_current=300,
                statistic=None if outcome is Outcome.NOT_APPLICABLE else 0.4,
                p_value=None if outcome is Outcome.NOT_APPLICABLE else (0.0007 if drifted else 0.41),
                e_value=float("inf") if drifted else None,
                threshold=0.00417,
                effect=-0.31 if drifted else 0.004,
                effect_unit="accuracy points",
                reason="12 rows; 50 would do" if outcome is Outcome.NOT_APPLICABLE else "",
                causes=(Contribution("signal_to_noise", 24.1, 7.9, -3.2),) if drifted else (),
            )
            verdict_id = f"{window_id}/{modality}.harm/mmd"
            verdicts.append(StoredVerdict(verdict_id, MODEL, 2, window_id, False, start, "run-w", said))
    plan = RolloutPlan()
    rollout = Rollout(
        "r-17", MODEL, 2, 1, plan, RolloutState.PROMOTED, 0, 3, "ci", AT, AT + timedelta(hours=3), "certified"
    )
    path = (
        (None, RolloutState.SHADOW),
        (RolloutState.SHADOW, RolloutState.RAMP),
        (RolloutState.RAMP, RolloutState.PROMOTED),
    )
    events = [
        RolloutEvent(
            "r-17", seq, source, target, 1 if target is RolloutState.RAMP else 0, "ombud:judge", "service",
            "not worse than version 1", {}, "sha256:" + "e" * 64, f"r-17:{seq}", AT + timedelta(hours=seq),
        )
        for seq, (source, target) in enumerate(path, start=1)
    ]  # fmt: skip
    return AnnexInputs(
        aliases=("champion",),
        approvals=[
            Approval(
                f"a-{who}", ApprovalKind.RELEASE, MODEL, 2, seen, model_digest, who, role,
                Decision.APPROVED, "I read every number.", AT,
            )
            for who, role, seen in (
                ("anna@example.org", Role.MODEL_OWNER, core_digest),
                ("carl@example.org", Role.COMPLIANCE_OFFICER, core_digest),
                ("dora@example.org", Role.COMPLIANCE_OFFICER, "sha256:" + "9" * 64),
            )
        ],
        windows=windows,
        verdicts=verdicts,
        alerts=[
            Alert(
                "al-1", "digits/2/drift/audio", MODEL, 2, "drift", AUDIO,
                Grade.ESTIMATED_HARM, Severity.CRITICAL,
                "Audio has gone wrong", "signal_to_noise fell from 24.1 to 7.9.",
                ("v",), {"x": "javascript:alert(1)"}, AlertStatus.OPEN, AT, AT,
            )
        ],
        rollouts=[(rollout, events)],
        ledger_head=LedgerHead(88, "f" * 64),
    )  # fmt: skip
