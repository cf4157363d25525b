"""The disparities of one attribute: accuracy, demographic parity, equalized odds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.fairness import confusions, disaggregation
from ombud_monitors.fairness.grouping import Grouping
from ombud_monitors.fairness.report import Disparity, Status
from ombud_monitors.fairness.resampled import Plan, gap_intervals, permutation_p_values
from ombud_monitors.number import Number
from ombud_monitors.resampling import FEWEST_CLUSTERS

__all__ = ["Measured", "disparities"]

_KINDS = (
    ("accuracy", "difference"),
    ("accuracy", "ratio"),
    ("demographic_parity", "difference"),
    ("equalized_odds", "difference"),
)
_FEWEST_OF_A_CLASS = 5
_BIASED_UP = "no interval: a largest difference over groups and classes is biased upwards"

_Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Measured:
    """Labelled rows of one attribute.

    Args:
        truth: ``(n,)`` class index.
        predicted: ``(n,)`` class index, -1 for no answer.
        grouping: Their groups; none unrecorded.
        k: Number of classes.
    """

    truth: _Codes
    predicted: _Codes
    grouping: Grouping
    k: int

    @property
    def right(self) -> NDArray[np.float64]:
        """``(n,)`` 1.0 right, 0.0 wrong."""
        return np.equal(self.truth, self.predicted).astype(np.float64)

    def among(self, groups: _Codes) -> Measured:
        """The rows of these groups only."""
        keep = np.isin(self.grouping.codes, groups)
        return Measured(self.truth[keep], self.predicted[keep], self.grouping.only(keep, groups), self.k)


def disparities(measured: Measured, plan: Plan, *, minimum_rows: int) -> tuple[Disparity, ...]:
    """Every disparity of one attribute with its unadjusted p-value.

    Args:
        measured: Labelled rows.
        plan: How to resample. Where chance could deal the groups in too few ways to decide at
            ``plan.level / plan.tests``, the disparities are not applicable.
        minimum_rows: Groups with fewer rows take no part.
    """
    able, excluded = _able(measured.grouping, minimum_rows)
    if len(able) < 2:
        why = f"fewer than two groups can be compared ({'; '.join(excluded) or 'one group'})"
        return _not_applicable(len(measured.truth), why)
    taking = measured.among(able)
    here = taking.grouping
    # Two ways of dealing that only swap two groups of equal size give the same disparity.
    finest = math.log(2) - here.log_arrangements()
    share = plan.level / plan.tests
    if finest > math.log(share):
        why = (
            f"{here.units.count} distinct {here.units.name or 'rows'} can be dealt among the groups in too "
            f"few ways to decide at level {share:.2g}; about {_enough(share, len(able))} per group would do"
        )
        return _not_applicable(len(taking.truth), why)
    note = f"; left out: {'; '.join(excluded)}" if excluded else ""
    return _compared(taking, note, plan)


def _able(grouping: Grouping, minimum_rows: int) -> tuple[_Codes, list[str]]:
    rows = np.bincount(grouping.codes, minlength=len(grouping.groups))
    units = grouping.units_per_group()
    excluded = []
    for g, group in enumerate(grouping.groups):
        if rows[g] < minimum_rows:
            excluded.append(f"{group} has {rows[g]} rows, needs {minimum_rows}")
        elif units[g] < FEWEST_CLUSTERS:
            excluded.append(f"{group} has {units[g]} distinct {grouping.units.name}, needs {FEWEST_CLUSTERS}")
    able = np.flatnonzero((rows >= minimum_rows) & (units >= FEWEST_CLUSTERS)).astype(np.int64)
    return able, excluded


def _compared(taking: Measured, note: str, plan: Plan) -> tuple[Disparity, ...]:
    here, k, n = taking.grouping, taking.k, len(taking.truth)
    names = np.array(here.groups)[here.codes]
    cell = confusions.cells(taking.truth, taking.predicted, k)
    tables = confusions.tables(here.codes, cell, len(here.groups), k)
    classes = (tables.sum(axis=-1) >= _FEWEST_OF_A_CLASS).all(axis=0)
    accuracy = confusions.accuracy(tables)
    best, worst = int(accuracy.argmax()), int(accuracy.argmin())
    if best == worst:
        best, worst = 0, 1
    p = permutation_p_values(
        cell,
        here,
        k,
        {
            "accuracy": lambda t: np.ptp(confusions.accuracy(t), axis=-1),
            "demographic_parity": confusions.demographic_parity,
            "equalized_odds": lambda t: confusions.equalized_odds(t, classes),
        },
        plan,
    )
    ends = gap_intervals(taking.right, here, best, worst, plan)
    between = f"{here.groups[worst]} against {here.groups[best]}{note}"
    gap = float(accuracy[best] - accuracy[worst])
    ratio = float(accuracy[worst] / accuracy[best]) if accuracy[best] > 0 else math.nan
    parity, odds = disaggregation.between_groups(taking.truth, taking.predicted, names, k, classes)
    over = f"{'; '.join(here.groups)}{note}"
    undecided = Status.NO_FINDING
    found = [
        Disparity(
            "accuracy",
            "difference",
            _number(gap, ends.difference, n, "accuracy points"),
            undecided,
            between,
            p["accuracy"],
        ),
        Disparity(
            "accuracy",
            "ratio",
            _number(ratio, ends.ratio, n, "ratio"),
            undecided,
            between,
            p["accuracy"],
        ),
        Disparity(
            "demographic_parity",
            "difference",
            Number(parity, None, None, n, "share", _BIASED_UP),
            undecided,
            over,
            p["demographic_parity"],
        ),
    ]
    if not classes.any():
        why = f"no class has {_FEWEST_OF_A_CLASS} rows in every group"
        return (*found, _declined("equalized_odds", "difference", n, why))
    value = Number(odds, None, None, n, "share", f"{_BIASED_UP}; {int(classes.sum())} of {k} classes")
    return (
        *found,
        Disparity("equalized_odds", "difference", value, undecided, over, p["equalized_odds"]),
    )


def _not_applicable(n: int, reason: str) -> tuple[Disparity, ...]:
    return tuple(_declined(metric, kind, n, reason) for metric, kind in _KINDS)


def _declined(metric: str, kind: str, n: int, reason: str) -> Disparity:
    unit = {"ratio": "ratio"}.get(kind, "accuracy points" if metric == "accuracy" else "share")
    return Disparity(metric, kind, Number.unknown(n, unit, reason), Status.NOT_APPLICABLE, reason)


def _number(value: float, ends: tuple[float, float], n: int, unit: str) -> Number:
    if all(math.isfinite(end) for end in ends):
        return Number(value, min(ends[0], value), max(ends[1], value), n, unit)
    return Number(value, None, None, n, unit, "no interval: too little varies between units")


def _enough(share: float, groups: int) -> int:
    """Units per group with which the rarest way of dealing is as rare as ``share``."""
    per_group = FEWEST_CLUSTERS
    while math.log(2) - math.lgamma(per_group * groups + 1) + groups * math.lgamma(per_group + 1) > math.log(
        share
    ):
        per_group += 1
    return per_group
