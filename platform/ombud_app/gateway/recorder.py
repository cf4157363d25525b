"""Writing traffic to the inference log without slowing an answer.

Room in the queue is reserved *before* a request is computed. When the log cannot keep up or the
disk is full, the gateway sends requests away with 503 instead of answering what it could not put
on record, and the operator is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Condition, Thread
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from ombud.domain.inference import Inference
from ombud.domain.modality import Modality, Payload
from ombud.domain.ports import InferenceLog

__all__ = ["Describe", "Described", "TrafficRecorder"]

_log = structlog.get_logger("ombud.gateway")


class Described(Protocol):
    """What ``n`` payloads of one modality are like."""

    @property
    def names(self) -> tuple[str, ...]:
        """``d`` column names."""
        ...

    @property
    def values(self) -> NDArray[np.float64]:
        """``(n, d)``; NaN where undefined."""
        ...

    @property
    def problems(self) -> tuple[str, ...]:
        """``n`` strings; empty where nothing is wrong."""
        ...


Describe = Callable[[Modality, Sequence[Payload | None]], Described]
"""Measures payloads; comes in from outside because the gateway knows no statistics."""

_Item = tuple[Inference, Mapping[Modality, Payload]]


class TrafficRecorder:
    """A bounded queue in front of the inference log, drained by one thread.

    Args:
        log: Where records go.
        describe: Measures payloads, off the response path.
        capacity: Records that may wait or be under way.
        batch: Records per append.
        retry_seconds: Pause after a failed append; nothing is dropped.
    """

    def __init__(
        self,
        log: InferenceLog,
        describe: Describe,
        *,
        capacity: int = 20_000,
        batch: int = 256,
        retry_seconds: float = 0.5,
    ) -> None:
        self._log = log
        self._describe = describe
        self._capacity = capacity
        self._batch = batch
        self._retry = retry_seconds
        self._queue: deque[_Item] = deque()
        self._taken = 0
        self._under_way: dict[str, Mapping[Modality, str]] = {}
        self._busy = False
        self._stopping = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name="gateway-recorder", daemon=True)
        self.written = 0
        self.duplicates = 0
        self.failure = ""

    def start(self) -> None:
        """Start draining."""
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Write what is queued, then end the thread.

        Args:
            timeout: Seconds to wait; a log that still refuses after that keeps its records unwritten,
                and the number is logged.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout)
        if self._queue:
            _log.error("records not written", count=len(self._queue), reason=self.failure)

    def reserve(self, n: int) -> bool:
        """Take room for ``n`` records; False when there is none."""
        with self._changed:
            if self._taken + n > self._capacity or self._stopping:
                return False
            self._taken += n
            return True

    def release(self, n: int) -> None:
        """Give back room that was not used."""
        with self._changed:
            self._taken -= n
            self._changed.notify_all()

    def known(self, requests: Mapping[str, Mapping[Modality, str]]) -> Mapping[str, bool]:
        """Which requests are under way or on record: id → whether with the same payloads.

        Those that are not are under way from now on, until they are written or :meth:`forget` is called;
        but none of them where one of the others came with other payloads.

        Args:
            requests: Request id → payload digest per modality.
        """
        with self._changed:
            earlier = {i: self._under_way[i] == d for i, d in requests.items() if i in self._under_way}
            fresh = {i: d for i, d in requests.items() if i not in earlier}
            self._under_way.update(fresh)
        try:
            found = {**earlier, **self._log.known(fresh)}
        except BaseException:
            self.forget(fresh)
            raise
        # A request that is refused altogether leaves nothing under way.
        self.forget(fresh if False in found.values() else [i for i in fresh if i in found])
        return found

    def forget(self, request_ids: Iterable[str]) -> None:
        """These requests are not under way any more."""
        with self._changed:
            for request_id in request_ids:
                self._under_way.pop(request_id, None)

    def put(self, items: Sequence[_Item]) -> None:
        """Queue records (with their payloads) for which room was reserved."""
        with self._changed:
            self._queue.extend(items)
            self._changed.notify_all()

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until everything reserved has been written; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._taken == 0, timeout)

    @property
    def waiting(self) -> int:
        """Records reserved or queued."""
        return self._taken

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopping)
                if not self._queue:
                    return
                items = [self._queue[i] for i in range(min(self._batch, len(self._queue)))]
            if not self._write(items):
                with self._changed:
                    if self._stopping:
                        return
                    self._changed.wait(self._retry)
                continue
            with self._changed:
                for _ in items:
                    self._queue.popleft()
                self._taken -= len(items)
                self.forget(record.request_id for record, _ in items)
                self._changed.notify_all()

    def _write(self, items: Sequence[_Item]) -> bool:
        try:
            receipt = self._log.append(self._complete(items))
        except Exception as failure:
            self.failure = f"{type(failure).__name__}: {failure}"
            _log.error("inference log refuses records", waiting=self._taken, reason=self.failure)
            return False
        self.failure = ""
        self.written += receipt.accepted
        self.duplicates += len(receipt.duplicates)
        return True

    def _complete(self, items: Sequence[_Item]) -> list[Inference]:
        """The records with descriptors and problems."""
        descriptors: list[dict[str, float]] = [{} for _ in items]
        problems: list[dict[str, str]] = [{} for _ in items]
        for modality in sorted({m for _, payloads in items for m in payloads}):
            described = self._describe(modality, [payloads.get(modality) for _, payloads in items])
            for i, (_, payloads) in enumerate(items):
                if modality not in payloads:
                    continue
                for name, value in zip(described.names, described.values[i], strict=True):
                    if np.isfinite(value):
                        descriptors[i][f"{modality}.{name}"] = float(value)
                if described.problems[i]:
                    problems[i][f"ombud.problem.{modality}"] = described.problems[i]
        return [
            replace(
                record,
                descriptors=descriptors[i],
                attributes={**record.attributes, **problems[i]},
            )
            for i, (record, payloads) in enumerate(items)
        ]
