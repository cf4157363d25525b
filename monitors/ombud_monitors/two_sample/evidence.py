"""Evidence: what a two-sample test found, before anybody judged it; or why it refused to look."""

from __future__ import annotations

from dataclasses import dataclass

from ombud.domain.verdict import Contribution

__all__ = ["Evidence", "Refusal"]


@dataclass(frozen=True)
class Evidence:
    """What a comparison of two windows found.

    Args:
        statistic: Value of the test statistic.
        p_value: In (0, 1]; never 0.
        effect: Effect size in ``effect_unit``.
        effect_unit: E.g. ``"standard deviations"``.
        effect_low: Lower end of the effect's 95% interval; None where no honest interval exists.
        effect_high: Upper end.
        minimum_detectable_effect: Smallest effect that comes out at the test's level with power .8 at
            this n, in ``effect_unit``.
        causes: What moved most, largest first.
        note: What a reader must know to trust the number; a sentence, or empty.
    """

    statistic: float
    p_value: float
    effect: float
    effect_unit: str
    effect_low: float | None
    effect_high: float | None
    minimum_detectable_effect: float
    causes: tuple[Contribution, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why nothing can be said about these windows, with the n that would suffice.

    Args:
        reason: A sentence for people.
    """

    reason: str
