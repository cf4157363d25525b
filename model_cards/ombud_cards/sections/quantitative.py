"""Quantitative analysis: the evaluation, by modality and by group."""

from __future__ import annotations

from ombud.domain.evidence import EvidenceKind
from ombud_cards.citing import Cited
from ombud_cards.schema import Cell, Number, Table
from ombud_cards.sections.filled import Filled, SourceMaterial

__all__ = ["fill"]

_HEADLINES = (
    ("quantitative.accuracy", "accuracy.fused", "higher"),
    ("quantitative.calibration", "calibration_error.fused", "lower"),
    ("quantitative.log_loss", "log_loss.fused", "lower"),
)


def fill(source: SourceMaterial) -> dict[str, Filled]:
    """Fields of the section quantitative."""
    evaluation = source.document(EvidenceKind.EVALUATION)
    if evaluation is None:
        return {}
    filled: dict[str, Filled] = {}
    synthetic = source.synthetic_evaluation
    dataset = evaluation.get("dataset")
    if dataset is not None:
        filled["quantitative.dataset"] = _dataset(dataset, synthetic=synthetic)
    for key, metric, better in _HEADLINES:
        place = evaluation.get("metrics", metric)
        if place is not None:
            filled[key] = Filled.number(place.number(better=better))
    metrics = evaluation.get("metrics")
    if metrics is not None:
        table = _by_modality(metrics, source.inputs.modalities, synthetic=synthetic)
        if table.rows:
            filled["quantitative.modalities"] = Filled.tables([table], place=metrics)
    groups = evaluation.get("groups")
    if groups is not None and groups.value:
        filled["quantitative.groups"] = Filled.tables(_by_group(groups, synthetic=synthetic), place=groups)
    confusion, labels = evaluation.get("confusion"), evaluation.get("labels")
    if confusion is not None and confusion.value and labels is not None:
        filled["quantitative.confusion"] = Filled.tables(
            [_confusion(confusion, [str(v) for v in labels.value], synthetic=synthetic)], place=confusion
        )
    return filled


def _dataset(dataset: Cited, *, synthetic: bool) -> Filled:
    count = dataset.get("n")
    pairs: list[tuple[str, Cell]] = [
        ("Name", dataset.text("name")),
        ("Rows", count.number(unit="rows") if count else None),
        ("Origin", "synthetic: generated, not collected" if synthetic else "real: collected, not generated"),
        ("Digest", dataset.text("digest")),
    ]
    return Filled.record(pairs, place=dataset)


def _by_modality(metrics: Cited, modalities: tuple[str, ...], *, synthetic: bool) -> Table:
    rows: list[tuple[Cell, ...]] = []
    fused = metrics.get("accuracy.fused")
    if fused is not None:
        rows.append(
            (
                "all together",
                fused.number(better="higher"),
                None,
                _metric(metrics, "calibration_error.fused", "lower"),
            )
        )
    for modality in modalities:
        row = (
            _metric(metrics, f"accuracy.only.{modality}", "higher"),
            _metric(metrics, f"accuracy.without.{modality}", "higher"),
            _metric(metrics, f"calibration_error.only.{modality}", "lower"),
        )
        if any(cell is not None for cell in row):
            rows.append((modality, *row))
    columns = ("Modality", "Accuracy alone", "Accuracy without it", "Calibration error alone")
    return Table("Accuracy and calibration by modality", columns, tuple(rows), synthetic)


def _metric(metrics: Cited, name: str, better: str) -> Number | None:
    place = metrics.get(name)
    return None if place is None else place.number(better=better)


def _by_group(groups: Cited, *, synthetic: bool) -> list[Table]:
    rows: dict[str, list[tuple[Cell, ...]]] = {}
    for item in groups.elements():
        accuracy, n, clusters = item.get("accuracy"), item.get("n"), item.get("clusters")
        rows.setdefault(item.text("attribute"), []).append(
            (
                item.text("group") or "(not stated)",
                accuracy.number(better="higher") if accuracy else None,
                n.number(unit="rows") if n else None,
                clusters.number() if clusters else None,
            )
        )
    columns = ("Group", "Accuracy", "Rows", "Repeating units")
    return [Table(f"Accuracy by {name}", columns, tuple(r), synthetic) for name, r in rows.items()]


def _confusion(confusion: Cited, labels: list[str], *, synthetic: bool) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for position, counts in enumerate(confusion.elements()):
        name = labels[position] if position < len(labels) else str(position)
        rows.append((name, *(c.number(unit="rows") for c in counts.elements())))
    caption = "Confusion matrix: true label by row, predicted label by column"
    return Table(caption, ("True label", *labels), tuple(rows), synthetic)
