"""The bias audit: disaggregated metrics, disparities, and which of them chance does not explain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ombud.domain.observations import Observations
from ombud.errors import BadInput
from ombud_monitors.clusters import ClusterNames
from ombud_monitors.fairness import confusions, disaggregation
from ombud_monitors.fairness.disparities import Measured, disparities
from ombud_monitors.fairness.grouping import grouping
from ombud_monitors.fairness.holm import holm
from ombud_monitors.fairness.report import AttributeAudit, BiasAudit, GroupMetrics, Status
from ombud_monitors.fairness.resampled import Plan, macro_recall_interval
from ombud_monitors.number import Number
from ombud_monitors.resampling import FEWEST_CLUSTERS, interval_of_share

__all__ = ["audit"]

_METHOD = (
    "Disaggregated metrics and disparities by Fairlearn. Intervals: bootstrap of whole repeating units "
    "(expanded percentiles). P-values: groups dealt anew among units, or within units that have several "
    "groups. Findings: Holm over all disparities of the audit. Demographic parity and equalized odds are "
    "means over the classes, each against the rest. No finding is not proof that there is no disparity."
)


def audit(
    observations: Observations,
    *,
    attributes: Sequence[str],
    intersections: Sequence[Sequence[str]] = (),
    clusters: ClusterNames | None = None,
    seed: int,
    level: float = 0.05,
    resamples: int = 999,
    minimum_rows: int = 30,
) -> BiasAudit:
    """Audit labelled answers for disparities between groups.

    Args:
        observations: Answers with their truth; unlabelled rows are left out, failed ones are wrong.
        attributes: Group attributes.
        intersections: Combinations of attributes, each audited as one attribute.
        clusters: Modality → attribute naming the repeating unit; which of them serves an attribute
            is read from its name (see :func:`ombud_monitors.clusters.of_attribute`).
        seed: Seed of every resampling.
        level: Chance of any false finding in the whole audit.
        resamples: Bootstrap replicates; permutations are more when many disparities share the level.
        minimum_rows: Groups with fewer labelled rows get no metrics and take no part.

    Returns:
        The audit. Groups of fewer than 5 units take no part in disparities; with fewer than two
        groups left the disparities are not applicable, and the reason says what is missing.

    Raises:
        BadInput: An attribute is not recorded in the observations at all.

    Limits: a disparity in accuracy may come from a difference in the difficulty of what the groups
        sent; the audit does not adjust for it.
    """
    combinations = [(a,) for a in attributes] + [tuple(i) for i in intersections]
    for name in sorted({name for names in combinations for name in names} - set(observations.attributes)):
        raise BadInput(
            f"bias audit: attribute {name!r} is not recorded; known are {sorted(observations.attributes)}",
            remedy="Correct `protected` in ombud.yaml, or add the column to the data.",
        )
    groupings = [grouping(observations, names, clusters or {}) for names in combinations]
    labelled = observations.truth >= 0
    tests = 3 * len(combinations)
    plan = Plan(seed, level, resamples, max(resamples, math.ceil(2 * tests / level)), tests)
    audited: list[AttributeAudit] = []
    for whole in groupings:
        recorded = labelled & (whole.codes >= 0)
        truth, predicted = observations.truth[recorded], observations.predicted[recorded]
        measured = Measured(truth, predicted, whole.where(recorded), len(observations.labels))
        audited.append(
            AttributeAudit(
                attribute=whole.name,
                cluster=whole.units.name,
                groups=_groups(measured, plan, minimum_rows),
                disparities=disparities(measured, plan, minimum_rows=minimum_rows),
                unrecorded=int((labelled & ~recorded).sum()),
            )
        )
    return BiasAudit(_corrected(audited, level), level, resamples, _METHOD)


def _corrected(audited: Sequence[AttributeAudit], level: float) -> tuple[AttributeAudit, ...]:
    """Adjust the p-values of all disparities together; a ratio shares its difference's question."""
    questions = [
        (a.attribute, d.metric, d.p_value)
        for a in audited
        for d in a.disparities
        if d.p_value is not None and d.kind == "difference"
    ]
    adjusted = dict(zip([q[:2] for q in questions], holm([q[2] for q in questions]), strict=True))
    corrected = []
    for a in audited:
        decided = []
        for d in a.disparities:
            value = adjusted.get((a.attribute, d.metric))
            if d.status is Status.NOT_APPLICABLE or value is None:
                decided.append(d)
                continue
            status = Status.FINDING if value <= level else Status.NO_FINDING
            decided.append(replace(d, status=status, adjusted=value))
        corrected.append(replace(a, disparities=tuple(decided)))
    return tuple(corrected)


def _groups(measured: Measured, plan: Plan, minimum_rows: int) -> tuple[GroupMetrics, ...]:
    here, k = measured.grouping, measured.k
    if not len(here.codes):
        return ()
    names = np.array(here.groups)[here.codes]
    values = disaggregation.by_group(measured.truth, measured.predicted, names, k)
    table = []
    for g, group in enumerate(here.groups):
        mine = measured.among(np.array([g]))
        n, units = len(mine.truth), mine.grouping.units
        if n < minimum_rows:
            why = f"{n} labelled rows: at least {minimum_rows} are needed"
            metrics = {name: Number.unknown(n, "share", why) for name in disaggregation.METRICS}
        else:
            metrics = _metrics(mine, {name: values[name][group] for name in values}, plan)
        table.append(GroupMetrics(group, n, units.count if units.name else None, metrics))
    return tuple(table)


def _metrics(mine: Measured, values: Mapping[str, float], plan: Plan) -> dict[str, Number]:
    """One group's metrics: Fairlearn's values with our intervals."""
    n, units = len(mine.truth), mine.grouping.units
    accuracy = interval_of_share(
        mine.right, units, seed=plan.seed, level=plan.level, resamples=plan.resamples
    )
    low, high = accuracy.low, accuracy.high
    recall = values["macro_recall"]
    recall_low, recall_high = None, None
    if units.count >= FEWEST_CLUSTERS and 0 < recall < 1:
        cell = confusions.cells(mine.truth, mine.predicted, mine.k)
        recall_low, recall_high = macro_recall_interval(cell, units, mine.k, plan)
    return {
        "accuracy": replace(accuracy, value=values["accuracy"]),
        "error_rate": Number(
            values["error_rate"],
            None if high is None else 1 - high,
            None if low is None else 1 - low,
            n,
            "share",
            accuracy.reason,
        ),
        "macro_recall": Number(
            recall,
            recall_low,
            recall_high,
            n,
            "share",
            "" if recall_low is not None else "no interval: see accuracy",
        ),
    }
