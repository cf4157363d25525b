"""Numbers on the wire: JSON has no NaN and no infinity."""

from __future__ import annotations

import math
from collections.abc import Mapping

__all__ = ["finite", "finite_tree"]


def finite(value: float | None) -> float | None:
    """The number, or None where there is none that JSON could carry.

    Example:
        >>> finite(0.5), finite(float("nan")), finite(float("inf")), finite(None)
        (0.5, None, None, None)
    """
    return float(value) if value is not None and math.isfinite(value) else None


def finite_tree(value: object) -> object:
    """A JSON-like value with every number that is not finite replaced: NaN by null, infinity by text.

    Example:
        >>> finite_tree({"e": [1.0, float("inf")], "p": float("nan")})
        {'e': [1.0, 'inf'], 'p': None}
    """
    if isinstance(value, Mapping):
        return {str(k): finite_tree(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite_tree(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
