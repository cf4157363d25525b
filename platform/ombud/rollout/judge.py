"""The judge: from a plan and a sequence of integer increments to one decision, purely.

The same increments always give the same decision, so a verdict can be replayed from the stored
evidence years later. The judge may wait, advance, hold, certify or roll back; whatever goes wrong
while judging holds, it never passes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ombud.domain.evidence import JsonObject
from ombud.domain.rollout import Arm, Increment, RolloutPlan
from ombud.domain.rollout import RolloutState as S
from ombud.rollout.alpha import ALL, AVAILABILITY, AlphaSplit
from ombud.rollout.processes import EvidenceProcesses
from ombud.rollout.sample_ratio import sample_ratio_evidence

__all__ = ["Action", "Decision", "judge"]


class Action(StrEnum):
    """What the judge wants."""

    WAIT = "wait"
    ADVANCE = "advance"
    HOLD = "hold"
    ROLL_BACK = "roll_back"
    CERTIFY = "certify"


@dataclass(frozen=True)
class Decision:
    """What to do, why, and the numbers behind it.

    Args:
        action: What the judge wants.
        reason: Why, as a sentence.
        numbers: E-values, thresholds, counts and the split of alpha; a JSON object.
    """

    action: Action
    reason: str
    numbers: JsonObject


def judge(
    plan: RolloutPlan,
    state: S,
    step: int,
    increments: Sequence[Increment],
    processes: EvidenceProcesses,
    *,
    now: datetime,
    stage_started: datetime,
    held_since: datetime | None = None,
    family: int = 7,
) -> Decision:
    """Judge one live rollout.

    Args:
        plan: Frozen plan.
        state: Live stage to judge; for a rollout on hold, the stage that it was held in.
        step: Ramp step; ignored elsewhere.
        increments: All stored increments of the rollout, in any order.
        processes: E-processes; anything that they raise becomes a hold.
        now: Aware, UTC.
        stage_started: When this stage (and step) was entered, holds not counted as a new start.
        held_since: When the hold began; None while not on hold.
        family: Number of presence patterns that the segment budget is split over.

    Limits:
        Only labelled requests count (missing answers aside), so harm that nobody labels shows as a
        hold by time-out, not as a rollback with a number.
    """
    split = AlphaSplit(plan.alpha, family)
    try:
        decision = _judge(plan, state, step, _ordered(increments), processes, split, now, stage_started)
    except Exception as failure:
        # Doctrine 7: a judge that fails holds. The failure's text becomes the reason of the hold.
        decision = Decision(
            Action.HOLD, f"the judge failed: {type(failure).__name__}: {failure}", {"alpha": plan.alpha}
        )
    if decision.action is Action.HOLD and held_since is not None:
        held = (now - held_since).total_seconds()
        if held > plan.hold_seconds:
            reason = f"on hold for {held:.0f} s, longer than {plan.hold_seconds:.0f} s: {decision.reason}"
            return Decision(Action.ROLL_BACK, reason, {**decision.numbers, "held_seconds": held})
    return decision


def _ordered(increments: Sequence[Increment]) -> list[Increment]:
    return sorted(increments, key=lambda i: i.order)


def _judge(
    plan: RolloutPlan,
    state: S,
    step: int,
    increments: Sequence[Increment],
    processes: EvidenceProcesses,
    split: AlphaSplit,
    now: datetime,
    stage_started: datetime,
) -> Decision:
    rows = _harm(increments, processes, split)
    certificate = _certificate(plan, increments, processes, split)
    ratio = sample_ratio_evidence(plan, increments)
    counts = _counts(increments)
    numbers: dict[str, object] = {
        "alpha": plan.alpha,
        "delta": plan.delta,
        "guardrails": rows,
        "certificate": certificate,
        "sample_ratio": {
            "alpha": split.sample_ratio,
            "threshold": 1 / split.sample_ratio,
            "e_value": _json(ratio),
        },
        "counts": counts,
        "looks": max((i.look for i in increments), default=0),
    }
    for row in rows:
        if row["crossed"]:
            return Decision(
                Action.ROLL_BACK,
                f"the challenger is worse on '{row['segment']}' in {row['stage']}: "
                f"e-value {row['e_value']:.4g} reached {row['threshold']:.4g}",
                numbers,
            )
    if state in (S.RAMP, S.CERTIFIED) and ratio >= 1 / split.sample_ratio:
        return Decision(
            Action.HOLD,
            f"sample-ratio mismatch: the arms do not fill as the weights say (e-value {ratio:.4g})",
            numbers,
        )
    certified = any(part["reached"] for part in certificate)
    elapsed = (now - stage_started).total_seconds()
    ready, short = _progress(plan, state, step, increments, certified, elapsed)
    if ready is not None:
        return Decision(ready, short, numbers)
    patience = max(plan.stage_seconds, plan.bake_seconds) if state is S.BAKING else plan.stage_seconds
    if elapsed > patience:
        return Decision(Action.HOLD, f"not enough evidence after {elapsed:.0f} s: {short}", numbers)
    return Decision(Action.WAIT, short, numbers)


def _progress(
    plan: RolloutPlan,
    state: S,
    step: int,
    increments: Sequence[Increment],
    certified: bool,
    elapsed: float,
) -> tuple[Action | None, str]:
    """What the stage has earned: an action with its reason, or None with what is missing."""
    if state is S.SHADOW:
        pairs = sum(i.paired.n for i in increments if i.stage is S.SHADOW and i.segment == ALL)
        have = f"{pairs} of {plan.shadow_requests} labelled pairs"
        return (Action.ADVANCE if pairs >= plan.shadow_requests else None), have
    if state is S.RAMP:
        arms = _arms(increments, step)
        wanted = plan.steps[step].min_requests
        have = f"step {step + 1} of {len(plan.steps)}: " + ", ".join(
            f"{arm.value} {n} of {wanted} labelled requests" for arm, n in arms.items()
        )
        if min(arms.values()) < wanted:
            return None, have
        if step + 1 < len(plan.steps):
            return Action.ADVANCE, have
        if certified:
            return Action.CERTIFY, f"certified: not worse by {plan.delta:g} or more; {have}"
        return None, f"no certificate yet that it is not worse by {plan.delta:g}; {have}"
    if state is S.BAKING:
        pairs = sum(i.paired.n for i in increments if i.stage is S.BAKING and i.segment == ALL)
        have = (
            f"baked {elapsed:.0f} of {plan.bake_seconds:.0f} s, "
            f"{pairs} of {plan.bake_requests} labelled pairs"
        )
        done = elapsed >= plan.bake_seconds and pairs >= plan.bake_requests
        return (Action.ADVANCE if done else None), have
    if state in (S.CERTIFIED, S.PROMOTING):
        return Action.ADVANCE, "no harm since the certificate"
    raise ValueError(f"{state.value} is not a stage that is judged")


def _harm(
    increments: Sequence[Increment], processes: EvidenceProcesses, split: AlphaSplit
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    stages: tuple[tuple[S, Callable[[Sequence[Increment]], float]], ...] = (
        (S.SHADOW, processes.paired_harm),
        (S.RAMP, processes.split_harm),
        (S.BAKING, processes.paired_harm),
    )
    for stage, process in stages:
        seen = {i.segment for i in increments if i.stage is stage}
        for segment in sorted(seen | {ALL, AVAILABILITY}, key=lambda s: (s != ALL, s != AVAILABILITY, s)):
            mine = [i for i in increments if i.stage is stage and i.segment == segment]
            e_value = _checked(process(mine)) if mine else 1.0
            share = split.harm(stage, segment)
            rows.append(
                {
                    "stage": stage.value,
                    "segment": segment,
                    "alpha": share,
                    "threshold": 1 / share,
                    "e_value": _json(e_value),
                    "crossed": e_value >= 1 / share,
                }
            )
    return rows


def _certificate(
    plan: RolloutPlan,
    increments: Sequence[Increment],
    processes: EvidenceProcesses,
    split: AlphaSplit,
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for stage, process in ((S.SHADOW, processes.paired_not_worse), (S.RAMP, processes.split_not_worse)):
        mine = [i for i in increments if i.stage is stage and i.segment == ALL]
        e_value = _checked(process(mine, delta=plan.delta)) if mine else 1.0
        share = split.certificate(stage)
        rows.append(
            {
                "stage": stage.value,
                "alpha": share,
                "threshold": 1 / share,
                "e_value": _json(e_value),
                "reached": e_value >= 1 / share,
            }
        )
    return rows


def _checked(e_value: float) -> float:
    if math.isnan(e_value) or e_value < 0:
        raise ValueError(f"an e-value must be a number that is not negative, got {e_value}")
    return e_value


def _json(e_value: float) -> float:
    """JSON knows no infinity; the largest finite double says "beyond any threshold" as well."""
    return min(e_value, 1e308)


def _arms(increments: Sequence[Increment], step: int) -> dict[Arm, int]:
    mine = [i for i in increments if i.stage is S.RAMP and i.step == step and i.segment == ALL]
    return {arm: sum(i.requests.get(arm, 0) for i in mine) for arm in Arm}


def _counts(increments: Sequence[Increment]) -> list[dict[str, object]]:
    """Totals per stage, step and segment, in order: the table a person checks first."""
    keys = sorted({(i.stage.value, i.step, i.segment) for i in increments})
    rows: list[dict[str, object]] = []
    for stage, step, segment in keys:
        mine = [i for i in increments if (i.stage.value, i.step, i.segment) == (stage, step, segment)]
        rows.append(
            {
                "stage": stage,
                "step": step,
                "segment": segment,
                "pairs": sum(i.paired.n for i in mine),
                "only_challenger_wrong": sum(i.paired.only_challenger_wrong for i in mine),
                "only_control_wrong": sum(i.paired.only_control_wrong for i in mine),
                "both_wrong": sum(i.paired.both_wrong for i in mine),
                "requests": {arm.value: sum(i.requests.get(arm, 0) for i in mine) for arm in Arm},
                "errors": {arm.value: sum(i.errors.get(arm, 0) for i in mine) for arm in Arm},
                "failures": {arm.value: sum(i.failures.get(arm, 0) for i in mine) for arm in Arm},
            }
        )
    return rows
