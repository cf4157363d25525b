"""Digests of model directories: moving keeps them, changing anything does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ombud.adapters.model_directory import directory_digest, load_directory
from ombud.errors import BadInput, NotFound


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model" / "deep").mkdir(parents=True)
    (tmp_path / "model" / "weights").write_bytes(b"12")
    (tmp_path / "model" / "deep" / "labels").write_bytes(b"3")
    return tmp_path / "model"


def test_moving_keeps_the_digest(model: Path, tmp_path: Path) -> None:
    before = directory_digest(model)
    assert directory_digest(model.rename(tmp_path / "elsewhere")) == before


def test_every_change_shows(model: Path) -> None:
    seen = {directory_digest(model)}
    (model / "weights").write_bytes(b"13")
    seen.add(directory_digest(model))
    (model / "weights").rename(model / "weight")
    seen.add(directory_digest(model))
    (model / "deep" / "labels").rename(model / "labels")
    seen.add(directory_digest(model))
    (model / "extra").write_bytes(b"")
    seen.add(directory_digest(model))
    assert len(seen) == 5


def test_what_tools_drop_into_a_model_is_not_the_model(model: Path) -> None:
    before = directory_digest(model)
    (model / "registered_model_meta").write_text("model_name: digits")
    (model / "deep" / "__pycache__").mkdir()
    (model / "deep" / "__pycache__" / "code.pyc").write_bytes(b"0")
    assert directory_digest(model) == before


def test_an_empty_or_absent_directory_is_not_found(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotFound, match="no files"):
            directory_digest(directory)


@pytest.mark.parametrize("loader", ["", "nonsense", "no.such.package:load", "json:no_such_function", ":load"])
def test_a_loader_that_cannot_be_found_is_named(model: Path, loader: str) -> None:
    with pytest.raises(BadInput, match="module:function"):
        load_directory(model, loader)
