"""Rates with exact bounds: what a number of repeats can say about a chance, and what it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scipy.stats import beta, binom

from ombud.errors import BadInput

__all__ = ["CONFIDENCE", "Rate"]

CONFIDENCE = 0.999
"""Confidence of every bound here: of a thousand promises that are kept, one looks broken."""

_DIGITS = 6


@dataclass(frozen=True)
class Rate:
    """How often something happened in independent repeats.

    Formula: the interval is Clopper and Pearson's, quantiles of Beta distributions, so its coverage is
    at least the confidence whatever the true chance is.

    Args:
        hits: How often it happened.
        repeats: How often it could have.

    Raises:
        BadInput: More hits than repeats, or a negative number.

    Source: Clopper & Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934).
    Limits: repeats are taken as independent; windows drawn from one finite population overlap.

    Example:
        >>> rate = Rate(5, 100)
        >>> rate.value, [round(end, 3) for end in rate.interval()]
        (0.05, [0.006, 0.164])
        >>> rate.explained_by(0.05), Rate(30, 100).explained_by(0.05)
        (True, False)
    """

    hits: int
    repeats: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.repeats:
            raise BadInput(
                f"rate: expected from 0 to {self.repeats} hits, got {self.hits}",
                remedy="Count every repeat once.",
            )

    @property
    def value(self) -> float:
        """The share of hits; nan (undefined) without repeats."""
        return self.hits / self.repeats if self.repeats else float("nan")

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Both ends of the exact interval; (0, 1) without repeats."""
        tail, misses = (1 - confidence) / 2, self.repeats - self.hits
        low = float(beta.ppf(tail, self.hits, misses + 1)) if self.hits else 0.0
        high = float(beta.isf(tail, self.hits + 1, misses)) if misses else 1.0
        return low, high

    def most(self, chance: float, confidence: float = CONFIDENCE) -> int:
        """Most hits that a chance of at most ``chance`` explains, with ``confidence``."""
        return int(binom.ppf(confidence, self.repeats, chance))

    def least(self, chance: float, confidence: float = CONFIDENCE) -> int:
        """Fewest hits that a chance of at least ``chance`` explains, with ``confidence``."""
        return int(binom.ppf(1 - confidence, self.repeats, chance))

    def explained_by(self, chance: float, confidence: float = CONFIDENCE) -> bool:
        """Whether a true chance of at most ``chance`` explains that many hits."""
        return self.hits <= self.most(chance, confidence)

    def to_json(self) -> dict[str, Any]:
        """A JSON object: counts, share and the ends of the interval."""
        low, high = self.interval()
        return {
            "hits": self.hits,
            "repeats": self.repeats,
            "value": round(self.value, _DIGITS) if self.repeats else None,
            "low": round(low, _DIGITS),
            "high": round(high, _DIGITS),
        }
