"""The demonstration's story, written straight into the stores: three versions, one drift, one rollback."""

from __future__ import annotations

from pathlib import Path

from ombud.domain.alert import Alert, AlertStatus, Severity
from ombud.domain.evidence import EvidenceKind
from ombud.domain.identity import Actor, Role
from ombud.domain.modality import AUDIO, FUSED, IMAGE, TEXT, Modality
from ombud.domain.model_version import Alias
from ombud.domain.rollout import Arm, Increment, Outcome2x2, Rollout, RolloutState
from ombud.domain.verdict import Contribution, Grade, Outcome, StoredVerdict, Verdict
from ombud.domain.window import Window
from ombud.rollout.effects import LEASE
from ombud.rollout.judge import judge
from ombud.rollout.moves import Move, apply
from ombud_monitors.sequential import RolloutProcesses
from unit.portal.demo_house import MODEL, PEOPLE, House

JUDGE = Actor("ombud:judge", frozenset({Role.SERVICE}))
S = RolloutState


def play(house: House, folder: Path) -> House:
    """Fill a house with the whole story."""
    first = _candidate(house, folder, accuracy=0.93)
    rollout = house.rollouts.start(MODEL, first, actor=PEOPLE["ci"])
    _walk(house, rollout, [(S.GATED, "gate passed"), (S.APPROVED, "signed by two people")])
    house.sign_by_both(first)
    house.clock.advance(minutes=3)
    _walk(house, rollout, [(S.BOOTSTRAP, "there is no champion yet"), (S.PROMOTED, "alias verified")])
    house.registry.set_alias(MODEL, Alias.CHAMPION, first)
    for day in range(4):
        house.clock.advance(days=1)
        _window(house, version=first, shifted=day >= 2)
    _alert(house, first)
    house.clock.advance(hours=2)
    second = _candidate(house, folder, accuracy=0.95)
    tried = house.rollouts.start(MODEL, second, actor=PEOPLE["ci"])
    house.sign_by_both(second)
    _walk(house, tried, [(S.GATED, "gate passed"), (S.APPROVED, "signed by two people")])
    _walk(house, tried, [(S.SHADOW, "there is a champion to compare with")])
    numbers = _look(house, tried, worse=False)
    _walk(
        house,
        tried,
        [(S.RAMP, "65 of 60 labelled pairs"), (S.CERTIFIED, "not worse by 0.05 or more")],
        numbers,
    )
    _walk(house, tried, [(S.PROMOTING, "policy and approvals agree"), (S.BAKING, "alias verified")], numbers)
    house.registry.set_alias(MODEL, Alias.CHAMPION, second)
    house.clock.advance(hours=1)
    _walk(house, tried, [(S.PROMOTED, "bake time over, no harm")], numbers)
    house.clock.advance(hours=5)
    _window(house, version=second, shifted=False)
    third = _candidate(house, folder, accuracy=0.81)
    broken = house.rollouts.start(MODEL, third, actor=PEOPLE["ci"])
    house.sign_by_both(third)
    _walk(house, broken, [(S.GATED, "gate passed"), (S.APPROVED, "signed by two people")])
    _walk(house, broken, [(S.SHADOW, "there is a champion to compare with")])
    house.registry.set_alias(MODEL, Alias.CHALLENGER, third)
    _look(house, broken, worse=True)
    with house.uow.begin() as tx:
        tx.outbox.acquire(LEASE, "worker-1", now=house.clock.now(), seconds=3600)
        tx.commit()
    return house


def _candidate(house: House, folder: Path, *, accuracy: float) -> int:
    version = house.register(folder)

    def number(value: float) -> dict[str, object]:
        half = 0.02
        return {"value": value, "low": value - half, "high": value + half, "n": 400, "unit": "", "reason": ""}

    metrics = {"accuracy.fused": number(accuracy), "calibration_error.fused": number(0.04)}
    metrics |= {f"accuracy.only.{m}": number(accuracy - 0.1) for m in (TEXT, IMAGE, AUDIO)}
    evaluation = {
        "dataset": {"name": "test", "digest": "sha256:" + "ab" * 32, "n": 400, "synthetic": True},
        "metrics": metrics,
        "groups": [],
        "labels": ["none", "some"],
        "confusion": [[190, 10], [18, 182]],
    }
    checks = [
        _check("gate.accuracy", "Fused accuracy on the test split", accuracy, 0.5, blocking=True),
        _check("gate.alone.audio", "Accuracy with audio alone", accuracy - 0.1, 0.75, blocking=False),
    ]
    run = f"dagster-{version}"
    for kind, content in (
        (EvidenceKind.EVALUATION, evaluation),
        (EvidenceKind.GATE, {"checks": checks, "passed": True}),
    ):
        house.recorder.record(kind, MODEL, version, content, run_id=run, reason=f"{kind.value} of the story")
    house.cards.build(MODEL, version)
    return version


def _check(code: str, title: str, value: float, threshold: float, *, blocking: bool) -> dict[str, object]:
    passed = value >= threshold
    reason = "" if passed else "below"
    return {
        "code": code, "title": title, "passed": passed, "blocking": blocking,
        "value": value, "threshold": threshold, "reason": reason,
    }  # fmt: skip


