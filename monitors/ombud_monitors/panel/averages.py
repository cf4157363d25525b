"""Judging an average: the part that harm, error and conflict monitors share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud.domain.verdict import Contribution, Outcome, Verdict
from ombud_monitors.panel.claim import Claim
from ombud_monitors.panel.clusterings import exchangeable_units, independence_note
from ombud_monitors.panel.question import Question
from ombud_monitors.two_sample import Exchangeable, MeanEvidence, compare_means, permutations_for
from ombud_monitors.two_sample.mean import Alternative

__all__ = ["Averages", "judge_averages"]

DETECTOR = "mean"
Column = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Averages:
    """Two columns of scores whose averages are compared.

    Args:
        reference: ``(n,)`` score per row, NaN where the row has none.
        current: ``(m,)`` the same for the window.
        alternative: Which direction counts; ``less`` is a fall of the window.
        what: What makes a row usable, for the reason when there are too few.
        minimum: Usable rows wanted in each window.
        shown: The two columns in which the effect is told, where that is not the score itself.
        unit: Unit of the effect.
    """

    reference: Column
    current: Column
    alternative: Alternative
    what: str
    minimum: int
    unit: str
    shown: tuple[Column, Column] | None = None


def judge_averages(
    claim: Claim,
    averages: Averages,
    question: Question,
    *,
    causes: Callable[[], tuple[Contribution, ...]],
) -> Verdict:
    """Judge whether an average moved, under every clustering that the claim depends on.

    The answer under the clustering with the largest p-value counts. A one-sided claim fires only if
    the effect, as it is shown, goes the same way.

    Args:
        claim: Who speaks.
        averages: What is compared.
        question: The windows, and what the answer may cost.
        causes: What to name when the answer is given.

    Limits: crossed clusters (speaker and writer) add their variances, and each clustering sees one of
        them; the largest p-value is a bound where one of them dominates.
    """
    kept = ~np.isnan(averages.reference), ~np.isnan(averages.current)
    n_reference, n_current = int(kept[0].sum()), int(kept[1].sum())
    level = question.level
    early = question.too_early(n_reference, n_current, averages.minimum, averages.what)
    if early:
        return claim.decline(DETECTOR, early, n_reference=n_reference, n_current=n_current)
    clusterings = exchangeable_units(claim.modality, question.reference, question.current, *kept)
    permutations = permutations_for(level)
    for units in clusterings.values():
        if refusal := units.refusal(level, permutations):
            return claim.decline(DETECTOR, refusal, n_reference=n_reference, n_current=n_current)

    def compare(columns: tuple[Column, Column], units: Exchangeable) -> MeanEvidence:
        pooled = np.concatenate([columns[0][kept[0]], columns[1][kept[1]]])[:, None]
        return compare_means(
            pooled,
            units,
            alternative=averages.alternative,
            permutations=permutations,
            level=level,
            seed=question.seed,
        )

    scores = averages.reference, averages.current
    found = {name: compare(scores, units) for name, units in clusterings.items()}
    judged = max(found, key=lambda name: found[name].p_value)
    evidence, units = found[judged], clusterings[judged]
    shown = averages.shown or scores
    told = compare(shown, units) if averages.shown else evidence
    effect = float(shown[1][kept[1]].mean() - shown[0][kept[0]].mean())
    along = {"less": effect < 0, "greater": effect > 0, "two-sided": True}[averages.alternative]
    fired = evidence.p_value <= level and along
    return Verdict(
        monitor=claim.code,
        modality=claim.modality,
        detector=DETECTOR,
        outcome=Outcome.DRIFT if fired else Outcome.QUIET,
        grade=claim.grade,
        n_reference=n_reference,
        n_current=n_current,
        clusters_reference=units.n_reference if units.clustered else None,
        clusters_current=units.n_current if units.clustered else None,
        statistic=evidence.statistic,
        p_value=evidence.p_value,
        threshold=level,
        effect=effect,
        effect_unit=averages.unit,
        # Means of units and means of rows differ a little: the interval is moved to the effect shown.
        effect_low=effect - (told.difference - told.low),
        effect_high=effect + (told.high - told.difference),
        minimum_detectable_effect=told.minimum_detectable,
        reason=independence_note(clusterings, judged),
        causes=causes(),
    )
