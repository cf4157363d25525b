"""Asking a version and checking its answer, row by row.

An answer counts only if it is one finite probability per class and sums to one; anything else is a
failure of the model, recorded as such and never handed to a user.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.domain.predictor import Predictions, objection
from ombud.errors import BadInput, OmbudError
from ombud_app.gateway.batching import MicroBatcher
from ombud_app.gateway.fleet import Fleet
from ombud_app.gateway.protocol import Row

__all__ = ["RowAnswer", "ask"]


@dataclass(frozen=True, eq=False)
class RowAnswer:
    """What a version said about one row.

    Args:
        version: Version asked.
        labels: Class names in the order of ``probabilities``; empty where it could not be loaded.
        probabilities: ``(k,)`` float32; None where it failed.
        unimodal: Per present modality ``(k,)`` float32.
        embeddings: Per present modality ``(e,)`` float32.
        model_ms: Milliseconds until the model answered, queueing included.
        error: Why it failed, for the record; empty when it answered.
        told: Why it failed, for whoever asked: nothing of the model's inside.
        bad_input: Set when the model says that the payload is at fault.
    """

    version: int
    labels: tuple[str, ...] = ()
    probabilities: NDArray[np.float32] | None = None
    unimodal: Mapping[Modality, NDArray[np.float32]] = field(default_factory=dict)
    embeddings: Mapping[Modality, NDArray[np.float32]] = field(default_factory=dict)
    model_ms: float = float("nan")
    error: str = ""
    told: str = ""
    bad_input: BadInput | None = None

    @property
    def prediction(self) -> str | None:
        """Name of the most probable class; None where the model failed."""
        return None if self.probabilities is None else self.labels[int(self.probabilities.argmax())]


async def ask(
    fleet: Fleet, model: str, version: int, rows: Sequence[Row], *, timeout: float
) -> list[RowAnswer]:
    """Ask one version about some rows; whatever goes wrong is in the answers, nothing is raised.

    Args:
        fleet: Loaded versions.
        model: Model name.
        version: Version to ask.
        rows: At least one.
        timeout: Seconds after which the model counts as hanging.
    """
    if not rows:
        return []
    try:
        batcher = fleet.get(model, version)
    except OmbudError as failure:
        return [RowAnswer(version, error=failure.message, told=failure.message) for _ in rows]
    return await _ask(batcher, version, rows, timeout)


async def _ask(batcher: MicroBatcher, version: int, rows: Sequence[Row], timeout: float) -> list[RowAnswer]:
    # A measurement of elapsed time, not a decision that depends on the time of day.
    began = perf_counter()
    try:
        predictions = await asyncio.wait_for(batcher.predict([r.payloads for r in rows]), timeout)
    except TimeoutError:
        late = f"no answer within {timeout:g} s"
        return [RowAnswer(version, error=late, told=late) for _ in rows]
    except Exception as failure:
        if len(rows) > 1:
            # Which row was it? Asked one by one, the others still get their answers.
            singles = [_ask(batcher, version, [row], timeout) for row in rows]
            return [answer for answers in await asyncio.gather(*singles) for answer in answers]
        bad = failure if isinstance(failure, BadInput) else None
        said = f"{type(failure).__name__}: {failure}"
        return [RowAnswer(version, error=said, told="the model raised an error", bad_input=bad)]
    elapsed = (perf_counter() - began) * 1000
    labels = batcher.predictor.labels
    return [_row(predictions, i, row, version, labels, elapsed) for i, row in enumerate(rows)]


def _row(
    predictions: Predictions, i: int, row: Row, version: int, labels: tuple[str, ...], elapsed: float
) -> RowAnswer:
    probabilities = np.asarray(predictions.probabilities[i], np.float32)
    error = objection(probabilities, len(labels))
    if error:
        return RowAnswer(version, labels, model_ms=elapsed, error=error, told=error)
    return RowAnswer(
        version,
        labels,
        probabilities,
        _present(predictions.unimodal, i, row),
        _present(predictions.embeddings, i, row),
        elapsed,
    )


def _present(
    arrays: Mapping[Modality, NDArray[np.float32]], i: int, row: Row
) -> dict[Modality, NDArray[np.float32]]:
    found = {m: np.asarray(a[i], np.float32) for m, a in arrays.items() if m in row.payloads}
    return {m: a for m, a in found.items() if np.isfinite(a).all()}
