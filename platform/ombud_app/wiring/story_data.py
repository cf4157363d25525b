"""The data of the quickstart: generated, or read from somebody's file and checked before it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ombud.adapters import parquet_columns
from ombud.adapters.parquet_data import read_split, write_dataset
from ombud.domain.modality import AUDIO, IMAGE, Modality, Payload
from ombud.domain.sample import Dataset
from ombud.errors import BadInput
from ombud.reference.data import generate
from ombud_monitors.audio import decode_audio
from ombud_monitors.image import decode_image

__all__ = ["story_data", "write_splits"]

_SPLITS = ("train", "val", "test", "prod_shift")
_DECODERS: Mapping[Modality, Callable[[bytes], object]] = {IMAGE: decode_image, AUDIO: decode_audio}


def story_data(path: Path | None, *, seed: int = 0) -> dict[str, Dataset]:
    """Splits train, val, test and prod_shift: from ``path``, or synthetic with known truth.

    A file is read and its media decoded before the story starts: half a story is no use to anybody.

    Raises:
        BadInput: The file is absent or malformed; the message names column, row and remedy.
    """
    if path is None:
        return dict(generate(seed=seed))
    if not path.is_file():
        raise BadInput(f"data file {path}: no such file", remedy="Check the path given with --data.")
    table = parquet_columns.read(path, only=["id", "split"])
    found = set(parquet_columns.splits(table, path))
    for split in _SPLITS:
        if split not in found:
            raise BadInput(
                f"{path}: column 'split' has no row {split!r}; it has {sorted(found)}",
                remedy=f"Add rows of split {split!r}: the story needs {', '.join(_SPLITS)}.",
            )
    origin = f"file {path.name}"
    train = read_split(path, "train", provenance=origin)
    labels = sorted({s.label for s in train if s.label is not None})
    others = {
        split: read_split(path, split, labels=labels, provenance=origin, needs_labels=True)
        for split in _SPLITS[1:]
    }
    splits = {"train": train, **others}
    rows = {name: row for row, name in enumerate(parquet_columns.strings(table, "id", path))}
    for modality in _DECODERS:
        _decode(splits, modality, lambda sample_id: f"row {rows[sample_id]}", path)
    return splits


def write_splits(path: Path, splits: Mapping[str, Dataset]) -> None:
    """Write data sets as one Parquet file, split by split; it appears whole or not at all."""
    write_dataset(path, splits)


def _decode(
    splits: Mapping[str, Dataset], modality: Modality, row_name: Callable[[str], str], path: Path
) -> None:
    """Decode every distinct payload of a modality once; raises BadInput at the first that cannot be."""
    fine: set[Payload] = set()
    for sample in (s for split in splits.values() for s in split):
        payload = sample.payloads.get(modality)
        if not isinstance(payload, bytes) or payload in fine:
            continue
        try:
            _DECODERS[modality](payload)
        except BadInput as error:
            raise BadInput(
                f"{path}: column {str(modality)!r}, {row_name(sample.sample_id)}: {error.message}",
                remedy=f"Put the whole file's bytes there, or write null where there is no {modality}.",
            ) from None
        fine.add(payload)
