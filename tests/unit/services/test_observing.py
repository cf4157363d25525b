"""Windows and references have the same columns, whatever their rows happen to hold."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ombud.domain.inference import Inference, LabelledInference, Variant
from ombud.domain.modality import TEXT, Modality
from ombud.domain.predictor import Predictions
from ombud.domain.sample import Dataset, Sample
from ombud_app.services.observing import observe_log, observe_samples
from ombud_monitors.descriptors import describe

LABELS = ("no", "yes")


def logged(text: str | None, modality: Modality = TEXT) -> LabelledInference:
    described = describe(modality, [text]).row(0) if text is not None else {}
    record = Inference(
        request_id=str(text),
        model="m",
        version=1,
        variant=Variant.CHAMPION,
        time=datetime(2026, 1, 1, tzinfo=UTC),
        present=() if text is None else (modality,),
        probabilities=np.array([0.5, 0.5], np.float32),
        prediction="no",
        confidence=0.5,
        descriptors={f"{modality}.{name}": value for name, value in described.items()},
    )
    return LabelledInference(record, None)


def test_columns_do_not_depend_on_what_the_first_rows_hold() -> None:
    data = Dataset("reference", (Sample("a", {TEXT: "two cats"}, "no"),))
    answers = Predictions(np.array([[0.5, 0.5]], np.float32))
    reference = observe_samples(data, answers, labels=LABELS, modalities=[TEXT], clusters={})
    columns = reference.modalities[TEXT].descriptor_names
    # Without a vocabulary the share of unknown words is undefined, and records leave it out.
    assert "text.out_of_vocabulary_share" not in logged("two cats").inference.descriptors
    for rows in ([logged("two cats")], [logged(None), logged("")], []):
        window = observe_log(rows, labels=LABELS, modalities=[TEXT], clusters={})
        assert window.modalities[TEXT].descriptor_names == columns
        assert window.modalities[TEXT].descriptors.shape == (len(rows), len(columns))


def test_descriptors_of_a_modality_that_ombud_does_not_know_are_kept() -> None:
    row = logged("x").inference
    row.descriptors["video.frames"] = 25.0  # type: ignore[index]
    window = observe_log(
        [LabelledInference(row, None)], labels=LABELS, modalities=[Modality("video")], clusters={}
    )
    assert window.modalities[Modality("video")].descriptor_names == ("frames",)
