"""Building a card: the catalogue's fields, filled from evidence and statements, the rest named missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ombud.domain.evidence import JsonObject
from ombud.errors import BadInput
from ombud_cards.annex import build_annex
from ombud_cards.catalogue import FIELDS, SECTIONS, Spec
from ombud_cards.catalogue import spec as find_spec
from ombud_cards.inputs import CardInputs, Statement
from ombud_cards.schema import Field, Kind, Section, Source
from ombud_cards.sections import Filled, SourceMaterial, data, fairness, identity, quantitative, training

__all__ = ["SCHEMA", "CardDraft", "build"]

SCHEMA = "ombud.card/1"
"""Name and version of the core's layout."""


@dataclass(frozen=True)
class CardDraft:
    """A card before it is stored.

    Args:
        core: The part that people sign: no build time, no ledger head, nothing that moves by itself.
        annex: The living part.
    """

    core: JsonObject
    annex: JsonObject


def build(inputs: CardInputs) -> CardDraft:
    """Build the card of one version. The same inputs give the same bytes.

    Raises:
        BadInput: A statement, a setting or a clause names a field that the catalogue does not have.
    """
    _check_keys("statement", inputs.statements)
    _check_keys("setting", inputs.declared)
    _check_keys("clause", inputs.clauses)
    source = SourceMaterial(inputs)
    found: dict[str, Filled] = {}
    for section in (identity, training, data, quantitative, fairness):
        found |= section.fill(source)
    for key, pairs in inputs.declared.items():
        if pairs:
            found[key] = Filled.record(list(pairs), origin="ombud.yaml")
    fields = [_field(s, found.get(s.key), inputs) for s in FIELDS]
    sections = [
        Section(key, title, [f for f in fields if f.key.startswith(f"{key}.")]) for key, title in SECTIONS
    ]
    version = inputs.version
    core: JsonObject = {
        "schema": SCHEMA,
        "model": version.name,
        "version": version.version,
        "model_digest": version.model_digest,
        "synthetic": {"training": source.synthetic_training, "evaluation": source.synthetic_evaluation},
        "sections": [s.to_json() for s in sections],
    }
    return CardDraft(core, build_annex(inputs))


def _field(spec: Spec, found: Filled | None, inputs: CardInputs) -> Field:
    clauses = tuple(inputs.clauses.get(spec.key, ()))
    if found is not None:
        return Field(
            spec.key,
            spec.title,
            found.kind,
            found.value,
            Source.MACHINE,
            spec.who,
            spec.ask,
            origin=found.origin,
            citation=found.citation,
            clauses=clauses,
            counted=spec.counted,
        )
    statement = inputs.statements.get(spec.key)
    if statement is not None and _said(statement):
        listed = not isinstance(statement.value, str)
        return Field(
            spec.key,
            spec.title,
            Kind.LIST if listed else Kind.TEXT,
            list(statement.value) if listed else statement.value,
            Source.PERSON,
            spec.who,
            spec.ask,
            origin=statement.origin,
            author=statement.author,
            date=statement.date,
            clauses=clauses,
            counted=spec.counted,
        )
    return Field(
        spec.key,
        spec.title,
        Kind.TEXT,
        None,
        Source.MISSING,
        spec.who,
        spec.ask,
        clauses=clauses,
        counted=spec.counted,
    )


def _said(statement: Statement) -> bool:
    value = statement.value
    return bool(value.strip()) if isinstance(value, str) else any(item.strip() for item in value)


def _check_keys(what: str, keys: Mapping[str, object]) -> None:
    for key in keys:
        if find_spec(key) is None:
            raise BadInput(
                f"card {what} for unknown field {key!r}", remedy="Use a key of ombud_cards.catalogue."
            )
