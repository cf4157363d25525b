"""Numbers as evidence: a value with its interval, its n, its unit, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

__all__ = ["Number"]

_DIGITS = 6


@dataclass(frozen=True)
class Number:
    """One measured number.

    Args:
        value: The estimate; None where it could not be made, and ``reason`` then says why.
        low: Lower end of its interval; None where no honest interval exists.
        high: Upper end.
        n: Rows it rests on.
        unit: ``share``, ``accuracy points``, ``nats``, ...
        reason: Why there is no value or no interval, or what the interval assumed.

    Example:
        >>> Number(0.5, 0.4, 0.6, 96, "share").to_json()["low"]
        0.4
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str
    reason: str = ""

    @classmethod
    def unknown(cls, n: int, unit: str, reason: str) -> Number:
        """A number that could not be measured."""
        return cls(None, None, None, n, unit, reason)

    def to_json(self) -> dict[str, Any]:
        """A JSON object with six decimals; infinities and NaN become null."""
        return {
            "value": _plain(self.value),
            "low": _plain(self.low),
            "high": _plain(self.high),
            "n": self.n,
            "unit": self.unit,
            "reason": self.reason,
        }


def _plain(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(float(value), _DIGITS)
