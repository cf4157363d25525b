"""One answered row as an inference record."""

from __future__ import annotations

from collections.abc import Mapping

from ombud.domain.inference import Inference, Variant
from ombud_app.gateway.asking import RowAnswer
from ombud_app.gateway.protocol import Row

__all__ = ["record_of"]


def record_of(
    model: str, row: Row, variant: Variant, answer: RowAnswer, tag: Mapping[str, str], total_ms: float
) -> Inference:
    """The record, but for descriptors, which are measured later.

    Args:
        model: Model name.
        row: What was asked.
        variant: Arm that answered.
        answer: What it said.
        tag: Attributes that name the trial, where there is one.
        total_ms: Milliseconds from the arrival of the request to its answer.
    """
    failed = answer.probabilities is None
    return Inference(
        request_id=row.request_id,
        model=model,
        version=answer.version,
        variant=variant,
        time=row.time,
        present=tuple(sorted(row.payloads)),
        probabilities=answer.probabilities,
        prediction=answer.prediction,
        confidence=float("nan") if answer.probabilities is None else float(answer.probabilities.max()),
        unimodal=answer.unimodal,
        embeddings=answer.embeddings,
        attributes={**row.attributes, **tag},
        payload_digests=row.digests,
        latency_ms={"total": total_ms} if failed else {"total": total_ms, "model": answer.model_ms},
        error=answer.error,
    )
