"""Disaggregation by Fairlearn: metrics per group and disparities between groups."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from fairlearn.metrics import MetricFrame, demographic_parity_difference, equalized_odds_difference
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, recall_score

__all__ = ["METRICS", "by_group", "demographic_parity", "equalized_odds"]

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


def demographic_parity(truth: _Codes, predicted: _Codes, groups: NDArray[np.str_], k: int) -> float:
    """Fairlearn's demographic parity difference, mean over classes one-vs-rest."""
    values = [
        demographic_parity_difference(truth == c, predicted == c, sensitive_features=groups) for c in range(k)
    ]
    return float(np.mean(values))


def equalized_odds(
    truth: _Codes, predicted: _Codes, groups: NDArray[np.str_], classes: NDArray[np.bool_]
) -> float:
    """Fairlearn's equalized odds difference (the worse of the two rates), mean over ``classes``."""
    values = [
        equalized_odds_difference(truth == c, predicted == c, sensitive_features=groups)
        for c in np.flatnonzero(classes)
    ]
    return float(np.mean(values)) if values else float("nan")
