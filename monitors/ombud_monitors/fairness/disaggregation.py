"""Disaggregation by Fairlearn: metrics per group and disparities between groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from fairlearn.metrics import MetricFrame
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, recall_score

__all__ = ["METRICS", "between_groups", "by_group"]

METRICS = ("accuracy", "error_rate", "macro_recall")

_Codes = NDArray[np.int64]


def by_group(
    truth: _Codes, predicted: _Codes, groups: NDArray[np.str_], k: int
) -> Mapping[str, dict[str, float]]:
    """Metric → group → value, as Fairlearn's MetricFrame computes them.

    Args:
        truth: ``(n,)`` class index.
        predicted: ``(n,)`` class index; -1 (no answer) is wrong.
        groups: ``(n,)`` group names.
        k: Number of classes; macro recall is the mean over those that occur in the group.
    """

    def macro_recall(y_true: _Codes, y_pred: _Codes) -> float:
        score = recall_score(y_true, y_pred, labels=np.arange(k), average="macro", zero_division=np.nan)
        return float(score)

    def error_rate(y_true: _Codes, y_pred: _Codes) -> float:
        return 1.0 - float(accuracy_score(y_true, y_pred))

    functions = dict(zip(METRICS, (accuracy_score, error_rate, macro_recall), strict=True))
    frame = MetricFrame(metrics=functions, y_true=truth, y_pred=predicted, sensitive_features=groups)
    return {name: {str(g): float(v) for g, v in frame.by_group[name].items()} for name in METRICS}


def between_groups(
    truth: _Codes, predicted: _Codes, groups: NDArray[np.str_], k: int, classes: NDArray[np.bool_]
) -> tuple[float, float]:
    """Demographic parity difference and equalized odds difference, means over classes one-vs-rest.

    One MetricFrame holds the rates of all classes: the same numbers as Fairlearn's functions for one
    binary outcome called per class, in a tenth of the time.

    Args:
        truth: ``(n,)`` class index.
        predicted: ``(n,)`` class index; -1 is no answer.
        groups: ``(n,)`` group names.
        k: Number of classes; demographic parity is the mean over all of them.
        classes: ``(k,)`` which classes take part in equalized odds; each occurs in every group.
    """
    odds = np.flatnonzero(classes).tolist()
    rates = {f"selected {c}": _rate(c, None) for c in range(k)}
    rates |= {f"true {c}": _rate(c, True) for c in odds} | {f"false {c}": _rate(c, False) for c in odds}
    frame = MetricFrame(metrics=rates, y_true=truth, y_pred=predicted, sensitive_features=groups)
    gaps = frame.difference(method="between_groups")
    parity = float(np.mean([gaps[f"selected {c}"] for c in range(k)]))
    worst = [max(gaps[f"true {c}"], gaps[f"false {c}"]) for c in odds]
    return parity, float(np.mean(worst)) if worst else float("nan")


def _rate(label: int, among: bool | None) -> Callable[[_Codes, _Codes], float]:
    """Share predicted ``label``, of all rows, of those that are it, or of those that are not."""

    def rate(y_true: _Codes, y_pred: _Codes) -> float:
        chosen = np.asarray(y_pred) == label
        rows = slice(None) if among is None else (np.asarray(y_true) == label) == among
        return float(chosen[rows].mean()) if chosen[rows].size else float("nan")

    return rate
