"""The gateway: one request in, one answer out; records and shadow copies after the answer.

What happens when a model fails is declared, not accidental: a failing challenger's rows are
answered by the champion; a failing champion's rows by the uniform distribution with an empty
prediction and the problem beside it, as long as other rows of the request have an answer. Where none
has, the request fails: an error is more honest than a made-up answer. Either way the failure is on
record under the arm that should have answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from ombud.domain.inference import Variant
from ombud.domain.ports import Clock, Ids, InferenceLog, ModelRegistry, UnitOfWork
from ombud.errors import Conflict, NotFound
from ombud.rollout.traffic import Traffic
from ombud_app.gateway.answers import Answer, answer_of, encode_answer, require_an_answer
from ombud_app.gateway.asking import RowAnswer, ask
from ombud_app.gateway.blame import refuse_bad_rows
from ombud_app.gateway.fleet import Fleet
from ombud_app.gateway.problems import Busy
from ombud_app.gateway.protocol import InferenceRequest, Row, read_request
from ombud_app.gateway.recorder import Describe, TrafficRecorder
from ombud_app.gateway.records import record_of
from ombud_app.gateway.routing import Routes, to_challenger
from ombud_app.gateway.second_questions import SecondQuestions
from ombud_app.services.rollout_evidence import ROLLOUT_ATTRIBUTE

__all__ = ["Gateway", "GatewayLimits"]


@dataclass(frozen=True)
class GatewayLimits:
    """Runtime safeguards.

    Args:
        predict_seconds: After this a model counts as hanging and the fallback answers.
        body_bytes: Largest request body.
        shadows: Shadow requests under way at once; more are dropped and counted, never queued.
        second_questions: Share of requests on which a model that gives no single-modality outputs is
            asked again, one input at a time.
        queue: Records that may wait for the inference log.
    """

    predict_seconds: float = 10.0
    body_bytes: int = 64 * 2**20
    shadows: int = 256
    second_questions: float = 0.0
    queue: int = 20_000


class Gateway:
    """Serves models by the state of their rollouts.

    Args:
        uow: Where the rollouts are.
        registry: Where the versions are.
        log: Where traffic is recorded.
        clock: Time of requests that bring none.
        ids: Ids of requests that bring none.
        describe: Measures payloads, off the response path.
        models: Models served here.
        limits: Runtime safeguards.
        poll_seconds: Pause between two looks at the rollouts.

    A request that comes again under its id is answered again; the log keeps the first record. An id
    that comes back with other payloads is refused: its traffic would be missing from the log.
    """

    def __init__(
        self,
        uow: UnitOfWork,
        registry: ModelRegistry,
        log: InferenceLog,
        clock: Clock,
        ids: Ids,
        describe: Describe,
        models: Sequence[str],
        *,
        limits: GatewayLimits | None = None,
        poll_seconds: float = 0.1,
    ) -> None:
        self.limits = limits or GatewayLimits()
        self.fleet = Fleet(registry, clock)
        self.routes = Routes(uow, registry, self.fleet, models, poll_seconds=poll_seconds)
        self.recorder = TrafficRecorder(log, describe, capacity=self.limits.queue)
        self.shadows_dropped = 0
        self._second_questions = SecondQuestions(
            self.fleet,
            share=self.limits.second_questions,
            timeout=self.limits.predict_seconds,
            most=self.limits.shadows,
        )
        self._describe = describe
        self._clock = clock
        self._ids = ids
        self._shadows: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Read the routes, start threads."""
        self.recorder.start()
        self.routes.start()

    async def stop(self) -> None:
        """Finish shadows and second questions, write every record, end threads."""
        if self._shadows:
            await asyncio.wait(self._shadows, timeout=self.limits.predict_seconds)
        await self._second_questions.finish()
        await asyncio.to_thread(self.routes.stop)
        await asyncio.to_thread(self.recorder.stop)
        self.fleet.close()

    def route(self, model: str) -> tuple[Traffic, int]:
        """The route in force and its champion.

        Raises:
            NotFound: The model is not served here.
            Busy: No champion yet.
        """
        if model not in self.routes.models:
            raise NotFound(
                f"model {model!r} is not served here", remedy=f"Served: {', '.join(self.routes.models)}."
            )
        route = self.routes.of(model)
        if route is None or route.champion is None:
            raise Busy(
                f"model {model!r} has no champion yet",
                remedy="Approve a first version; see `ombud rollout status`.",
                retry_after=5,
            )
        return route, route.champion

    async def infer(self, model: str, body: bytes) -> bytes:
        """Answer a request by the route in force and put it on record.

        Raises:
            NotFound: The model is not served here.
            BadInput: Malformed, or a payload cannot be decoded; nothing was recorded.
            Conflict: A request id was used before with other payloads; nothing was recorded.
            Busy: No champion, a full queue, or the champion is still loading.
            Unavailable: The champion cannot be loaded.
            ModelFailed: No row has an answer; the failure is on record.
        """
        began = perf_counter()
        route, champion = self.route(model)
        labels, request = self._read(model, champion, body)
        n = len(request.rows)
        if not self.recorder.reserve(n):
            raise Busy(
                f"the inference log is behind by {self.recorder.waiting} records",
                remedy="Try again in a moment. Operator: check disk and log; "
                + (self.recorder.failure or "it is slower than the traffic."),
            )
        repeated: list[str] = []
        try:
            repeated = await asyncio.to_thread(self._repeated, request)
            asked, answers = await self._answer(model, route, champion, request)
        except BaseException:
            self.recorder.release(n)
            self.recorder.forget({row.request_id for row in request.rows} - set(repeated))
            raise
        total = (perf_counter() - began) * 1000
        record = partial(self._record, model, route, total)
        self._second_questions.then_record(model, request.rows, asked, record)
        self._start_shadow(model, route, request.rows)
        require_an_answer(model, answers)
        return encode_answer(model, request, answers, champion, labels, repeated=repeated)

    async def infer_version(self, model: str, version: int, body: bytes) -> bytes:
        """Ask one version directly: no routing, no record.

        Raises:
            BadInput: Malformed, or a payload cannot be decoded.
            Busy: It is being loaded.
            Unavailable: It cannot be loaded.
            NotFound: The model is not served here.
            ModelFailed: No row has an answer.
        """
        if model not in self.routes.models:
            self.route(model)
        labels, request = self._read(model, version, body)
        found = await ask(self.fleet, model, version, request.rows, timeout=self.limits.predict_seconds)
        await self._refuse_bad(model, version, request.rows, found)
        answers = [answer_of(a, len(labels)) for a in found]
        require_an_answer(model, answers)
        return encode_answer(model, request, answers, version, labels)

    def _read(self, model: str, version: int, body: bytes) -> tuple[tuple[str, ...], InferenceRequest]:
        predictor = self.fleet.get(model, version).predictor
        request = read_request(
            body, modalities=predictor.modalities, now=self._clock.now(), new_id=self._ids.new("q")
        )
        return predictor.labels, request

    async def _answer(
        self, model: str, route: Traffic, champion: int, request: InferenceRequest
    ) -> tuple[list[tuple[Variant, RowAnswer]], list[Answer]]:
        rows, timeout = request.rows, self.limits.predict_seconds
        trial = [
            i
            for i, row in enumerate(rows)
            if route.challenger is not None and to_challenger(route.rollout_id, row.session, route.weight)
        ]
        rest = sorted(set(range(len(rows))) - set(trial))
        by_champion, by_challenger = await asyncio.gather(
            ask(self.fleet, model, champion, [rows[i] for i in rest], timeout=timeout),
            ask(self.fleet, model, route.challenger or 0, [rows[i] for i in trial], timeout=timeout),
        )
        await self._refuse_bad(model, champion, [rows[i] for i in rest], by_champion, rest)
        asked: dict[int, tuple[Variant, RowAnswer]] = {}
        asked.update((i, (Variant.CHAMPION, a)) for i, a in zip(rest, by_champion, strict=True))
        asked.update((i, (Variant.CHALLENGER, a)) for i, a in zip(trial, by_challenger, strict=True))
        given = {i: a for i, (_, a) in asked.items()}
        fallen = [i for i in trial if given[i].probabilities is None]
        instead = await ask(self.fleet, model, champion, [rows[i] for i in fallen], timeout=timeout)
        await self._refuse_bad(model, champion, [rows[i] for i in fallen], instead, fallen)
        given.update(zip(fallen, instead, strict=True))
        k = len(self.fleet.get(model, champion).predictor.labels)
        answers = [answer_of(given[i], k, "champion" if i in fallen else "") for i in range(len(rows))]
        return [asked[i] for i in range(len(rows))], answers

    async def _refuse_bad(
        self,
        model: str,
        version: int,
        rows: Sequence[Row],
        answers: Sequence[RowAnswer],
        positions: Sequence[int] | None = None,
    ) -> None:
        """Refuse the whole request when a payload is why the champion failed."""
        if any(answer.error for answer in answers):
            batcher = self.fleet.get(model, version)
            places = range(len(rows)) if positions is None else positions
            await refuse_bad_rows(batcher, self._describe, rows, answers, places)

    def _repeated(self, request: InferenceRequest) -> list[str]:
        """Ids that came before with the same payloads; refuses those that came with others."""
        known = self.recorder.known({row.request_id: row.digests for row in request.rows})
        for request_id, same in known.items():
            if not same:
                raise Conflict(
                    f"request id {request_id!r} was used before with other inputs",
                    remedy="Give each request an id of its own, or send none and one is made; "
                    "the same id may come again only with the same inputs.",
                )
        return list(known)

    def _start_shadow(self, model: str, route: Traffic, rows: Sequence[Row]) -> None:
        if route.shadow is None:
            return
        if len(self._shadows) >= self.limits.shadows or not self.recorder.reserve(len(rows)):
            # A missing pair is missing evidence, and missing evidence never promotes.
            self.shadows_dropped += len(rows)
            return
        task = asyncio.create_task(self._shadow(model, route, route.shadow, rows))
        self._shadows.add(task)
        task.add_done_callback(self._shadows.discard)

    async def _shadow(self, model: str, route: Traffic, version: int, rows: Sequence[Row]) -> None:
        began = perf_counter()
        answers = await ask(self.fleet, model, version, rows, timeout=self.limits.predict_seconds)
        total = (perf_counter() - began) * 1000
        self._record(model, route, total, rows, [(Variant.SHADOW, a) for a in answers])

    def _record(
        self,
        model: str,
        route: Traffic,
        total_ms: float,
        rows: Sequence[Row],
        asked: Sequence[tuple[Variant, RowAnswer]],
    ) -> None:
        tag = {ROLLOUT_ATTRIBUTE: route.tag} if route.tag else {}
        self.recorder.put(
            [
                (record_of(model, row, variant, answer, tag, total_ms), row.payloads)
                for row, (variant, answer) in zip(rows, asked, strict=True)
            ]
        )
