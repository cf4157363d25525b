"""Data: what the data sheet counted and the data audit found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ombud.domain.evidence import EvidenceKind
from ombud_cards.citing import Cited
from ombud_cards.inputs import CardInputs
from ombud_cards.schema import Cell, Table
from ombud_cards.sections.filled import Filled, SourceMaterial

__all__ = ["fill"]

_SPLITS = ("train", "labelled", "val", "validation", "test")


def fill(source: SourceMaterial) -> dict[str, Filled]:
    """Fields of the section data."""
    sheet = source.document(EvidenceKind.DATA_SHEET)
    inputs, synthetic = source.inputs, source.synthetic_training
    filled = {} if sheet is None else _sheet(sheet, inputs, synthetic=synthetic)
    audit = source.document(EvidenceKind.DATA_AUDIT)
    if audit is not None and audit.get("findings") is not None:
        filled["data.audit"] = _audit(audit, synthetic=synthetic)
    return filled


def _sheet(sheet: Cited, inputs: CardInputs, *, synthetic: bool) -> dict[str, Filled]:
    filled: dict[str, Filled] = {}
    for key, name in (
        ("data.name", "name"),
        ("data.provenance", "provenance"),
        ("data.licence", "licence"),
    ):
        place = sheet.get(name)
        if place is not None and str(place.value):
            filled[key] = Filled.cited_text(place)
    place = sheet.get("synthetic")
    if place is not None:
        sentence = "Synthetic: generated, not collected" if place.value else "Real: collected, not generated"
        filled["data.synthetic"] = Filled.record([("Origin", sentence)], place=place)
    splits = sheet.get("splits")
    if splits is not None and splits.value:
        tables = [_splits(splits, inputs.modalities, synthetic=synthetic)]
        units = sheet.get("clusters")
        if units is not None and units.value:
            tables.append(_units(units, synthetic=synthetic))
        filled["data.splits"] = Filled.tables(tables, place=splits)
        filled["data.labels"] = Filled.tables(
            [_labels(splits, inputs.task.labels, synthetic=synthetic)], place=splits
        )
    attributes = sheet.get("attributes")
    if attributes is not None and attributes.value:
        filled["data.groups"] = Filled.tables(
            [_groups(name, place, synthetic=synthetic) for name, place in attributes.members()],
            place=attributes,
        )
    disjoint = sheet.get("disjoint")
    if disjoint is not None and disjoint.value:
        pairs: list[tuple[str, Cell]] = [
            (name, "no value occurs in two splits" if place.value else "some values occur in several splits")
            for name, place in disjoint.members()
        ]
        filled["data.disjoint"] = Filled.record(pairs, place=disjoint)
    schema = sheet.get("schema")
    if schema is not None and schema.value:
        filled["data.schema"] = _schema(schema)
    return filled


def _splits(splits: Cited, modalities: Sequence[str], *, synthetic: bool) -> Table:
    counted = {m for _, s in splits.members() for m in (s.value.get("modalities") or {})}
    modalities = _ordered(counted, modalities)
    rows = []
    for name in _ordered(splits.value, _SPLITS):
        split = splits.at(name)
        digest = split.text("digest")
        cells: list[Cell] = [name, _count(split.get("n"))]
        cells += [_count(split.get("modalities", m)) for m in modalities]
        rows.append((*cells, digest or None))
    columns = ("Split", "Rows", *(f"With {m}" for m in modalities), "Digest")
    return Table("Rows by split and modality", columns, tuple(rows), synthetic)


def _units(units: Cited, *, synthetic: bool) -> Table:
    splits = _ordered({split for _, u in units.members() for split in u.value}, _SPLITS)
    rows = tuple((name, *(_count(unit.get(split)) for split in splits)) for name, unit in units.members())
    return Table("Distinct repeating units by split", ("Unit", *splits), rows, synthetic)


def _labels(splits: Cited, order: Sequence[str], *, synthetic: bool) -> Table:
    names = _ordered(splits.value, _SPLITS)
    found = {label for _, s in splits.members() for label in (s.value.get("labels") or {})}
    labels = _ordered(found, order)
    rows = tuple((label, *(_count(splits.get(name, "labels", label)) for name in names)) for label in labels)
    return Table("Rows by label and split", ("Label", *names), rows, synthetic)


def _groups(name: str, place: Cited, *, synthetic: bool) -> Table:
    rows = tuple((group or "(not stated)", _count(count)) for group, count in place.members())
    return Table(f"Rows by {name}", ("Group", "Rows"), rows, synthetic)


def _schema(schema: Cited) -> Filled:
    columns: list[str] = []
    for item in schema.elements():
        for key, _ in item.members():
            if key not in columns:
                columns.append(key)
    if not columns:
        return Filled.record([(str(i.value), None) for i in schema.elements()], place=schema)
    columns.sort(key=lambda c: c not in ("name", "column"))
    rows = tuple(tuple(_flag_or_text(item.get(c)) for c in columns) for item in schema.elements())
    return Filled.tables([Table("Columns", tuple(c.capitalize() for c in columns), rows)], place=schema)


def _audit(audit: Cited, *, synthetic: bool) -> Filled:
    rows = tuple(
        (f.text("title"), f.text("severity"), _count(f.get("count")), f.text("remedy") or None)
        for f in audit.at("findings").elements()
    )
    verdict = "passed" if audit.flag("passed") else "failed"
    found = f"{len(rows)} finding{'' if len(rows) == 1 else 's'}"
    table = Table(
        f"Data audit: {verdict}, {found}", ("Finding", "Severity", "Rows", "Remedy"), rows, synthetic
    )
    return Filled.tables([table], place=audit)


def _ordered(found: Iterable[str], order: Sequence[str]) -> list[str]:
    """What was found, first in the given order, then the rest by name."""
    names = set(found)
    return [name for name in order if name in names] + sorted(names - set(order))


def _flag_or_text(place: Cited | None) -> Cell:
    if place is None:
        return None
    return place.value if isinstance(place.value, bool) else str(place.value) or None


def _count(place: Cited | None) -> Cell:
    return None if place is None else place.number(unit="rows")