def _walk(
    house: House, rollout: Rollout, moves: list[tuple[S, str]], numbers: dict[str, object] | None = None
) -> None:
    for target, reason in moves:
        house.clock.advance(minutes=4)
        with house.uow.begin() as tx:
            now = tx.rollouts.get(rollout.rollout_id)
            apply(tx, now, Move(target, JUDGE, reason, numbers=numbers or {}), house.clock.now())
            tx.commit()


def _look(house: House, rollout: Rollout, *, worse: bool) -> dict[str, object]:
    at = house.clock.now()
    paired = Outcome2x2(40, 3, 9, 5) if worse else Outcome2x2(280, 15, 1, 6)
    increments = [Increment(1, S.SHADOW, 0, s, at, paired=paired) for s in ("all", "audio", "audio+text")]
    if not worse:
        arms = {Arm.CONTROL: 60, Arm.CHALLENGER: 58}
        errors = {Arm.CONTROL: 6, Arm.CHALLENGER: 3}
        increments.append(Increment(2, S.RAMP, 0, "all", at, requests=arms, errors=errors))
    with house.uow.begin() as tx:
        for look in sorted({i.look for i in increments}):
            part = [i for i in increments if i.look == look]
            tx.rollouts.add_increments(rollout.rollout_id, part, [f"{rollout.rollout_id}-q-{look}"])
        tx.commit()
    decision = judge(rollout.plan, S.SHADOW, 0, increments, RolloutProcesses(), now=at, stage_started=at)
    return dict(decision.numbers)


def _window(house: House, *, version: int, shifted: bool) -> None:
    now = house.clock.now()
    partition = now.date().isoformat()
    window_id = f"{MODEL}/{version}/{partition}"
    report = house.artifacts.put(
        b"<!doctype html><title>Evidently</title><h1>Report</h1>", media_type="text/html"
    )
    links = {"Evidently report": f"/api/v1/artifacts/{report}", "Dagster run": "http://127.0.0.1:8601/runs/x"}
    with house.uow.begin() as tx:
        tx.windows.put(Window(window_id, MODEL, version, partition, now, now, 240, 40, now, links))
        for modality in (TEXT, IMAGE, AUDIO, FUSED):
            for verdict in _verdicts(modality, shifted=shifted):
                advisory = verdict.detector.startswith("alibi")
                verdict_id = f"{window_id}/{verdict.monitor}/{verdict.detector}"
                tx.verdicts.put(
                    StoredVerdict(verdict_id, MODEL, version, window_id, advisory, now, "x", verdict)
                )
        tx.commit()


def _verdicts(modality: Modality, *, shifted: bool) -> list[Verdict]:
    hurt = shifted and modality == AUDIO
    touched = shifted and modality == FUSED
    causes = (Contribution("snr_db", 21.4, 8.2, -1.9), Contribution("silence_ratio", 0.2, 0.5, 1.1))
    said = Outcome.DRIFT if hurt else Outcome.QUIET
    noticed = Outcome.DRIFT if hurt or touched else Outcome.QUIET
    harm = Verdict(
        f"{modality}.harm", modality, "estimated_accuracy", said, Grade.ESTIMATED_HARM, 400, 240, 12, 8,
        statistic=0.11, p_value=0.0004 if hurt else 0.31, threshold=0.0021,
        effect=-0.14 if hurt else -0.004, effect_unit="accuracy points",
        minimum_detectable_effect=0.05, causes=causes if hurt else (),
    )  # fmt: skip
    changed = Verdict(
        f"{modality}.embedding", modality, "mmd", noticed, Grade.CHANGED, 400, 240, 12, 8, statistic=0.03,
        p_value=0.001 if noticed is Outcome.DRIFT else 0.4, threshold=0.0021, effect=0.4,
        effect_unit="standard deviations",
    )  # fmt: skip
    second = Verdict(
        f"{modality}.embedding", modality, "alibi-detect:mmd", Outcome.DRIFT, Grade.CHANGED, 400, 240,
        p_value=0.01, threshold=0.05, reason="Independence was assumed.",
    )  # fmt: skip
    measured = Verdict(
        f"{modality}.measured_harm", modality, "paired", Outcome.NOT_APPLICABLE, Grade.MEASURED_HARM, 400, 40,
        reason="40 labels are too few; 120 would do.",
    )  # fmt: skip
    return [harm, changed, measured] + ([second] if modality == AUDIO else [])


def _alert(house: House, version: int) -> None:
    now = house.clock.now()
    with house.uow.begin() as tx:
        fired = [v for v in tx.verdicts.list(MODEL) if v.verdict.fired and v.verdict.grade.pages]
        tx.alerts.put(
            Alert(
                alert_id="al-1",
                fingerprint=f"{MODEL}/{version}/drift/audio",
                model=MODEL,
                version=version,
                kind="drift",
                modality=AUDIO,
                grade=Grade.ESTIMATED_HARM,
                severity=Severity.CRITICAL,
                title="digits v1: audio is estimated to be hurt",
                cause="Signal-to-noise ratio fell from 21.4 dB to 8.2 dB; silence rose from 20% to 50%.",
                evidence=tuple(v.verdict_id for v in fired),
                links={"Windows": f"/models/{MODEL}/windows"},
                status=AlertStatus.OPEN,
                opened_at=now,
                updated_at=now,
                details={"windows": str(len(fired))},
            )
        )
        tx.commit()
