"""Whose fault a failure is: the request's, which is refused, or the model's, which goes on record."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from ombud.errors import BadInput
from ombud_app.gateway.asking import RowAnswer
from ombud_app.gateway.batching import MicroBatcher
from ombud_app.gateway.protocol import Row
from ombud_app.gateway.recorder import Describe

__all__ = ["refuse_bad_rows"]


async def refuse_bad_rows(
    batcher: MicroBatcher,
    describe: Describe,
    rows: Sequence[Row],
    answers: Sequence[RowAnswer],
    positions: Sequence[int],
) -> None:
    """Refuse a request when a payload is why the champion failed.

    A model that knows how says so itself. Any other model just breaks on bytes that it cannot read,
    so the payloads of rows on which it failed are measured: one that cannot be decoded is at fault.

    Args:
        batcher: The champion.
        describe: Measures payloads.
        rows: What was asked.
        answers: What came back, row by row.
        positions: Places of the rows in the client's request.

    Raises:
        BadInput: Naming the client's row, the modality and the remedy.
    """
    for position, row, answer in zip(positions, rows, answers, strict=True):
        if answer.bad_input is not None:
            raise await _named(batcher, row, position, answer.bad_input)
        if answer.error:
            await asyncio.to_thread(_measure, describe, row, position)


async def _named(batcher: MicroBatcher, row: Row, position: int, failure: BadInput) -> BadInput:
    """The model's complaint about a payload, with the client's row and the modality at fault."""
    for modality, payload in sorted(row.payloads.items()):
        try:
            await batcher.predict([{modality: payload}])
        except BadInput as alone:
            said = re.sub(r"^row 0\b[\s,:]*(modality '\w+': )?", "", alone.message)
            return BadInput(f"row {position}, {modality}: {said}", remedy=alone.remedy or failure.remedy)
        except Exception:
            # Alone it may fail for a reason of its own, which says nothing about the bytes.
            continue
    return BadInput(f"row {position}: {failure.message}", remedy=failure.remedy)


def _measure(describe: Describe, row: Row, position: int) -> None:
    for modality, payload in sorted(row.payloads.items()):
        problem = describe(modality, [payload]).problems[0]
        if problem:
            raise BadInput(
                f"row {position}, {modality}: {problem}",
                remedy=f"Send a whole file that can be decoded, or null where there is no {modality}.",
            )
