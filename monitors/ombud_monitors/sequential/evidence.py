"""What sequential evidence says at any moment: an estimate with its interval, and an e-value.

Both may be read after every value and at any stopping time, planned or not; of two arms, after every
closed block (a time chosen by outcomes inside an unfinished block is not covered; ``peak`` is).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

__all__ = ["Evidence", "Interval"]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Where a confidence sequence stands.

    Args:
        n: Values that it rests on.
        estimate: Point estimate; NaN before the first value.
        lower: Lower limit: the largest of all looks so far.
        upper: Upper limit: the smallest of all looks so far.
        alpha: Chance, at most, that the truth is *ever* outside, over all looks together.

    Limits: an empty interval (``lower > upper``) is no mistake of arithmetic: it says that no single
        true value explains the whole stream, so the quantity moved, or the ``alpha`` happened.

    Example:
        >>> seen = Interval(n=100, estimate=0.05, lower=0.01, upper=0.13, alpha=0.05)
        >>> round(seen.width, 2), seen.covers(0.07)
        (0.12, True)
    """

    n: int
    estimate: float
    lower: float
    upper: float
    alpha: float

    @property
    def width(self) -> float:
        """``upper - lower``; negative when the interval is empty."""
        return self.upper - self.lower

    def covers(self, value: float) -> bool:
        """Whether a value has not been ruled out."""
        return self.lower <= value <= self.upper

    def to_json(self) -> dict[str, Any]:
        """A JSON object; what is undefined or unbounded becomes null."""
        return {name: _plain(value) for name, value in vars(self).items()}


@dataclass(frozen=True, kw_only=True)
class Evidence(Interval):
    """Where an e-process stands, with the effect and its interval beside it.

    The interval is two-sided at ``alpha`` whatever the alternative, so a one-sided rejection can come
    a little before the interval leaves the null.

    Args:
        e_value: Value of the e-process now: expectation at most 1 under the null at every stopping
            time. This is the number to average or multiply with others.
        peak: Largest value so far, the start (1) included. It decides, so a rejection latches; it is
            not an e-value and must not be merged.

    Source: Ramdas, Grünwald, Vovk & Shafer, "Game-theoretic statistics and safe anytime-valid
        inference", Statistical Science 38 (2023).

    Example:
        >>> seen = Evidence(n=9, estimate=0.4, lower=0.1, upper=0.8, alpha=0.05, e_value=12.0, peak=25.0)
        >>> seen.rejected, seen.threshold, seen.p_value
        (True, 20.0, 0.04)
    """

    e_value: float
    peak: float

    @property
    def threshold(self) -> float:
        """``1 / alpha``."""
        return 1 / self.alpha

    @property
    def rejected(self) -> bool:
        """Whether the null has been rejected at any look so far."""
        return self.peak >= self.threshold

    @property
    def p_value(self) -> float:
        """Anytime-valid p-value ``1 / peak``, in (0, 1]."""
        return 1 / self.peak

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the decision; what is undefined or unbounded becomes null."""
        return {**super().to_json(), "threshold": self.threshold, "rejected": self.rejected}


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
