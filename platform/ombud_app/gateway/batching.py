"""Micro-batching: one thread per model version, which always takes whatever has queued up.

While the model is busy, requests gather; when it is free, up to ``max_rows`` of them go together.
So batches grow with the load by themselves and an idle gateway adds no waiting time. Measured
around a ~1 ms torch model at 32 clients, this answered five times as many requests as one by one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition, Thread

import numpy as np

from ombud.domain.predictor import Payloads, Predictions, Predictor
from ombud_app.gateway.problems import Busy

__all__ = ["MicroBatcher"]


@dataclass(frozen=True)
class _Job:
    rows: Sequence[Payloads]
    future: asyncio.Future[Predictions]
    loop: asyncio.AbstractEventLoop


class MicroBatcher:
    """A predictor behind a queue.

    Args:
        predictor: The model; called from one thread only.
        name: Shown in messages and as the thread's name.
        max_rows: Rows that go to the model together.
        max_waiting: Rows that may wait; beyond that callers are sent away.
    """

    def __init__(
        self, predictor: Predictor, name: str, *, max_rows: int = 32, max_waiting: int = 4096
    ) -> None:
        self.predictor = predictor
        self.name = name
        self._max_rows = max_rows
        self._max_waiting = max_waiting
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._changed = Condition()
        self._closed = False
        self._thread = Thread(target=self._work, name=f"batch-{name}", daemon=True)
        self._thread.start()

    async def predict(self, rows: Sequence[Payloads]) -> Predictions:
        """Answer the rows of one request; they always travel in one batch.

        Raises:
            Busy: Too many rows wait already.
            Exception: Whatever the model raised about these rows.
        """
        loop = asyncio.get_running_loop()
        job = _Job(rows, loop.create_future(), loop)
        with self._changed:
            if self._closed or self._waiting + len(rows) > self._max_waiting:
                raise Busy(
                    f"model {self.name}: {self._waiting} rows wait already",
                    remedy="Try again in a moment; the operator may add replicas.",
                )
            self._waiting += len(rows)
            self._jobs.append(job)
            self._changed.notify()
        return await job.future

    def close(self) -> None:
        """Answer what is queued, then end the thread; does not wait for it."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _take(self) -> list[_Job]:
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
            jobs: list[_Job] = []
            rows = 0
            while self._jobs and (not jobs or rows + len(self._jobs[0].rows) <= self._max_rows):
                job = self._jobs.popleft()
                rows += len(job.rows)
                # Nobody waits for a cancelled caller's answer (a client that hung up, a time-out).
                if not job.future.cancelled():
                    jobs.append(job)
            self._waiting -= rows
            return jobs

    def _work(self) -> None:
        while True:
            jobs = self._take()
            if jobs:
                self._answer(jobs)
            elif self._closed:
                return

    def _answer(self, jobs: Sequence[_Job]) -> None:
        try:
            parts = self._parts(jobs)
        except Exception as failure:
            if len(jobs) == 1:
                _deliver(jobs[0], failure)
                return
            # One bad payload must not fail its neighbours: each request is asked again on its own.
            for job in jobs:
                self._answer([job])
            return
        for job, part in zip(jobs, parts, strict=True):
            _deliver(job, part)

    def _parts(self, jobs: Sequence[_Job]) -> list[Predictions]:
        rows = [row for job in jobs for row in job.rows]
        together = self.predictor.predict(rows)
        if len(together) != len(rows):
            raise ValueError(f"model {self.name}: expected {len(rows)} rows back, got {len(together)}")
        parts, first = [], 0
        for job in jobs:
            parts.append(_slice(together, first, first + len(job.rows)))
            first += len(job.rows)
        return parts


def _slice(predictions: Predictions, start: int, end: int) -> Predictions:
    return Predictions(
        np.asarray(predictions.probabilities)[start:end],
        {m: np.asarray(a)[start:end] for m, a in predictions.unimodal.items()},
        {m: np.asarray(a)[start:end] for m, a in predictions.embeddings.items()},
    )


def _deliver(job: _Job, outcome: Predictions | Exception) -> None:
    def settle() -> None:
        if job.future.cancelled():
            return
        if isinstance(outcome, Exception):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)

    try:
        job.loop.call_soon_threadsafe(settle)
    except RuntimeError:
        # The event loop has been closed: the server is gone and so is whoever asked.
        return
