"""Asking the reference model: any mixture of modalities, and files that cannot be trusted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.predictor import Predictor, TrainedModel
from ombud.domain.sample import Dataset
from ombud.errors import BadInput, Corrupted, NotFound
from ombud.reference.predictor import ReferencePredictor, load


def test_it_is_a_predictor(predictor: ReferencePredictor) -> None:
    port: Predictor = predictor
    assert port.labels == tuple("0123456789")
    assert set(port.modalities) == {TEXT, IMAGE, AUDIO}


def test_shapes_and_rows_of_nan(predictor: ReferencePredictor, splits: Mapping[str, Dataset]) -> None:
    whole = splits["test"].samples[0]
    given = predictor.predict(
        [whole.payloads, whole.only(TEXT).payloads, whole.only(IMAGE, AUDIO).payloads, {}]
    )
    assert given.probabilities.shape == (4, 10)
    assert given.probabilities.dtype == np.float32
    np.testing.assert_allclose(given.probabilities.sum(axis=1), 1, atol=1e-5)
    for columns, width in ((given.unimodal, 10), (given.embeddings, 64)):
        for modality, expected in ((TEXT, [1, 1, 0, 0]), (IMAGE, [1, 0, 1, 0]), (AUDIO, [1, 0, 1, 0])):
            assert columns[modality].shape == (4, width)
            assert (~np.isnan(columns[modality])).all(axis=1).tolist() == [bool(x) for x in expected]
            assert np.isnan(columns[modality]).any(axis=1).tolist() == [not x for x in expected]


def test_one_modality_alone_gets_its_own_answer(
    predictor: ReferencePredictor, splits: Mapping[str, Dataset]
) -> None:
    samples = splits["test"].samples[:20]
    whole = predictor.predict([s.payloads for s in samples])
    for modality in (TEXT, IMAGE, AUDIO):
        alone = predictor.predict([s.only(modality).payloads for s in samples])
        np.testing.assert_allclose(alone.probabilities, whole.unimodal[modality], atol=1e-5)


def test_nothing_at_all_gets_the_class_shares(predictor: ReferencePredictor) -> None:
    given = predictor.predict([{}, {TEXT: None}])
    np.testing.assert_allclose(given.probabilities, 0.1, atol=0.02)


def test_no_requests(predictor: ReferencePredictor) -> None:
    given = predictor.predict([])
    assert given.probabilities.shape == (0, 10)
    assert given.embeddings[TEXT].shape == (0, 64)


def test_answers_do_not_depend_on_the_batch(
    predictor: ReferencePredictor, splits: Mapping[str, Dataset]
) -> None:
    requests = [s.payloads for s in splits["train"].samples[:300]]
    together = predictor.predict(requests).probabilities
    np.testing.assert_allclose(together[290:], predictor.predict(requests[290:]).probabilities, atol=1e-4)


def test_a_damaged_payload_is_named(predictor: ReferencePredictor) -> None:
    with pytest.raises(BadInput, match="row 1, modality 'image': not a readable image"):
        predictor.predict([{TEXT: "two"}, {IMAGE: b"no"}])


def test_calibration_on_new_people(predictor: ReferencePredictor, splits: Mapping[str, Dataset]) -> None:
    given = predictor.predict([s.payloads for s in splits["test"]])
    truth = np.array([int(s.label or "") for s in splits["test"]])
    for probabilities in (given.probabilities, *given.unimodal.values()):
        right = (probabilities.argmax(axis=1) == truth).mean()
        assert abs(probabilities.max(axis=1).mean() - right) < 0.12


@pytest.fixture
def copy(trained: TrainedModel, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.directory, tmp_path / "copy"))


def test_loading_is_exact(predictor: ReferencePredictor, copy: Path) -> None:
    asked = [{TEXT: "two cups"}]
    np.testing.assert_array_equal(
        load(copy).predict(asked).probabilities, predictor.predict(asked).probabilities
    )


def test_missing_files(copy: Path) -> None:
    (copy / "weights.safetensors").unlink()
    with pytest.raises(NotFound, match=r"weights\.safetensors"):
        load(copy)
    with pytest.raises(NotFound, match=r"model\.json"):
        load(copy / "elsewhere")


def test_wrong_shapes_are_named(copy: Path) -> None:
    weights = load_file(copy / "weights.safetensors")
    weights["heads.audio.bias"] = np.zeros(7, np.float32)
    save_file(weights, copy / "weights.safetensors")
    with pytest.raises(Corrupted, match=r"heads\.audio\.bias.*expected \(10,\), got \(7,\)"):
        load(copy)


def test_damaged_weights_and_description(copy: Path) -> None:
    whole = (copy / "weights.safetensors").read_bytes()
    (copy / "weights.safetensors").write_bytes(whole[:100])
    with pytest.raises(Corrupted, match="not a safetensors file"):
        load(copy)
    weights = {name: np.full_like(array, np.nan) for name, array in load_file_bytes(whole, copy).items()}
    save_file(weights, copy / "weights.safetensors")
    with pytest.raises(Corrupted, match="not finite"):
        load(copy)
    document = json.loads((copy / "model.json").read_text())
    for broken in ("{", json.dumps({**document, "format": "x/9"}), json.dumps({**document, "prior": [1.0]})):
        (copy / "model.json").write_text(broken)
        with pytest.raises(Corrupted, match=r"model\.json"):
            load(copy)


def load_file_bytes(content: bytes, folder: Path) -> dict[str, NDArray[np.float32]]:
    (folder / "whole").write_bytes(content)
    arrays = load_file(folder / "whole")
    return {name: a for name, a in arrays.items() if a.dtype == np.float32}
