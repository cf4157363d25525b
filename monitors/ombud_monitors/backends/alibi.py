"""Second opinions from alibi-detect: advisory verdicts beside ours, with its pitfalls handled.

alibi-detect is under the Business Source License 1.1: it grants no general production use, so it is
never a default of a production project and never pages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.domain.observations import Observations
from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud.errors import BadInput
from ombud_monitors.backends.views import View, causes, views

__all__ = ["DEFAULTS", "DETECTORS", "second_opinion"]

DEFAULTS: Mapping[Modality, str] = MappingProxyType(
    {TEXT: "alibi-detect:ks", IMAGE: "alibi-detect:mmd", AUDIO: "alibi-detect:lsdd"}
)
"""A different view of each modality: marginals, kernel means, density differences."""

_PREFIX = "alibi-detect:"
_FEWEST_ROWS = 20
_PLURAL = {"embedding": "embeddings", "descriptors": "descriptors"}
_MOST_PERMUTATIONS = 999
_FEWEST_PERMUTATIONS = 199
_POWER_Z = float(stats.norm.ppf(0.8))

_Rows = NDArray[np.float32]


@dataclass(frozen=True)
class _Answer:
    statistic: float
    p_value: float
    effect: float
    unit: str
    detectable: float
    remark: str


def second_opinion(
    name: str,
    reference: Observations,
    current: Observations,
    modality: Modality,
    *,
    level: float,
    seed: int,
) -> Verdict:
    """Run one alibi-detect detector on one modality.

    It looks at embeddings where both windows have them, else at descriptors; columns are scaled by
    the reference; at most :data:`DETECTORS` rows per window are drawn without replacement by
    ``seed``.

    Args:
        name: ``alibi-detect:ks`` (Kolmogorov-Smirnov per column, Bonferroni), ``alibi-detect:mmd``
            (maximum mean discrepancy) or ``alibi-detect:lsdd`` (least-squares density difference).
        reference: What the window is compared with.
        current: The window.
        modality: Which inputs to look at.
        level: P-values at or below it are drift.
        seed: Seed of the draw and of the permutations.

    Returns:
        A verdict of grade ``changed``, for information only. Its reason says that rows were taken
        as independent: alibi-detect cannot permute clusters, so with few speakers it cries wolf.

    Raises:
        BadInput: ``name`` is not one of alibi-detect's detectors offered here.

    Source: Gretton et al. (2012) for MMD; Bu, Alippi and Zhao (2018) for LSDD; permutation p-values
        are made ``(k + 1) / (B + 1)`` after Phipson and Smyth (2010), because alibi-detect returns 0.
    Limits: the minimum detectable effect takes the permutation distribution as normal. The first
        call imports alibi-detect, which takes seconds.
    """
    detector = name.removeprefix(_PREFIX)
    if not name.startswith(_PREFIX) or detector not in DETECTORS:
        raise BadInput(
            f"unknown second opinion {name!r}: expected one of {[_PREFIX + d for d in DETECTORS]}",
            remedy="Correct monitors.<modality>.second_opinion in ombud.yaml.",
        )
    before, after = views(reference, current, modality)
    blank = Verdict(
        monitor=f"{modality}.{before.kind}",
        modality=modality,
        detector=name,
        outcome=Outcome.NOT_APPLICABLE,
        grade=Grade.CHANGED,
        n_reference=len(before.rows),
        n_current=len(after.rows),
        threshold=level,
    )
    if refusal := _refusal(before, after, level):
        return replace(blank, reason=refusal)
    most_rows, run = DETECTORS[detector]
    rng = np.random.default_rng(seed)
    x, y = _drawn(before.rows, most_rows, rng), _drawn(after.rows, most_rows, rng)
    answer = run(x, y, level, seed)
    return replace(
        blank,
        outcome=Outcome.DRIFT if answer.p_value <= level else Outcome.QUIET,
        n_reference=len(x),
        n_current=len(y),
        statistic=answer.statistic,
        p_value=answer.p_value,
        effect=answer.effect,
        effect_unit=answer.unit,
        minimum_detectable_effect=answer.detectable,
        reason=_assumed(before, after, most_rows) + answer.remark,
        causes=causes(reference, current, modality),
    )


def _refusal(before: View, after: View, level: float) -> str:
    fewest = min(len(before.rows), len(after.rows))
    if fewest < _FEWEST_ROWS:
        return (
            f"{len(before.rows)} usable reference rows and {len(after.rows)} current rows: "
            f"at least {_FEWEST_ROWS} of each are needed"
        )
    if not before.rows.shape[1]:
        return "nothing varies in the reference: no column could be compared"
    if level * (_MOST_PERMUTATIONS + 1) < 1:
        return (
            f"level {level:g} is below 1/{_MOST_PERMUTATIONS + 1}: "
            f"{_MOST_PERMUTATIONS} permutations cannot decide"
        )
    return ""


def _drawn(rows: _Rows, most: int, rng: np.random.Generator) -> _Rows:
    if len(rows) <= most:
        return rows
    return rows[np.sort(rng.choice(len(rows), most, replace=False))]


def _assumed(before: View, after: View, most: int) -> str:
    parts = [f"advisory; on {_PLURAL[before.kind]}; took rows as independent"]
    if before.clusters is not None or after.clusters is not None:
        parts.append(
            f"although they repeat ({before.clusters or '?'} units in the reference, "
            f"{after.clusters or '?'} in the window), so it fires too easily"
        )
    if max(len(before.rows), len(after.rows)) > most:
        parts.append(f"; drew at most {most} rows per window")
    return " ".join(parts).replace(" ;", ";")


def _permutations(level: float) -> int:
    """Enough that the smallest possible p-value is well below the level."""
    return min(_MOST_PERMUTATIONS, max(_FEWEST_PERMUTATIONS, math.ceil(4 / level) - 1))


def _kolmogorov_smirnov(x: _Rows, y: _Rows, level: float, seed: int) -> _Answer:
    del seed  # nothing is drawn
    # Lazily: alibi-detect brings torch, transformers and numba, 5 to 19 seconds and 650 MB.
    from alibi_detect.cd import KSDrift

    found = KSDrift(x, p_val=level, correction="bonferroni").predict(x=y)["data"]
    smallest = float(np.min(found["p_val"]))
    columns = x.shape[1]
    # alibi-detect computes p-values in float32, which underflow to 0.
    p_value = min(1.0, max(smallest, float(np.finfo(np.float32).tiny)) * columns)
    distance = float(np.max(found["distance"]))
    spread = math.sqrt(1 / len(x) + 1 / len(y))
    critical = float(stats.kstwobign.isf(level / columns)) * spread
    detectable = min(1.0, critical + _POWER_Z * 0.5 * spread)
    return _Answer(distance, p_value, distance, "largest KS distance of a column", detectable, "")


def _kernel_means(x: _Rows, y: _Rows, level: float, seed: int) -> _Answer:
    from alibi_detect.cd import MMDDrift

    return _permuted(MMDDrift, x, y, level, seed, "MMD² (RBF kernel)")


def _density_difference(x: _Rows, y: _Rows, level: float, seed: int) -> _Answer:
    from alibi_detect.cd import LSDDDrift

    return _permuted(LSDDDrift, x, y, level, seed, "LSDD")


def _permuted(detector: Any, x: _Rows, y: _Rows, level: float, seed: int, unit: str) -> _Answer:
    import torch

    permutations = _permutations(level)
    state = np.random.get_state()
    try:
        # alibi-detect draws from both global generators; they are put back as they were.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            np.random.seed(seed % 2**32)
            made = detector(x, backend="pytorch", p_val=level, n_permutations=permutations, device="cpu")
            found = made.predict(y, return_distance=True)["data"]
    finally:
        np.random.set_state(state)
    at_least = round(float(found["p_val"]) * permutations)
    statistic = float(found["distance"])
    threshold = max(float(found["distance_threshold"]), 0.0)
    power = 1 + _POWER_Z / max(float(stats.norm.isf(level)), _POWER_Z)
    return _Answer(
        statistic,
        (at_least + 1) / (permutations + 1),
        statistic,
        unit,
        threshold * power,
        f"; {permutations} permutations",
    )


DETECTORS: Mapping[str, Any] = MappingProxyType(
    {"ks": (5000, _kolmogorov_smirnov), "mmd": (600, _kernel_means), "lsdd": (400, _density_difference)}
)
"""Name → (most rows per window, how to run it); the caps keep a call within seconds."""
