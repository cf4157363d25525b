"""Watchers: the stream detectors that are run, ours and two yardsticks, with a clock around them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud_monitors.evaluate.contestants import ALWAYS, NEVER, Camp
from ombud_monitors.sequential.streaming import Cusum, ShiryaevRoberts

__all__ = ["ARL", "PROMPT", "STREAMS", "Timed", "stream_camps"]

ARL = 1000.0
"""Average run length that every stream detector is asked for."""


@dataclass(frozen=True)
class _Constant:
    """Says the same after every row."""

    alarm: bool

    def fit(self, reference: ArrayLike, *, seed: int) -> _Constant:
        """Nothing to learn."""
        del reference, seed
        return self

    def update_many(self, rows: ArrayLike) -> Sequence[_Constant]:
        """The constant answer."""
        return [self] * len(np.asarray(rows))


STREAMS: Mapping[str, Any] = MappingProxyType(
    {
        ShiryaevRoberts.name: ShiryaevRoberts(arl=ARL),
        Cusum.name: Cusum(arl=ARL),
        ALWAYS.name: _Constant(True),
        NEVER.name: _Constant(False),
    }
)
"""Name → recipe: ours, asked for :data:`ARL`, then yardsticks."""


PROMPT = (ShiryaevRoberts.name, ALWAYS.name, NEVER.name)
"""Of whom delays are promised: the default and the yardsticks. CUSUM says itself that it is slower."""


def stream_camps() -> Mapping[str, Camp]:
    """Name → whose it is."""
    return {n: Camp.YARDSTICK if n in (ALWAYS.name, NEVER.name) else Camp.OURS for n in STREAMS}


class Timed:
    """A recipe, and the stream that it makes, with a clock around both.

    Args:
        recipe: What is timed.
    """

    def __init__(self, recipe: Any) -> None:
        self._recipe, self._stream = recipe, None
        self.name = "timed"
        self.seconds, self.rows, self.fit_seconds = 0.0, 0, 0.0

    def fit(self, reference: ArrayLike, *, seed: int) -> Any:
        """The recipe's stream, timed."""
        started = time.process_time()
        self._stream = self._recipe.fit(reference, seed=seed)
        self.fit_seconds += time.process_time() - started
        return self

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> Any:
        """The recipe's stream, not timed."""
        return self._recipe.restore(arrays)

    def update_many(self, rows: ArrayLike) -> Any:
        """The stream's answer."""
        assert self._stream is not None
        started = time.process_time()
        answer = self._stream.update_many(rows)
        self.seconds += time.process_time() - started
        self.rows += len(np.asarray(rows))
        return answer
