"""The bound behind every calibration test: seeded, so a test that passes once passes always."""

from __future__ import annotations

from scipy.stats import binom

__all__ = ["at_most"]


def at_most(rate: float, repeats: int, *, confidence: float = 0.999) -> int:
    """Most successes in ``repeats`` that a true rate of at most ``rate`` explains, with ``confidence``."""
    return int(binom.ppf(confidence, repeats, rate))
