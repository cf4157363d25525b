"""Frames: observations as tables of named columns, the way tabular libraries want them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ombud.domain.observations import Observations

__all__ = ["frames"]

_FEWEST_VALUES = 10
_FAILED = "(no answer)"


def frames(
    reference: Observations, current: Observations
) -> tuple[pd.DataFrame, pd.DataFrame, list[str], list[str]]:
    """Both windows as tables, and the names of the numeric and of the categorical columns.

    Columns: ``<modality>.<descriptor>``, ``confidence``, ``prediction``, ``<modality>.present``.
    Left out: numbers with fewer than 10 values in either window, and columns that hold one and the
    same value everywhere. Infinite numbers count as missing.

    Example:
        >>> answers = np.array([[0.8, 0.2]] * 6 + [[0.1, 0.9]] * 6, np.float32)
        >>> seen = Observations(("r",) * 12, ("no", "yes"), answers, np.full(12, -1), {})
        >>> frames(seen, seen)[2:]
        (['confidence'], ['prediction'])
    """
    before, after = dict(_numbers(reference)), dict(_numbers(current))
    numbers = [n for n in before if n in after and _comparable(before[n], after[n])]
    old, new = dict(_categories(reference)), dict(_categories(current))
    categories = [n for n in old if n in new and len({*old[n], *new[n]}) > 1]
    return (
        pd.DataFrame({n: before[n] for n in numbers} | {n: old[n] for n in categories}),
        pd.DataFrame({n: after[n] for n in numbers} | {n: new[n] for n in categories}),
        numbers,
        categories,
    )


def _numbers(window: Observations) -> Iterator[tuple[str, NDArray[np.float64]]]:
    for modality, columns in window.modalities.items():
        for index, name in enumerate(columns.descriptor_names):
            values = columns.descriptors[:, index]
            yield f"{modality}.{name}", np.where(np.isfinite(values), values, np.nan)
    answered = window.predicted >= 0
    highest = np.nan_to_num(window.probabilities, nan=-1.0).max(axis=1, initial=-1.0)
    yield "confidence", np.where(answered, highest, np.nan).astype(np.float64)


def _categories(window: Observations) -> Iterator[tuple[str, list[str]]]:
    yield "prediction", [window.labels[p] if p >= 0 else _FAILED for p in window.predicted.tolist()]
    for modality, columns in window.modalities.items():
        yield f"{modality}.present", ["present" if p else "absent" for p in columns.present.tolist()]


def _comparable(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    one, other = before[~np.isnan(before)], after[~np.isnan(after)]
    if min(len(one), len(other)) < _FEWEST_VALUES:
        return False
    return bool(max(one.max(), other.max()) > min(one.min(), other.min()))
