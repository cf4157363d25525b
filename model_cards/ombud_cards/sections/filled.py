"""What section builders read from, and what they hand back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ombud.domain.evidence import EvidenceKind
from ombud_cards.citing import Cited
from ombud_cards.inputs import CardInputs
from ombud_cards.schema import Cell, Citation, Kind, Number, Table

__all__ = ["Filled", "SourceMaterial"]


@dataclass(frozen=True)
class Filled:
    """A value that the machine found for one field.

    Args:
        kind: How ``value`` is laid out.
        value: JSON value.
        citation: Where it stands; None where the registry or the project file says it.
        origin: ``registry`` or the key of the project file; empty where there is a citation.
    """

    kind: Kind
    value: Any
    citation: Citation | None = None
    origin: str = ""

    @staticmethod
    def text(value: str, *, origin: str) -> Filled:
        """A sentence from the registry or the project file."""
        return Filled(Kind.TEXT, value, origin=origin)

    @staticmethod
    def cited_text(place: Cited) -> Filled:
        """The string at a place in evidence."""
        return Filled(Kind.TEXT, str(place.value), place.citation)

    @staticmethod
    def number(number: Number) -> Filled:
        """A number with its proof."""
        return Filled(Kind.NUMBER, number.to_json(), number.citation)

    @staticmethod
    def record(pairs: Sequence[tuple[str, Cell]], *, place: Cited | None = None, origin: str = "") -> Filled:
        """Titles and cells."""
        value = [[title, c.to_json() if isinstance(c, Number) else c] for title, c in pairs]
        return Filled(Kind.RECORD, value, place.citation if place else None, origin)

    @staticmethod
    def tables(tables: Sequence[Table], *, place: Cited | None = None) -> Filled:
        """One or more tables."""
        return Filled(Kind.TABLES, [t.to_json() for t in tables], place.citation if place else None)


@dataclass(frozen=True)
class SourceMaterial:
    """The inputs, with evidence at hand as :class:`~ombud_cards.citing.Cited`.

    Args:
        inputs: What the card is built from.
    """

    inputs: CardInputs

    def document(self, kind: EvidenceKind) -> Cited | None:
        """The newest document of a kind; None where there is none."""
        found = self.inputs.evidence.get(kind)
        return None if found is None else Cited(found, self.inputs.ledger_seq.get(found.digest))

    @property
    def synthetic_evaluation(self) -> bool:
        """Whether the version was evaluated on generated data."""
        document = self.document(EvidenceKind.EVALUATION)
        return document is not None and document.flag("dataset", "synthetic")

    @property
    def synthetic_training(self) -> bool:
        """Whether the version was trained on generated data."""
        sheet = self.document(EvidenceKind.DATA_SHEET)
        if sheet is not None and sheet.flag("synthetic"):
            return True
        training = self.document(EvidenceKind.TRAINING)
        datasets = training.get("datasets") if training else None
        return datasets is not None and any(d.flag("synthetic") for _, d in datasets.members())
