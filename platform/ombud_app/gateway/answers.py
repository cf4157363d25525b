"""What goes back to a client: answers row by row, and an error where no row has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ombud_app.gateway.asking import RowAnswer
from ombud_app.gateway.problems import ModelFailed
from ombud_app.gateway.protocol import InferenceRequest

__all__ = ["Answer", "answer_of", "encode_answer", "require_an_answer"]

_ENCODER = msgspec.json.Encoder()
_UNIFORM = "uniform"
_REMEDY = "Do not act on this answer. Operator: the inference log has the failure; roll the version back."


@dataclass(frozen=True)
class Answer:
    """What goes back for one row.

    Args:
        probabilities: ``k`` floats.
        prediction: Class name; empty where only the fallback could answer.
        version: Version that answered.
        fallback: How the answer came about when the model that should have answered did not:
            ``""``, ``"champion"`` or ``"uniform"``.
        problem: Why nothing but the uniform fallback could answer, and what to do.
    """

    probabilities: Sequence[float]
    prediction: str
    version: int
    fallback: str = ""
    problem: str = ""


def answer_of(row: RowAnswer, classes: int, fallback: str = "") -> Answer:
    """The answer of a version, or where it failed the uniform distribution with the problem beside it."""
    if row.probabilities is None:
        problem = f"{row.told}. {_REMEDY}"
        return Answer([1.0 / classes] * classes, "", row.version, _UNIFORM, problem)
    return Answer(row.probabilities.tolist(), row.prediction or "", row.version, fallback)


def require_an_answer(model: str, answers: Sequence[Answer]) -> None:
    """Refuse to make up a whole response.

    Raises:
        ModelFailed: No row has an answer of any version.
    """
    if all(a.fallback == _UNIFORM for a in answers):
        reasons = dict.fromkeys(a.problem.removesuffix(f". {_REMEDY}") for a in answers)
        raise ModelFailed(f"model {model} version {answers[0].version}: {'; '.join(reasons)}", remedy=_REMEDY)


def encode_answer(
    model: str,
    request: InferenceRequest,
    answers: Sequence[Answer],
    version: int,
    labels: Sequence[str],
    *,
    repeated: Sequence[str] = (),
) -> bytes:
    """The protocol's answer.

    Outputs are ``probabilities`` FP32 ``[n, k]``, ``prediction`` BYTES ``[n]`` and ``version`` INT64
    ``[n]``. ``parameters`` say what a client would not expect, and only then: ``fallback`` and
    ``problems`` per row where a fallback answered, ``repeated`` with the ids that are on record already.

    Args:
        model: Model name.
        request: What was asked.
        answers: One per row.
        version: The champion; the ``version`` tensor names the one that answered each row.
        labels: Class names in the order of the columns.
        repeated: Request ids that came before with the same payloads; they are not recorded again.
    """
    n, k = len(answers), len(labels)
    parameters: dict[str, Any] = {
        "request_ids": [row.request_id for row in request.rows],
        "labels": list(labels),
    }
    if any(a.fallback for a in answers):
        parameters["fallback"] = [a.fallback for a in answers]
    if any(a.problem for a in answers):
        parameters["problems"] = [a.problem for a in answers]
    if repeated:
        parameters["repeated"] = list(repeated)
    versions = {a.version for a in answers}
    return _ENCODER.encode(
        {
            "model_name": model,
            "model_version": str(versions.pop() if len(versions) == 1 else version),
            "id": request.id,
            "parameters": parameters,
            "outputs": [
                {
                    "name": "probabilities",
                    "shape": [n, k],
                    "datatype": "FP32",
                    "data": [p for a in answers for p in a.probabilities],
                },
                {
                    "name": "prediction",
                    "shape": [n],
                    "datatype": "BYTES",
                    "data": [a.prediction for a in answers],
                },
                {
                    "name": "version",
                    "shape": [n],
                    "datatype": "INT64",
                    "data": [a.version for a in answers],
                },
            ],
        }
    )
