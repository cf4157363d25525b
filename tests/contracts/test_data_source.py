"""The data source port: the Parquet adapter and its memory twin keep the same promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ombud.adapters.memory.data import MemoryDataSource
from ombud.adapters.parquet_data import ParquetDataSource, read_split, write_dataset
from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.ports import DataSource
from ombud.domain.sample import Dataset, Sample
from ombud.errors import BadInput, NotFound

LABELS = ("1", "2")
Make = Callable[[Mapping[str, Dataset]], DataSource]


def sample(sample_id: str, label: str | None = "1", **payloads: str | bytes) -> Sample:
    given = payloads or {"text": "one cup", "image": b"png", "audio": b"flac"}
    return Sample(
        sample_id,
        {m: given[m] for m in (TEXT, IMAGE, AUDIO) if m in given},
        label,
        {"speaker_id": "s" + sample_id},
    )


def dataset(*samples: Sample, name: str = "train") -> Dataset:
    return Dataset(name, samples, synthetic=True, provenance="made up", licence="CC0-1.0")


@pytest.fixture(params=["memory", "parquet"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def memory(datasets: Mapping[str, Dataset]) -> DataSource:
        return MemoryDataSource(datasets, labels=LABELS, modalities=(TEXT, IMAGE, AUDIO))

    def parquet(datasets: Mapping[str, Dataset]) -> DataSource:
        splits = dict(datasets)
        labelled = splits.pop("labelled", None)
        write_dataset(tmp_path / "data.parquet", splits)
        if labelled is not None:
            write_dataset(tmp_path / "labelled" / "a.parquet", {"labelled": labelled})
        return ParquetDataSource(
            tmp_path / "data.parquet", tmp_path / "labelled", labels=LABELS, modalities=(TEXT, IMAGE, AUDIO)
        )

    return memory if request.param == "memory" else parquet


def test_a_role_comes_back_sample_for_sample(make: Make) -> None:
    train = dataset(sample("a"), sample("b", "2", text="two cups"), sample("c", audio=b"flac"))
    loaded = make({"train": train}).load("train")
    assert loaded.digest == train.digest
    assert (loaded.name, loaded.synthetic, loaded.provenance, loaded.licence) == (
        "train",
        True,
        "made up",
        "CC0-1.0",
    )


def test_roles_are_those_that_have_rows(make: Make) -> None:
    source = make({"train": dataset(sample("a")), "prod_shift": dataset(sample("b"), name="prod_shift")})
    assert list(source.roles()) == ["train", "prod_shift"]


def test_newly_labelled_data_is_a_role(make: Make) -> None:
    source = make({"train": dataset(sample("a")), "labelled": dataset(sample("n"), name="labelled")})
    assert list(source.roles()) == ["train", "labelled"]
    assert [s.sample_id for s in source.load("labelled")] == ["n"]


def test_an_absent_role_is_not_found(make: Make) -> None:
    with pytest.raises(NotFound, match="'test'"):
        make({"train": dataset(sample("a"))}).load("test")


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (sample("z", "3"), r"'label'.*row 1.*'3' is not one of"),
        (sample("z", None), r"'label'.*row 1.*no label"),
        (sample("z", text=" "), r"'text'.*row 1.*empty"),
        (sample("z", image=b""), r"'image'.*row 1.*empty"),
        (replace(sample("z"), payloads={}), r"'text', 'image', 'audio'.*row 1.*null"),
    ],
)
def test_a_bad_row_is_named_with_its_column_and_remedy(make: Make, bad: Sample, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        make({"train": dataset(sample("a"), bad)}).load("train")
    assert caught.value.remedy


def test_a_duplicate_id_is_named(make: Make) -> None:
    with pytest.raises(BadInput, match=r"'id'.*row 1.*'a' already stands in row 0"):
        make({"train": dataset(sample("a"), sample("a"))}).load("train")


def test_labels_may_be_unknown_in_production_data(make: Make) -> None:
    traffic = dataset(sample("a", None), name="prod_shift")
    assert make({"prod_shift": traffic}).load("prod_shift").samples[0].label is None


def table(**columns: object) -> pa.Table:
    rows: dict[str, object] = {
        "id": ["a", "b"],
        "split": ["train", "train"],
        "label": ["1", "2"],
        "text": ["one", "two"],
        "image": [b"p", None],
        "audio": [None, b"f"],
    }
    return pa.table({k: v for k, v in (rows | columns).items() if v is not None})


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"label": None}, r"column 'label' is missing"),
        ({"audio": None}, r"column 'audio' is missing"),
        ({"split": None}, r"column 'split' is missing"),
        ({"label": [1.0, 2.0]}, r"column 'label' has type double from row 0 on, expected string or integer"),
        ({"text": [b"x", b"y"]}, r"column 'text' has type binary"),
        ({"image": ["x", "y"]}, r"column 'image' has type string"),
        ({"id": ["a", "a"]}, r"column 'id', row 1: 'a' already stands in row 0"),
        ({"id": ["a", None]}, r"column 'id', row 1: the id is empty"),
        ({"split": ["train", None]}, r"column 'split', row 1"),
        ({"notes": [["x"], ["y"]]}, r"column 'notes' has type list"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, columns: dict[str, object], said: str) -> None:
    pq.write_table(table(**columns), tmp_path / "d.parquet")
    with pytest.raises(BadInput, match=said) as caught:
        ParquetDataSource(tmp_path / "d.parquet", labels=LABELS).load("train")
    assert caught.value.remedy


def test_other_writers_columns_are_understood(tmp_path: Path) -> None:
    odd = table(
        id=[7, 8],
        label=[1, 2],
        split=pa.array(["train", "train"]).dictionary_encode(),
        text=pa.array(["one", "two"], pa.large_string()),
        image=pa.array([b"p", None], pa.large_binary()),
        audio=pa.nulls(2),
        writer_id=[3, None],
        share=[0.5, 1.0],
        speaker_id=["x", None],
    )
    pq.write_table(odd, tmp_path / "d.parquet")
    first, second = read_split(tmp_path / "d.parquet", "train", labels=LABELS)
    assert (first.sample_id, first.label, first.present) == ("7", "1", ("image", "text"))
    assert first.attributes == {"writer_id": "3", "share": "0.5", "speaker_id": "x"}
    assert second.attributes["share"] in ("1", "1.0")


def test_undeclared_modalities_are_left_alone(tmp_path: Path) -> None:
    pq.write_table(table(audio=None), tmp_path / "d.parquet")
    rows = read_split(tmp_path / "d.parquet", None, modalities=(TEXT, IMAGE))
    assert [s.present for s in rows] == [("image", "text"), ("text",)]


def test_the_row_named_is_the_row_of_the_file(tmp_path: Path) -> None:
    pq.write_table(table(split=["val", "train"], label=["1", "9"]), tmp_path / "d.parquet")
    with pytest.raises(BadInput, match="row 1"):
        read_split(tmp_path / "d.parquet", "train", labels=LABELS)


def test_labelled_files_are_joined_in_name_order(tmp_path: Path) -> None:
    write_dataset(tmp_path / "d.parquet", {"train": dataset(sample("a"))})
    for name, sample_id in (("2.parquet", "y"), ("1.parquet", "x")):
        write_dataset(tmp_path / "new" / name, {"labelled": dataset(sample(sample_id))})
    source = ParquetDataSource(tmp_path / "d.parquet", tmp_path / "new", labels=LABELS)
    assert [s.sample_id for s in source.load("labelled")] == ["x", "y"]
    write_dataset(tmp_path / "new" / "3.parquet", {"labelled": dataset(sample("x"))})
    with pytest.raises(BadInput, match=r"row 0 of 3.parquet: 'x' already stands in row 0 of 1.parquet"):
        source.load("labelled")


def test_not_a_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "d.parquet").write_bytes(b"id,split\n")
    with pytest.raises(BadInput, match="not a readable Parquet file"):
        ParquetDataSource(tmp_path / "d.parquet").roles()
    with pytest.raises(NotFound, match="no such file"):
        ParquetDataSource(tmp_path / "e.parquet").roles()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_dataset(tmp_path / "d.parquet", {"train": dataset(sample("a"))})
    before = (tmp_path / "d.parquet").read_bytes()
    with pytest.raises(BadInput, match="'a' already stands"):
        write_dataset(tmp_path / "d.parquet", {"train": dataset(sample("a")), "val": dataset(sample("a"))})
    with pytest.raises(BadInput, match="attribute 'label'"):
        write_dataset(tmp_path / "d.parquet", {"t": dataset(replace(sample("a"), attributes={"label": "1"}))})
    assert (tmp_path / "d.parquet").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["d.parquet"]
