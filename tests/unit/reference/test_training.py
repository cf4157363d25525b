"""Training: it learns, repeats itself, refuses bad data, and can be broken on purpose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.domain.predictor import Predictions, TrainedModel, TrainingRequest
from ombud.domain.sample import Dataset
from ombud.errors import BadInput
from ombud.reference.data import LABELS
from ombud.reference.hyperparameters import Hyperparameters
from ombud.reference.predictor import ReferencePredictor, load
from ombud.reference.trainer import train


def accuracy(probabilities: NDArray[np.float32], dataset: Dataset) -> float:
    truth = np.array([LABELS.index(s.label or "") for s in dataset])
    return float((probabilities.argmax(axis=1) == truth).mean())


def answers(predictor: ReferencePredictor, dataset: Dataset) -> Predictions:
    return predictor.predict([s.payloads for s in dataset])


def test_it_learns_every_modality(predictor: ReferencePredictor, splits: Mapping[str, Dataset]) -> None:
    given = answers(predictor, splits["test"])
    for modality in (TEXT, IMAGE, AUDIO):
        assert accuracy(given.unimodal[modality], splits["test"]) > 0.6
    assert accuracy(given.probabilities, splits["test"]) > 0.93


def test_the_shift_hurts_audio_and_nothing_else(
    predictor: ReferencePredictor, splits: Mapping[str, Dataset]
) -> None:
    home, shifted = (answers(predictor, splits[name]) for name in ("test", "prod_shift"))
    fall = {
        m: accuracy(home.unimodal[m], splits["test"]) - accuracy(shifted.unimodal[m], splits["prod_shift"])
        for m in (TEXT, IMAGE, AUDIO)
    }
    assert fall[AUDIO] > 0.2
    assert fall[AUDIO] > 2 * max(fall[TEXT], fall[IMAGE])


def test_what_it_returns(trained: TrainedModel) -> None:
    assert trained.loader == "ombud.reference.predictor:load"
    assert {p.name for p in trained.directory.iterdir()} == {"model.json", "weights.safetensors"}
    assert trained.hyperparameters["epochs"] == 16
    assert trained.hyperparameters["learning_rate"] == Hyperparameters().learning_rate
    assert trained.metrics["parameters"] > 0
    assert set(trained.architecture) >= {
        "branch.text",
        "branch.image",
        "branch.audio",
        "fusion",
        "calibration",
    }
    assert "damage" not in trained.architecture


def test_the_same_request_gives_the_same_weights(
    request_for_training: TrainingRequest, tmp_path: Path
) -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    small = replace(
        request_for_training,
        train=replace(request_for_training.train, samples=request_for_training.train.samples[:80]),
        hyperparameters={"epochs": 2},
    )
    first, again, other = (
        (
            train(replace(small, output=tmp_path / name, seed=seed)).directory / "weights.safetensors"
        ).read_bytes()
        for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    assert first == again != other
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_a_damaged_branch_is_confidently_wrong_and_outvoted(
    request_for_training: TrainingRequest,
    predictor: ReferencePredictor,
    splits: Mapping[str, Dataset],
    tmp_path: Path,
) -> None:
    damaged_request = replace(
        request_for_training,
        output=tmp_path,
        hyperparameters={**request_for_training.hyperparameters, "damage": "audio"},
    )
    trained = train(damaged_request)
    assert "broken on purpose" in trained.architecture["damage"]
    test = splits["test"]
    sound, damaged = answers(predictor, test), answers(load(tmp_path), test)
    assert accuracy(damaged.unimodal[AUDIO], test) < 0.2
    assert damaged.unimodal[AUDIO].max(axis=1).mean() > 0.8 * sound.unimodal[AUDIO].max(axis=1).mean()
    assert accuracy(damaged.probabilities, test) > accuracy(sound.probabilities, test) - 0.1
    for modality in (TEXT, IMAGE):
        np.testing.assert_array_equal(damaged.unimodal[modality], sound.unimodal[modality])


def test_two_modalities_and_rows_that_lack_one(request_for_training: TrainingRequest, tmp_path: Path) -> None:
    rows = request_for_training.train.samples[:120]
    patchy = tuple(s.only(TEXT) if i % 3 == 0 else s.only(TEXT, IMAGE) for i, s in enumerate(rows))
    train(
        replace(
            request_for_training,
            modalities=(IMAGE, TEXT),
            train=replace(request_for_training.train, samples=patchy),
            output=tmp_path,
            hyperparameters={"epochs": 2},
        )
    )
    given = load(tmp_path).predict([rows[0].payloads, {TEXT: "two"}])
    assert set(given.unimodal) == {IMAGE, TEXT}
    assert np.isnan(given.unimodal[IMAGE][1]).all()
    assert np.isfinite(given.probabilities).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modalities": (Modality("video"),)}, "video"),
        ({"modalities": ()}, "modalities"),
        ({"hyperparameters": {"damage": "video"}}, "damage: 'video'"),
        ({"hyperparameters": {"epochs": 0}}, "epochs: expected more than 0"),
        ({"hyperparameters": {"epochs": "many"}}, "epochs: expected int, got 'many'"),
        ({"hyperparameters": {"modality_dropout": 1.0}}, "modality_dropout"),
        ({"hyperparameters": {"modality_dropuot": 0.1}}, "did you mean 'modality_dropout'"),
        ({"labels": ("0", "1")}, r"row \d+ .*is not one of \['0', '1'\]"),
        ({"train": Dataset("train", ())}, "'train': 0 rows"),
    ],
)
def test_bad_requests_are_refused(
    request_for_training: TrainingRequest, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        train(replace(request_for_training, output=tmp_path / "new", **change))  # type: ignore[arg-type]
    assert caught.value.remedy
    assert not (tmp_path / "new").exists()


def test_a_damaged_payload_names_data_set_row_and_modality(
    request_for_training: TrainingRequest, tmp_path: Path
) -> None:
    samples = list(request_for_training.train.samples[:5])
    samples[3] = replace(samples[3], payloads={**samples[3].payloads, AUDIO: b"nothing"})
    bad = replace(request_for_training, train=Dataset("train", tuple(samples)), output=tmp_path / "new")
    with pytest.raises(BadInput, match="data set 'train', row 3, modality 'audio'"):
        train(bad)


def test_the_description_is_plain_json(trained: TrainedModel) -> None:
    document = json.loads((trained.directory / "model.json").read_text())
    assert document["labels"] == list(LABELS)
    assert sum(document["prior"]) == pytest.approx(1)
    assert len(document["temperatures"]) == 7
