"""Labelled multimodal data in Parquet files.

One row is one sample. Columns:

- ``id``: string or integer, unique in the file.
- ``split``: string: ``train``, ``val``, ``test`` and any other name. Not needed in a file of newly
  labelled data, where every row belongs to the role ``labelled``.
- ``label``: string or integer; null only outside ``train``, ``val``, ``test`` and ``labelled``.
- ``text``: string; ``image`` and ``audio``: encoded file bytes. Null where a row lacks the modality;
  a column is needed only for a declared modality.
- every other column becomes a string attribute (groups, cluster ids, domains); null means "unknown".

A file that breaks this is refused as a whole: the message names the column, the row (counted from
0) and the remedy.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ombud.adapters import parquet_columns as columns
from ombud.adapters.dataset_rules import LABELLED, LABELLED_ROLES, check_dataset
from ombud.domain.modality import KNOWN_MODALITIES, TEXT, Modality
from ombud.domain.sample import Dataset, Sample
from ombud.errors import BadInput, NotFound

__all__ = ["ParquetDataSource", "read_split", "write_dataset"]


_ORIGIN = b"ombud.origin"
"""Key of the file metadata under which :func:`write_dataset` keeps where the data came from."""


class ParquetDataSource:
    """The labelled data of one project: one training file, one folder of newly labelled files.

    Args:
        training: Parquet file with the splits.
        labelled: Folder whose ``*.parquet`` files hold newly labelled samples, or None.
        labels: Class names allowed; empty allows any.
        modalities: Declared modalities.
        synthetic: Whether the data was generated. A file written by :func:`write_dataset` that
            says so itself stays synthetic whatever is given here.
        provenance: Where it came from; taken from the file when empty.
        licence: SPDX expression or a sentence; taken from the file when empty.

    Example:
        >>> import tempfile
        >>> rows = Dataset("train", (Sample("a", {TEXT: "two cups"}, "2", {"topic": "food"}),))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_dataset(Path(folder) / "d.parquet", {"train": rows})
        ...     source = ParquetDataSource(Path(folder) / "d.parquet", labels=["1", "2"])
        ...     list(source.roles()), source.load("train").digest == rows.digest
        (['train'], True)
    """

    def __init__(
        self,
        training: Path,
        labelled: Path | None = None,
        *,
        labels: Sequence[str] = (),
        modalities: Sequence[Modality] = KNOWN_MODALITIES,
        synthetic: bool = False,
        provenance: str = "",
        licence: str = "",
    ) -> None:
        self._training = training
        self._labelled = labelled
        self._labels = tuple(labels)
        self._modalities = tuple(modalities)
        self._synthetic = synthetic
        self._provenance = provenance
        self._licence = licence

    def roles(self) -> Sequence[str]:
        """Splits of the training file in order of appearance, then ``labelled`` if there is any.

        Raises:
            NotFound: The training file does not exist.
            BadInput: It is not Parquet, or has no usable ``split`` column.
        """
        splits = columns.splits(columns.read(self._training, only=["split"]), self._training)
        roles = list(dict.fromkeys(splits))
        return tuple([*roles, LABELLED] if self._labelled_files() and LABELLED not in roles else roles)

    def load(self, role: str) -> Dataset:
        """All samples of one role, in file order; ``labelled`` files are joined in name order.

        Raises:
            NotFound: The file, or the role in it, does not exist.
            BadInput: The file is malformed; column, row and remedy are named.
        """
        files = self._labelled_files() if role == LABELLED else []
        parts = [self._read(path, None) for path in files] or [self._read(self._training, role)]
        joined = Dataset(name=role, samples=tuple(s for part in parts for s in part))
        names = [
            f"row {i} of {path.name}"
            for path, part in zip(files, parts, strict=False)
            for i in range(len(part))
        ]
        if len(parts) > 1:
            check_dataset(
                joined,
                labels=self._labels,
                modalities=self._modalities,
                needs_labels=True,
                row_name=names.__getitem__,
            )
        return replace(
            joined,
            synthetic=any(part.synthetic for part in parts),
            provenance="; ".join(dict.fromkeys(part.provenance for part in parts)),
            licence="; ".join(dict.fromkeys(part.licence for part in parts)),
        )

    def _labelled_files(self) -> list[Path]:
        if self._labelled is None or not self._labelled.is_dir():
            return []
        return sorted(path for path in self._labelled.glob("*.parquet") if not path.name.startswith("."))

    def _read(self, path: Path, split: str | None) -> Dataset:
        return read_split(
            path,
            split,
            labels=self._labels,
            modalities=self._modalities,
            synthetic=self._synthetic,
            provenance=self._provenance,
            licence=self._licence,
            needs_labels=True if split is None else None,
        )


def read_split(
    path: Path,
    split: str | None,
    *,
    labels: Sequence[str] = (),
    modalities: Sequence[Modality] = KNOWN_MODALITIES,
    synthetic: bool = False,
    provenance: str = "",
    licence: str = "",
    needs_labels: bool | None = None,
) -> Dataset:
    """Read one split of a file, or with ``None`` every row.

    Args:
        path: Parquet file.
        split: Value of the column ``split``; None reads all rows and needs no such column.
        labels: Class names allowed; empty allows any.
        modalities: Declared modalities; columns of undeclared ones are left alone.
        synthetic: Whether the data was generated.
        provenance: Where it came from; taken from the file when empty.
        licence: SPDX expression or a sentence; taken from the file when empty.
        needs_labels: Whether a null label is an error; None decides by the split's name.

    Raises:
        NotFound: No such file, or no such split in it.
        BadInput: The file is malformed; column, row and remedy are named.
    """
    table = columns.read(path)
    ids = columns.strings(table, "id", path)
    columns.check_ids(ids, path)
    rows = list(range(table.num_rows))
    if split is not None:
        splits = columns.splits(table, path)
        rows = [row for row, value in enumerate(splits) if value == split]
        if not rows:
            raise NotFound(
                f"{path}: no row of split {split!r}; the file has {sorted(set(splits))}",
                remedy="Ask for a split that exists, or add its rows.",
            )
        table = table.take(pa.array(rows))
    label = columns.strings(table, "label", path)
    payloads = {m: columns.payloads(table, m, path) for m in modalities}
    skipped = {*columns.RESERVED, *KNOWN_MODALITIES, *modalities}
    attributes = {c: columns.attribute(table, c, path) for c in table.column_names if c not in skipped}
    samples = tuple(
        Sample(
            sample_id=ids[row] or "",
            payloads={m: column[i] for m, column in payloads.items() if column[i] is not None},
            label=label[i],
            attributes={c: value for c, values in attributes.items() if (value := values[i]) is not None},
        )
        for i, row in enumerate(rows)
    )
    origin = json.loads((table.schema.metadata or {}).get(_ORIGIN, b"{}"))
    return check_dataset(
        Dataset(
            name=split or path.stem,
            samples=samples,
            synthetic=synthetic or bool(origin.get("synthetic", False)),
            provenance=provenance or str(origin.get("provenance", "")),
            licence=licence or str(origin.get("licence", "")),
        ),
        labels=labels,
        modalities=modalities,
        needs_labels=split in LABELLED_ROLES if needs_labels is None else needs_labels,
        row_name=lambda position: f"row {rows[position]}",
    )


def write_dataset(path: Path, splits: Mapping[str, Dataset]) -> None:
    """Write data sets as one file that :func:`read_split` reads back sample for sample.

    The file appears under its name only once it is complete; a reader never sees half of it.

    Args:
        path: File to make or replace; missing folders are made.
        splits: Value of the column ``split`` → data set.

    Raises:
        BadInput: An id occurs twice, or an attribute is named like a reserved column.
    """
    samples = [(split, sample) for split, dataset in splits.items() for sample in dataset]
    extra = sorted({m for _, s in samples for m in s.payloads} - set(KNOWN_MODALITIES))
    modalities = (*KNOWN_MODALITIES, *extra)
    names = sorted({name for _, sample in samples for name in sample.attributes})
    for name in names:
        if name in (*columns.RESERVED, *modalities):
            raise BadInput(
                f"attribute {name!r}: the name is reserved for a column of its own",
                remedy="Rename the attribute.",
            )
    columns.check_ids([sample.sample_id for _, sample in samples], path)
    arrays: dict[str, pa.Array] = {
        "id": pa.array([s.sample_id for _, s in samples], pa.string()),
        "split": pa.array([split for split, _ in samples], pa.string()),
        "label": pa.array([s.label for _, s in samples], pa.string()),
    }
    for modality in modalities:
        kind = pa.string() if modality == TEXT else pa.binary()
        arrays[modality] = pa.array([s.payloads.get(modality) for _, s in samples], kind)
    for name in names:
        arrays[name] = pa.array([s.attributes.get(name) for _, s in samples], pa.string())
    origin = {
        "synthetic": any(dataset.synthetic for dataset in splits.values()),
        "provenance": "; ".join(dict.fromkeys(d.provenance for d in splits.values() if d.provenance)),
        "licence": "; ".join(dict.fromkeys(d.licence for d in splits.values() if d.licence)),
    }
    table = pa.table(arrays).replace_schema_metadata({_ORIGIN: json.dumps(origin).encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
