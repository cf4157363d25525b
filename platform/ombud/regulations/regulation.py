"""The nouns of a regulation file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ombud.errors import NotFound

__all__ = ["Clause", "Clock", "EffectiveDate", "Regulation"]


@dataclass(frozen=True)
class Clause:
    """One clause.

    Args:
        reference: Where in the text, e.g. ``Annex IV(1)(a)``.
        title: What it asks for, in one sentence of ours; not the text of the law.
        fields: Card fields that answer it.
        regime: Key of the effective date from which it applies; empty where it carries no date.
    """

    reference: str
    title: str
    fields: tuple[str, ...]
    regime: str = ""


@dataclass(frozen=True)
class EffectiveDate:
    """From when a part applies.

    Args:
        regime: Short key, e.g. ``annex_iii_high_risk``.
        title: What applies.
        day: First day.
        note: What else a reader should know.
    """

    regime: str
    title: str
    day: date
    note: str = ""


@dataclass(frozen=True)
class Clock:
    """A period that a clause sets.

    Args:
        name: Short key, e.g. ``serious_incident``.
        reference: Clause that sets it.
        title: What must be done, or kept, within it.
        days: Length in days; months count 30.5 and years 365.25, rounded up.
        starts: What starts it.
    """

    name: str
    reference: str
    title: str
    days: int
    starts: str


@dataclass(frozen=True)
class Regulation:
    """One regulation or standard.

    Args:
        name: File name without ending.
        title: Short title, as shown.
        citation: Full citation.
        kind: ``law``, ``standard`` or ``framework``.
        as_of: The day whose law the file describes.
        sources: Where its contents come from.
        verified: How far they were verified, and what is left to verify.
        aliases: Other names under which a project file may list it, lower case.
        clauses: In the order of the text.
        dates: Effective dates, by regime.
        clocks: Periods.
    """

    name: str
    title: str
    citation: str
    kind: str
    as_of: date
    sources: tuple[str, ...]
    verified: str
    aliases: tuple[str, ...]
    clauses: tuple[Clause, ...]
    dates: tuple[EffectiveDate, ...] = ()
    clocks: tuple[Clock, ...] = ()

    def asking_for(self, field: str) -> tuple[Clause, ...]:
        """Clauses that ask for a card field, in the order of the text."""
        return tuple(c for c in self.clauses if field in c.fields)

    def applies_from(self, regime: str) -> date:
        """First day of a regime.

        Raises:
            NotFound: The regulation has no such regime.
        """
        for entry in self.dates:
            if entry.regime == regime:
                return entry.day
        raise NotFound(
            f"{self.title} has no regime {regime!r}", remedy=f"Use one of {[d.regime for d in self.dates]}."
        )

    def clock(self, name: str) -> Clock:
        """A period by name.

        Raises:
            NotFound: The regulation sets no such period.
        """
        for entry in self.clocks:
            if entry.name == name:
                return entry
        raise NotFound(
            f"{self.title} sets no period {name!r}", remedy=f"Use one of {[c.name for c in self.clocks]}."
        )
