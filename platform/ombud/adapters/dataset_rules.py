"""What every data source promises about its rows, checked in one place.

The Parquet reader and its memory twin both run these checks, so a data set that came through a
:class:`~ombud.domain.ports.DataSource` never surprises a trainer or a monitor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ombud.domain.modality import Modality
from ombud.domain.sample import Dataset, Sample
from ombud.errors import BadInput

__all__ = ["LABELLED", "LABELLED_ROLES", "check_dataset"]

LABELLED = "labelled"
"""Role under which newly labelled data is found."""

LABELLED_ROLES = frozenset({"train", "val", "test", LABELLED})
"""Roles in which a row without a label is an error; anywhere else it means "not known yet"."""


def check_dataset(
    dataset: Dataset,
    *,
    labels: Sequence[str],
    modalities: Sequence[Modality],
    needs_labels: bool,
    row_name: Callable[[int], str] = lambda position: f"row {position}",
) -> Dataset:
    """Return ``dataset`` unchanged when every row keeps the promises.

    Args:
        dataset: What was read.
        labels: Class names allowed; empty allows any.
        modalities: Declared modalities; a row must carry at least one of them.
        needs_labels: Whether a row without a label is an error.
        row_name: Position in ``dataset`` → how to name that row to a person.

    Raises:
        BadInput: Duplicate id, unknown or missing label, empty text, or a row without any modality.
            The message names the column and the row.

    Example:
        >>> from ombud.domain.modality import TEXT
        >>> rows = Dataset("train", (Sample("a", {TEXT: "two cups"}, label="tow"),))
        >>> check_dataset(rows, labels=["one", "two"], modalities=[TEXT], needs_labels=True)
        Traceback (most recent call last):
        ...
        ombud.errors.BadInput: column 'label', row 0: 'tow' is not one of the labels ['one', 'two'] \
Remedy: Correct the label, or add it to task.labels.
    """
    allowed = frozenset(labels)
    seen: dict[str, int] = {}
    for position, sample in enumerate(dataset.samples):
        name = row_name(position)
        first = seen.setdefault(sample.sample_id, position)
        if first != position:
            raise BadInput(
                f"column 'id', {name}: {sample.sample_id!r} already stands in {row_name(first)}",
                remedy="Give every row an id of its own.",
            )
        _check_label(sample, allowed, labels, needs_labels, name)
        _check_payloads(sample, modalities, name)
    return dataset


def _check_label(
    sample: Sample, allowed: frozenset[str], labels: Sequence[str], needs_labels: bool, name: str
) -> None:
    if sample.label is None:
        if needs_labels:
            raise BadInput(
                f"column 'label', {name}: no label, but this split is learned from or measured on",
                remedy="Fill in the label or drop the row.",
            )
        return
    if allowed and sample.label not in allowed:
        raise BadInput(
            f"column 'label', {name}: {sample.label!r} is not one of the labels {list(labels)}",
            remedy="Correct the label, or add it to task.labels.",
        )


def _check_payloads(sample: Sample, modalities: Sequence[Modality], name: str) -> None:
    present = [m for m in modalities if sample.payloads.get(m) is not None]
    if not present:
        raise BadInput(
            f"columns {', '.join(repr(str(m)) for m in modalities)}, {name}: all null, expected at least one",
            remedy="Fill in one modality or drop the row.",
        )
    for modality in present:
        payload = sample.payloads[modality]
        if not payload or (isinstance(payload, str) and not payload.strip()):
            raise BadInput(
                f"column {str(modality)!r}, {name}: the payload is empty",
                remedy="Write null where a modality is absent, or fill it in.",
            )
