"""Single-modality outputs of models that give none: measured, by asking again with one input at a time.

Monitors want to know what the model would say from the text alone, from the image alone. A model that
returns ``probabilities_<modality>`` says so itself; any other is asked again with all other inputs nulled.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.domain.predictor import Payloads, Predictions, Predictor

__all__ = ["unanswered", "with_single_outputs"]


def unanswered(present: Collection[Modality], given: Collection[Modality]) -> tuple[Modality, ...]:
    """Modalities that a request carried and the model gave no output of their own for, sorted.

    Example:
        >>> unanswered([Modality("text"), Modality("image")], [Modality("text")])
        ('image',)
    """
    return tuple(sorted(set(present) - set(given)))


def with_single_outputs(
    predictor: Predictor, requests: Sequence[Payloads], answers: Predictions, modalities: Sequence[Modality]
) -> Predictions:
    """The same answers with an output of every modality; those that the model gives stay as they are.

    Costs one more batch per modality that the model gives no output for; a request that carries nothing
    else has its answer already.

    Args:
        predictor: The model.
        requests: What it was asked, ``n`` rows.
        answers: What it said.
        modalities: Modalities wanted.

    Raises:
        BadInput: A payload cannot be decoded.

    Example:
        >>> from ombud.domain.modality import AUDIO, TEXT
        >>> class Counts:
        ...     labels, modalities = ("few", "many"), (TEXT, AUDIO)
        ...     def predict(self, requests):
        ...         many = [len([p for p in r.values() if p]) / 2 for r in requests]
        ...         return Predictions(np.array([[1 - m, m] for m in many], np.float32))
        >>> asked = [{TEXT: "two", AUDIO: b"fLaC"}, {TEXT: "two", AUDIO: None}]
        >>> full = with_single_outputs(Counts(), asked, Counts().predict(asked), [TEXT, AUDIO])
        >>> full.probabilities[:, 1].tolist(), full.unimodal[AUDIO][:, 1].tolist()
        ([1.0, 0.5], [0.5, nan])
    """
    lacking = unanswered(modalities, answers.unimodal)
    if not lacking:
        return answers
    measured = {m: _alone(predictor, requests, answers, m) for m in lacking}
    return Predictions(answers.probabilities, {**answers.unimodal, **measured}, answers.embeddings)


def _alone(
    predictor: Predictor, requests: Sequence[Payloads], answers: Predictions, modality: Modality
) -> NDArray[np.float32]:
    output = np.full(np.shape(answers.probabilities), np.nan, np.float32)
    present = [{m for m in predictor.modalities if r.get(m) is not None} for r in requests]
    answered = [i for i, found in enumerate(present) if found == {modality}]
    output[answered] = np.asarray(answers.probabilities, np.float32)[answered]
    asked = [i for i, found in enumerate(present) if modality in found and len(found) > 1]
    if asked:
        alone = predictor.predict([{modality: requests[i][modality]} for i in asked])
        output[asked] = alone.probabilities
    return output
