"""Quantities: the name, unit and meaning of one descriptor, so that a chart never lacks a unit."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Quantity"]


class Quantity(NamedTuple):
    """What one descriptor column holds.

    Args:
        name: Column name, without the modality prefix.
        unit: Unit as shown beside numbers; ``share`` is a fraction in [0, 1].
        meaning: One sentence for a reader who has never seen the formula.
    """

    name: str
    unit: str
    meaning: str
