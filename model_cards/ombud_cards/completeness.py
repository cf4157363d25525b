"""How much of a card is filled, by whom, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ombud.domain.evidence import JsonObject
from ombud_cards.schema import Source

__all__ = ["Completeness", "MissingField", "completeness", "fields"]


@dataclass(frozen=True)
class MissingField:
    """A field that nobody filled.

    Args:
        key: ``section.name``.
        title: What a reader sees.
        who: Who must fill it.
        ask: What to state, or what would measure it.
        clauses: Clauses that ask for it, e.g. ``EU AI Act, Annex IV(1)(a)``.
    """

    key: str
    title: str
    who: str
    ask: str
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Completeness:
    """Counts over the fields of the catalogue.

    Args:
        total: Fields counted.
        machine: Fields that the machine filled.
        person: Fields that a person filled.
        missing: The others, in reading order.
    """

    total: int
    machine: int
    person: int
    missing: tuple[MissingField, ...]

    @property
    def fraction(self) -> float:
        """Filled share, in [0, 1]."""
        return (self.machine + self.person) / self.total if self.total else 0.0

    @property
    def auto_filled_fraction(self) -> float:
        """Share filled by the machine alone, in [0, 1]."""
        return self.machine / self.total if self.total else 0.0

    @property
    def person_filled_fraction(self) -> float:
        """Share filled by people, in [0, 1]."""
        return self.person / self.total if self.total else 0.0

    def to_json(self) -> dict[str, Any]:
        """Fractions, counts and the missing fields."""
        return {
            "total": self.total,
            "machine": self.machine,
            "person": self.person,
            "fraction": round(self.fraction, 4),
            "auto_filled_fraction": round(self.auto_filled_fraction, 4),
            "person_filled_fraction": round(self.person_filled_fraction, 4),
            "missing": [
                {"key": m.key, "title": m.title, "who": m.who, "ask": m.ask, "clauses": list(m.clauses)}
                for m in self.missing
            ],
        }


def fields(core: JsonObject) -> Iterator[JsonObject]:
    """Every field of a core, in reading order."""
    for section in core["sections"]:
        yield from section["fields"]


def completeness(core: JsonObject) -> Completeness:
    """Count the filled fields of a card's core.

    Limits: Counts that something is stated, not that it is true or enough: that is what people sign.

    Example:
        >>> completeness({"sections": []}).fraction
        0.0
    """
    counted = [f for f in fields(core) if f["counted"]]
    sources = [f["source"] for f in counted]
    return Completeness(
        total=len(counted),
        machine=sources.count(Source.MACHINE.value),
        person=sources.count(Source.PERSON.value),
        missing=tuple(
            MissingField(
                f["key"],
                f["title"],
                f["who"],
                f["ask"],
                tuple(f"{c['regulation']}, {c['reference']}" for c in f["clauses"]),
            )
            for f in counted
            if f["source"] == Source.MISSING.value
        ),
    )
