"""Fairness: what the bias audit measured, by attribute.

Words: a *disparity* is a difference or ratio between the worst and best group on one metric. The card
says whether the data can tell it from chance, and where it cannot, why; it never says "unbiased".
"""

from __future__ import annotations

from ombud.domain.evidence import EvidenceKind
from ombud_cards.citing import Cited
from ombud_cards.schema import Cell, Table
from ombud_cards.sections.filled import Filled, SourceMaterial

__all__ = ["fill"]

_LOWER = ("error", "loss", "false_positive", "false_negative", "fpr", "fnr", "calibration")
_NEUTRAL = ("selection_rate", "share", "prevalence", "base_rate")
_OUTCOMES = {"finding": "finding", "no_finding": "no finding", "not_applicable": "not applicable"}


def fill(source: SourceMaterial) -> dict[str, Filled]:
    """Fields of the section fairness."""
    audit = source.document(EvidenceKind.BIAS_AUDIT)
    attributes = audit.get("attributes") if audit else None
    if audit is None or attributes is None:
        return {}
    synthetic = source.synthetic_evaluation
    filled: dict[str, Filled] = {}
    metrics = [_metrics(a, synthetic=synthetic) for a in attributes.elements()]
    disparities = [_disparities(a, synthetic=synthetic) for a in attributes.elements()]
    if metrics:
        filled["fairness.metrics"] = Filled.tables(metrics, place=attributes)
    if disparities:
        filled["fairness.disparities"] = Filled.tables(disparities, place=attributes)
    pairs: list[tuple[str, Cell]] = []
    for name, title in (("method", "Method"), ("level", "Level"), ("resamples", "Resamples")):
        place = audit.get(name)
        if place is not None:
            numeric = isinstance(place.value, int | float) and not isinstance(place.value, bool)
            pairs.append((title, place.number() if numeric else str(place.value)))
    if pairs:
        filled["fairness.method"] = Filled.record(pairs, place=audit)
    return filled


def _better(metric: str) -> str:
    name = metric.lower()
    if any(part in name for part in _NEUTRAL):
        return ""
    return "lower" if any(part in name for part in _LOWER) else "higher"


def _metrics(attribute: Cited, *, synthetic: bool) -> Table:
    groups = list(attribute.at("groups").elements()) if attribute.get("groups") else []
    names = sorted({name for g in groups for name in (g.value.get("metrics") or {})})
    rows: list[tuple[Cell, ...]] = []
    for group in groups:
        cells: list[Cell] = [group.text("group") or "(not stated)"]
        for count in ("n", "clusters"):
            place = group.get(count)
            cells.append(place.number(unit="rows" if count == "n" else "") if place else None)
        for name in names:
            place = group.get("metrics", name)
            cells.append(place.number(better=_better(name)) if place else None)
        rows.append(tuple(cells))
    columns = ("Group", "Rows", "Repeating units", *(_words(n) for n in names))
    return Table(f"Metrics by {_title(attribute)}", columns, tuple(rows), synthetic)


def _disparities(attribute: Cited, *, synthetic: bool) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for item in attribute.at("disparities").elements() if attribute.get("disparities") else ():
        kind = item.text("kind")
        value = item.get("value")
        status, reason = item.text("status"), item.text("reason")
        rows.append(
            (
                _words(item.text("metric")),
                kind,
                value.number(better="higher" if kind == "ratio" else "lower") if value else None,
                _OUTCOMES.get(status, status),
                reason if reason and not (value is not None and value.text("reason") == reason) else None,
            )
        )
    columns = ("Metric", "Kind", "Disparity", "Outcome", "Reason")
    return Table(f"Disparities by {_title(attribute)}", columns, tuple(rows), synthetic)


def _title(attribute: Cited) -> str:
    cluster = attribute.text("cluster")
    name = attribute.text("attribute")
    return f"{name} (resampled by {cluster})" if cluster else name


def _words(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
