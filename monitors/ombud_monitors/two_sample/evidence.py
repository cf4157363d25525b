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

    Example:
        >>> import numpy as np
        >>> from ombud_monitors.two_sample import Mean, Windows
        >>> rng = np.random.default_rng(0)
        >>> windows = Windows.of(rng.normal(size=(300, 1)), rng.normal(0.3, 1, size=(200, 1)))
        >>> found = Mean().compare(windows, seed=0)
        >>> [round(x, 2) for x in (found.effect_low, found.effect, found.effect_high)], found.effect_unit
        ([0.13, 0.31, 0.49], 'standard deviations')
        >>> found.p_value <= 0.05, round(found.minimum_detectable_effect, 2)
        (True, 0.26)
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

    Example:
        >>> import numpy as np
        >>> from ombud_monitors.two_sample import ClassifierTest, Windows
        >>> few = np.arange(6.0).reshape(3, 2)
        >>> refused = ClassifierTest().compare(Windows.of(few, few + 1), seed=0)
        >>> refused.reason
        'Of the half that is held out: 2 rows in the reference and 2 in the current window allow 6 ...'
        >>> ClassifierTest().fit(few).test(few + 1, seed=0).outcome.value
        'not_applicable'
    """

    reason: str
