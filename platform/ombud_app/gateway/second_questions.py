"""Second questions: a model without single-modality outputs is asked again, one input at a time.

Monitors need to know what the model would say from each input alone. Where it does not say so itself,
a sample of its answers is completed after the user has theirs, before they go on record. The sample is
drawn by request id, so what was asked has no influence on whether it is drawn.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ombud.domain.inference import Variant
from ombud.domain.modality import Modality
from ombud_app.gateway.asking import RowAnswer, ask
from ombud_app.gateway.fleet import Fleet
from ombud_app.gateway.protocol import Row
from ombud_app.services.single_modality import unanswered

__all__ = ["Asked", "Record", "SecondQuestions"]

Asked = tuple[Variant, RowAnswer]
"""Who was asked, and what it said."""

Record = Callable[[Sequence[Row], Sequence[Asked]], None]
"""Puts answered rows on record."""

_Alone = tuple[int, Modality]


class SecondQuestions:
    """Completes a sample of answers with what the model says from each input alone.

    Args:
        fleet: Loaded versions.
        share: Share of requests, in [0, 1]; 0 asks nothing.
        timeout: Seconds after which a model counts as hanging.
        most: Completions under way at once; under more load answers go on record as they are.
    """

    def __init__(self, fleet: Fleet, *, share: float, timeout: float, most: int) -> None:
        self._fleet = fleet
        self._share = share
        self._timeout = timeout
        self._most = most
        self._under_way: set[asyncio.Task[None]] = set()

    def then_record(self, model: str, rows: Sequence[Row], asked: Sequence[Asked], record: Record) -> None:
        """Put every row on record once; those that are drawn a little later, and completed.

        Args:
            model: Model name.
            rows: What was asked.
            asked: Who answered, row by row.
            record: Takes the rows; called at most twice.
        """
        drawn = [i for i in range(len(rows)) if self._drawn(rows[i], asked[i][1])]
        if len(self._under_way) >= self._most:
            drawn = []
        rest = [i for i in range(len(rows)) if i not in set(drawn)]
        record([rows[i] for i in rest], [asked[i] for i in rest])
        if drawn:
            completing = self._complete(model, [rows[i] for i in drawn], [asked[i] for i in drawn], record)
            task = asyncio.create_task(completing)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Wait for what is under way; what takes too long goes on record as it is."""
        if self._under_way:
            _, hanging = await asyncio.wait(self._under_way, timeout=self._timeout)
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)

    def _drawn(self, row: Row, answer: RowAnswer) -> bool:
        # Also a request with one input is only drawn by chance, although its answer is known: a sample
        # with more than its share of them would differ from the reference without anything having changed.
        if answer.probabilities is None or not unanswered(row.payloads, answer.unimodal):
            return False
        key = f"second question\0{row.request_id}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") < self._share * 2**64

    async def _complete(
        self, model: str, rows: Sequence[Row], asked: Sequence[Asked], record: Record
    ) -> None:
        completed = list(asked)
        try:
            for version in sorted({answer.version for _, answer in asked}):
                mine = [i for i, (_, answer) in enumerate(asked) if answer.version == version]
                found = await self._alone(
                    model, version, [rows[i] for i in mine], [asked[i][1] for i in mine]
                )
                for (place, modality), output in found.items():
                    variant, answer = completed[mine[place]]
                    answer = replace(answer, unimodal={**answer.unimodal, modality: output})
                    completed[mine[place]] = variant, answer
        finally:
            record(rows, completed)

    async def _alone(
        self, model: str, version: int, rows: Sequence[Row], answers: Sequence[RowAnswer]
    ) -> dict[_Alone, NDArray[np.float32]]:
        """Place and modality → what the version says from that input alone; failures are left out."""
        found: dict[_Alone, NDArray[np.float32]] = {}
        open_questions: list[_Alone] = []
        for place, (row, answer) in enumerate(zip(rows, answers, strict=True)):
            for modality in unanswered(row.payloads, answer.unimodal):
                if len(row.payloads) == 1 and answer.probabilities is not None:
                    found[place, modality] = answer.probabilities
                else:
                    open_questions.append((place, modality))
        alone = [replace(rows[i], payloads={m: rows[i].payloads[m]}) for i, m in open_questions]
        said = await ask(self._fleet, model, version, alone, timeout=self._timeout)
        for question, answer in zip(open_questions, said, strict=True):
            if answer.probabilities is not None:
                found[question] = answer.probabilities
        return found
