"""The data of the quickstart: generated, or read from somebody's file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ombud.adapters.parquet_data import read_split, write_dataset
from ombud.domain.sample import Dataset
from ombud.reference.data import generate

__all__ = ["story_data", "write_splits"]

_SPLITS = ("train", "val", "test", "prod_shift")


def story_data(path: Path | None, *, seed: int = 0) -> dict[str, Dataset]:
    """Splits train, val, test and prod_shift: from ``path``, or synthetic with known truth.

    Raises:
        NotFound: There is no such file, or no such split in it.
        BadInput: The file is malformed; the message names column, row and remedy.
    """
    if path is None:
        return dict(generate(seed=seed))
    return {split: read_split(path, split, provenance=f"file {path.name}") for split in _SPLITS}


def write_splits(path: Path, splits: Mapping[str, Dataset]) -> None:
    """Write data sets as one Parquet file, split by split; it appears whole or not at all."""
    write_dataset(path, splits)
