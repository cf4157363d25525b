"""The table contract: what a pyfunc takes and returns, and the way between it and the domain.

In: one nullable column per modality, text as strings, everything else as bytes. Out: one row per
input with the list columns ``probabilities`` and, optionally, ``probabilities_<modality>`` and
``embedding_<modality>``, null where the request lacks the modality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ombud.domain.modality import TEXT, Modality
from ombud.domain.predictor import Payloads, Predictions
from ombud.errors import BadInput

__all__ = ["frame_of", "output_of", "predictions_of", "requests_of"]

_REMEDY = (
    "Return a table with one row per request and the list column 'probabilities' with one number per label."
)


def frame_of(requests: Sequence[Payloads], modalities: Sequence[Modality]) -> pd.DataFrame:
    """Requests as the input table, one object column per modality.

    Example:
        >>> frame_of([{TEXT: "two"}, {}], [TEXT])["text"].tolist()
        ['two', None]
    """
    # Made column by column: pandas would turn a column without any value into floats.
    columns = {m: pd.Series([r.get(m) for r in requests], dtype=object) for m in modalities}
    return pd.DataFrame(columns, index=range(len(requests)))


def requests_of(frame: pd.DataFrame) -> list[Payloads]:
    """Inverse of :func:`frame_of`; NaN, NA and None all mean "not given"."""
    columns = {
        Modality(str(name)): [_payload(Modality(str(name)), cell) for cell in frame[name]] for name in frame
    }
    return [{m: cells[row] for m, cells in columns.items()} for row in range(len(frame))]


def output_of(predictions: Predictions) -> pd.DataFrame:
    """Predictions as the output table; rows of NaN become nulls."""
    columns = {"probabilities": _cells(predictions.probabilities)}
    columns |= {f"probabilities_{m}": _cells(v) for m, v in predictions.unimodal.items()}
    columns |= {f"embedding_{m}": _cells(v) for m, v in predictions.embeddings.items()}
    return pd.DataFrame(columns, index=range(len(predictions)))


def predictions_of(
    output: Any, *, n: int, labels: int, modalities: Sequence[Modality], name: str
) -> Predictions:
    """What a pyfunc returned, checked and turned into predictions.

    Args:
        output: A data frame, a mapping of columns, or an ``(n, labels)`` array of probabilities.
        n: Requests asked.
        labels: Classes expected.
        modalities: Modalities whose optional columns are looked for.
        name: Name of the model, for messages.

    Raises:
        BadInput: A column is missing, has the wrong number of rows, or rows of the wrong width.
    """
    columns: Mapping[str, Any]
    if isinstance(output, pd.DataFrame):
        columns = {str(key): output[key].tolist() for key in output}
        if "probabilities" not in columns and len(columns) == labels:
            columns = {"probabilities": output.to_numpy()}
    elif isinstance(output, Mapping):
        columns = output
    else:
        columns = {"probabilities": output}
    if "probabilities" not in columns:
        raise BadInput(
            f"model {name}: expected the output column 'probabilities', got {sorted(columns)}", remedy=_REMEDY
        )
    fused = _matrix(columns["probabilities"], n, labels, f"model {name}: column 'probabilities'")
    unimodal, embeddings = {}, {}
    for modality in modalities:
        if (column := f"probabilities_{modality}") in columns:
            unimodal[modality] = _matrix(columns[column], n, labels, f"model {name}: column {column!r}")
        if (column := f"embedding_{modality}") in columns:
            embeddings[modality] = _matrix(columns[column], n, None, f"model {name}: column {column!r}")
    return Predictions(fused, unimodal, embeddings)


def _payload(modality: Modality, cell: Any) -> str | bytes | None:
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return None
    return str(cell) if modality == TEXT else bytes(cell)


def _cells(matrix: NDArray[np.float32]) -> list[list[float] | None]:
    missing = np.isnan(matrix).all(axis=1) if matrix.shape[1] else np.ones(len(matrix), bool)
    return [None if gone else row for row, gone in zip(matrix.tolist(), missing, strict=True)]


def _matrix(cells: Any, n: int, width: int | None, what: str) -> NDArray[np.float32]:
    try:
        rows = [None if _absent(cell) else np.asarray(cell, np.float32).reshape(-1) for cell in cells]
    except (TypeError, ValueError) as error:
        raise BadInput(f"{what}: expected lists of numbers ({error})", remedy=_REMEDY) from error
    widths = {len(row) for row in rows if row is not None}
    expected = width if width is not None else max(widths, default=0)
    if len(rows) != n or widths - {expected}:
        raise BadInput(
            f"{what}: expected {n} rows of {expected} numbers, got {len(rows)} rows of {sorted(widths)}",
            remedy=_REMEDY,
        )
    matrix = np.full((n, expected), np.nan, np.float32)
    for index, row in enumerate(rows):
        if row is not None:
            matrix[index] = row
    return matrix


def _absent(cell: Any) -> bool:
    return cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell))
