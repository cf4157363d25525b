"""A saved detector comes back as what it was, or with a clear error: never as something else."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from safetensors.numpy import save as bytes_of

from ombud.errors import BadInput
from ombud_monitors.saving import FORMAT, load, save
from ombud_monitors.two_sample import KS, MMD, BinnedKS, FittedBinnedKS, Mean, TwoSampleTest
from ombud_monitors.two_sample.registry import DETECTORS

NAMES = list(DETECTORS)


def rows(seed: int, n: int = 60) -> np.ndarray[Any, Any]:
    """Whole numbers, so that detectors of categories and of measurements both take them."""
    return np.random.default_rng(seed).integers(0, 4, size=(n, 3)).astype(np.float64)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(f"{FORMAT} sha256:{hashlib.sha256(content).hexdigest()}\n".encode() + content)
    return path


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("named", [False, True], ids=["rows", "clusters"])
def test_a_detector_comes_back_with_its_digest_and_its_verdicts(
    name: str, named: bool, tmp_path: Path
) -> None:
    who = np.array(["Ann", "Ærøskøbing", "李", "b", "c", "", "d", "e", "f", "g"])[np.arange(60) % 10]
    fitted = DETECTORS[name](level=0.1).fit(rows(0), clusters=who if named else None)
    digest = save(fitted, tmp_path / "one")
    again = load(tmp_path / "one", digest=digest)
    assert type(again) is type(fitted)
    assert again.detector == fitted.detector
    assert again.digest == fitted.digest
    them = np.char.add("x", (np.arange(50) % 8).astype(str)) if named else None
    for window in (rows(1, 50), rows(2, 50) + 1):
        assert again.test(window, clusters=them, seed=3) == fitted.test(window, clusters=them, seed=3)
    assert save(again, tmp_path / "two") == digest
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("dtype", ["float32", "float64", ">f8", "int8", "uint16", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_types_and_memory_orders_come_back(dtype: str, order: Any, tmp_path: Path) -> None:
    given = np.asarray(rows(0) > 1 if dtype == "bool" else rows(0), dtype=dtype, order=order)
    fitted = KS().fit(given)
    save(fitted, tmp_path / "one")
    again = load(tmp_path / "one")
    assert again.digest == fitted.digest
    assert again.test(given[:30], seed=0) == fitted.test(given[:30], seed=0)


def test_a_loaded_binned_test_judges_states_counted_by_the_original(tmp_path: Path) -> None:
    fitted = BinnedKS().fit(rows(0))
    assert isinstance(fitted, FittedBinnedKS)
    save(fitted, tmp_path / "one")
    again = load(tmp_path / "one")
    assert isinstance(again, FittedBinnedKS)
    state = fitted.bins.count(rows(1))
    assert again.test_state(state) == fitted.test_state(state)


def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "one"
    save(Mean(permutations=9).fit(rows(0, 8), clusters=["a", "b"] * 4), path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(BadInput) as refused:
            load(path)
        assert refused.value.remedy


def test_every_cut_and_anything_appended_is_found(tmp_path: Path) -> None:
    path = tmp_path / "one"
    save(Mean(permutations=9).fit(rows(0, 8)), path)
    whole = path.read_bytes()
    for content in (*(whole[:length] for length in range(0, len(whole), 5)), whole + b"\0"):
        path.write_bytes(content)
        with pytest.raises(BadInput):
            load(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "no folder" / "none"):
        with pytest.raises(BadInput, match="cannot be read"):
            load(path)


def test_no_pickle_is_opened_and_none_is_written(tmp_path: Path) -> None:
    path = tmp_path / "one"
    for content in (
        b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x07builtins\x94.",
        b"PK\x03\x04",
        b"\x93NUMPY\x01\0",
    ):
        path.write_bytes(content)
        with pytest.raises(BadInput, match="expected a fitted detector of format"):
            load(path)
    save(KS().fit(rows(0)), path)
    line, _, content = path.read_bytes().partition(b"\n")
    assert line.startswith(b"ombud-detector/1 sha256:")
    assert json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def test_another_version_of_the_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one"
    save(KS().fit(rows(0)), path)
    path.write_bytes(path.read_bytes().replace(b"ombud-detector/1", b"ombud-detector/2", 1))
    with pytest.raises(BadInput, match="format ombud-detector/1, got 'ombud-detector/2'"):
        load(path)


def test_another_detector_than_the_one_asked_for_is_refused(tmp_path: Path) -> None:
    first = save(KS().fit(rows(0)), tmp_path / "one")
    save(KS().fit(rows(1)), tmp_path / "one")
    with pytest.raises(BadInput, match=f"expected the detector saved as {first}"):
        load(tmp_path / "one", digest=first)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"detector": "crystal-ball"}, "got 'crystal-ball'"),
        ({"settings": {"magic": 1}}, "does not know these settings"),
        ({"settings": [1]}, "does not know these settings"),
        ({"settings": {"level": 2.0}}, "level must lie in"),
        ({"texts": ["kind", "reference"]}, "expected numbers"),
        ({"texts": 3}, "holds no fitted detector"),
    ],
)
def test_files_with_a_right_digest_and_wrong_content_are_refused(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    about = {"detector": "ks", "settings": {}, "texts": ["kind"], **change}
    arrays = {"reference": rows(0), "kind": np.array([[ord("f")]], np.uint32)}
    with pytest.raises(BadInput, match=words):
        load(written(tmp_path / "one", bytes_of(arrays, metadata={"about": json.dumps(about)})))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"kind": np.array([[ord("f")]], np.uint32)}, "got no"),
        ({"reference": rows(0)}, "got no"),
        ({"reference": rows(0), "kind": np.array([[ord("O")]], np.uint32)}, "kind of number"),
        ({"reference": rows(0) * np.nan, "kind": np.array([[ord("f")]], np.uint32)}, "not finite"),
        ({"reference": np.zeros((0, 3)), "kind": np.array([[ord("f")]], np.uint32)}, "non-empty"),
    ],
)
def test_arrays_are_checked_as_when_they_were_given(
    arrays: dict[str, Any], words: str, tmp_path: Path
) -> None:
    about = {"detector": "ks", "settings": {}, "texts": ["kind"] if "kind" in arrays else []}
    with pytest.raises(BadInput, match=words):
        load(written(tmp_path / "one", bytes_of(arrays, metadata={"about": json.dumps(about)})))


def test_a_digest_over_no_tensors_at_all_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"{}", b"\xff" * 64, (2**40).to_bytes(8, "little") + b"{}"):
        with pytest.raises(BadInput, match="holds no fitted detector"):
            load(written(tmp_path / "one", content))


@dataclass(frozen=True)
class Homemade(Mean):
    """Not in the registry, although it says the name of one that is."""

    name: ClassVar[str] = "mean"


def test_a_detector_that_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Homemade"):
        save(Homemade().fit(rows(0)), tmp_path / "one")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("setting", [{1: 2}, float("nan"), {1, 2}, object()])
def test_settings_that_json_cannot_hold_are_refused_before_anything_is_written(
    setting: Any, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="settings of numbers"):
        save(MMD(max_rows=setting).fit(rows(0)), tmp_path / "one")
    assert not list(tmp_path.iterdir())


def test_settings_from_numpy_and_nested_ones_come_back(tmp_path: Path) -> None:
    for setting in (np.int64(40), (40, (2, 3)), {"a": {"b": None}}):
        fitted: TwoSampleTest = MMD(max_rows=setting)  # type: ignore[arg-type]
        save(fitted.fit(rows(0)), tmp_path / "one")
        assert load(tmp_path / "one").detector == fitted


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one"
    first = save(KS().fit(rows(0)), path)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(BadInput, match="No space left"):
        save(KS().fit(rows(1)), path)
    assert load(path, digest=first)
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no folder" / "one"):
        with pytest.raises(BadInput, match="cannot be written"):
            save(KS().fit(rows(0)), path)
    assert not list(tmp_path.iterdir())
