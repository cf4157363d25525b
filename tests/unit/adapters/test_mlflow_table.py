"""The table contract at its edges: what people's pyfuncs really return."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ombud.adapters.mlflow_model import PyfuncPredictor
from ombud.adapters.mlflow_table import frame_of, output_of, predictions_of, requests_of
from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.predictor import Predictions
from ombud.errors import BadInput, OmbudError

TWO = [[0.25, 0.75], [0.5, 0.5]]


def read(output: Any) -> Predictions:
    return predictions_of(output, n=2, labels=2, modalities=(TEXT, AUDIO), name="m")


def test_requests_survive_the_way_through_the_table() -> None:
    requests = [{TEXT: "", IMAGE: b"\x00"}, {AUDIO: b"fLaC"}, {}]
    assert requests_of(frame_of(requests, (TEXT, IMAGE, AUDIO))) == [
        {TEXT: r.get(TEXT), IMAGE: r.get(IMAGE), AUDIO: r.get(AUDIO)} for r in requests
    ]


def test_every_kind_of_missing_is_missing() -> None:
    cells = pd.Series([None, float("nan"), pd.NA, "two"], dtype=object)
    assert [r[TEXT] for r in requests_of(pd.DataFrame({"text": cells}))] == [None, None, None, "two"]


def test_predictions_survive_the_way_through_the_table() -> None:
    nan = [np.nan, np.nan]
    before = Predictions(
        np.array(TWO, np.float32),
        {AUDIO: np.array([nan, TWO[0]], np.float32)},
        {TEXT: np.array([[1.0, 2.0, 3.0], [np.nan] * 3], np.float32)},
    )
    after = read(output_of(before))
    np.testing.assert_array_equal(after.probabilities, before.probabilities)
    np.testing.assert_array_equal(after.unimodal[AUDIO], before.unimodal[AUDIO])
    np.testing.assert_array_equal(after.embeddings[TEXT], before.embeddings[TEXT])
    assert set(after.unimodal) | set(after.embeddings) == {AUDIO, TEXT}


@pytest.mark.parametrize(
    "output",
    [
        np.array(TWO),
        TWO,
        {"probabilities": np.array(TWO)},
        {"probabilities": TWO, "note": ["a", "b"]},
        pd.DataFrame({"probabilities": TWO}),
        pd.DataFrame(TWO, columns=["cat", "dog"]),
    ],
)
def test_probabilities_are_read_in_every_usual_form(output: Any) -> None:
    np.testing.assert_allclose(read(output).probabilities, TWO)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (["cat", "dog"], "lists of numbers"),
        ([0, 1], "2 rows of 2 numbers"),
        ({"scores": TWO}, "'probabilities'"),
        (TWO[:1], "got 1 rows"),
        ([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]], "2 rows of 2 numbers"),
        ({"probabilities": TWO, "embedding_text": [[1.0], [1.0, 2.0]]}, "embedding_text"),
    ],
)
def test_a_broken_contract_is_named(output: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        read(output)


def test_a_row_without_an_answer_stays_a_row_of_nan() -> None:
    answer = read({"probabilities": [None, [0.5, 0.5]]})
    assert np.isnan(answer.probabilities[0]).all()


def test_a_model_that_raises_is_quoted() -> None:
    class Broken:
        def predict(self, data: Any) -> Any:
            raise RuntimeError(f"cuda is on fire after {len(data)} rows")

    predictor = PyfuncPredictor(Broken(), labels=("a", "b"), modalities=(TEXT,), name="m v1")
    with pytest.raises(OmbudError, match="m v1: predict failed on 1 requests: RuntimeError: cuda is on fire"):
        predictor.predict([{TEXT: "x"}])
    assert len(predictor.predict([])) == 0
