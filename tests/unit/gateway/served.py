"""A gateway on a real uvicorn socket, over memory stores, with rollouts set by hand."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from numpy.typing import NDArray

from ombud.adapters.clock import SystemClock
from ombud.adapters.memory.ids import MemoryIds
from ombud.adapters.memory.inference_log import MemoryInferenceLog
from ombud.adapters.memory.registry import MemoryRegistry
from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.domain.identity import Actor, Role
from ombud.domain.inference import Inference, Variant
from ombud.domain.modality import Modality, Payload
from ombud.domain.model_version import Submission
from ombud.domain.ports import AppendReceipt, LogQuery
from ombud.domain.rollout import Rollout, RolloutPlan, RolloutState, Step
from ombud.domain.sample import Dataset
from ombud.errors import Unauthenticated
from ombud.rollout.moves import Move, apply, open_rollout
from ombud_app.gateway import Gateway, GatewayLimits, create_router
from unit.gateway import digits_model

MODEL = "digits"
ROBOT = Actor("robot", frozenset({Role.SERVICE}))


@dataclass
class Lengths:
    """One descriptor: how long the payload is."""

    values: NDArray[np.float64]
    problems: tuple[str, ...]
    names: tuple[str, ...] = ("length",)


def describe(
    _modality: Modality, payloads: Sequence[Payload | None], unreadable: Payload | None = None
) -> Lengths:
    values = np.array([[float("nan") if p is None else len(p)] for p in payloads])
    return Lengths(values, tuple("cannot be decoded" if p and p == unreadable else "" for p in payloads))


class ToldLog(MemoryInferenceLog):
    """A log whose disk can be full."""

    full = False

    def append(self, records: Sequence[Inference]) -> AppendReceipt:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().append(records)


def authorise(request: Request) -> Actor:
    if request.headers.get("authorization") != "Bearer good":
        raise Unauthenticated("no valid token", remedy="Send one.")
    return ROBOT


class Served:
    """Versions 1 to 7; version 8 says nothing but the answer, version 9 cannot be loaded."""

    def __init__(
        self, folder: Path, limits: GatewayLimits | None = None, unreadable: Payload | None = None
    ) -> None:
        self.uow, self.log, self.clock = MemoryUnitOfWork(), ToldLog(), SystemClock()
        self.registry = MemoryRegistry()
        for number in range(1, 10):
            loader = {8: "load_terse", 9: "load_broken"}.get(number, "load")
            made = digits_model.trained(folder / str(number), number, loader=loader)
            empty = Dataset("none", ())
            self.registry.register(
                Submission(MODEL, made, digits_model.LABELS, digits_model.MODALITIES, empty, {}, "run")
            )
        self.gateway = Gateway(
            self.uow,
            self.registry,
            self.log,
            self.clock,
            MemoryIds(),
            partial(describe, unreadable=unreadable),
            [MODEL],
            limits=limits or GatewayLimits(predict_seconds=0.3, queue=500),
            poll_seconds=0.02,
        )
        self.app = FastAPI()
        self.app.include_router(create_router(self.gateway, authorise=authorise))
        self.rollouts = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(self.app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": "Bearer good"}, timeout=20)
        until(lambda: server.started)
        try:
            yield
        finally:
            self.client.close()
            server.should_exit = True
            thread.join()
            listener.close()

    def walk(self, version: int, *states: RolloutState, weight: float = 0.5) -> Rollout:
        """A rollout taken through ``states`` by hand, without a judge."""
        self.rollouts += 1
        with self.uow.begin() as tx:
            promoted = [r for r in tx.rollouts.list(model=MODEL) if r.state is RolloutState.PROMOTED]
            now = self.clock.now()
            rollout = Rollout(
                f"r-{self.rollouts}",
                MODEL,
                version,
                promoted[0].challenger if promoted else None,
                RolloutPlan(steps=(Step(weight, 1),)),
                RolloutState.REGISTERED,
                0,
                1,
                "ci",
                now,
                now,
            )
            open_rollout(tx, rollout, ROBOT)
            for state in (RolloutState.GATED, RolloutState.APPROVED, *states):
                rollout, _ = apply(tx, rollout, Move(state, ROBOT, "by hand"), now)
            tx.commit()
        return rollout

    def move(self, rollout: Rollout, *states: RolloutState) -> Rollout:
        with self.uow.begin() as tx:
            for state in states:
                rollout, _ = apply(tx, rollout, Move(state, ROBOT, "by hand"), self.clock.now())
            tx.commit()
        return rollout

    def champion(self, version: int = 1) -> None:
        self.walk(version, RolloutState.BOOTSTRAP, RolloutState.PROMOTED)
        self.wait_route(champion=version)

    def wait_route(self, **wanted: Any) -> None:
        def there() -> bool:
            route = self.gateway.routes.of(MODEL)
            return (
                route is not None
                and all(getattr(route, k) == v for k, v in wanted.items())
                and (route.champion in self.gateway.fleet.loaded(MODEL))
            )

        until(there)

    def ask(
        self,
        texts: Sequence[str | None],
        *,
        image: Sequence[str | None] | None = None,
        id: str = "q",
        path: str = f"/v2/models/{MODEL}/infer",
        **parameters: Any,
    ) -> httpx.Response:
        n = len(texts)
        inputs = [{"name": "text", "shape": [n, 1], "datatype": "BYTES", "data": list(texts)}]
        if image is not None:
            inputs.append({"name": "image", "shape": [n], "datatype": "BYTES", "data": list(image)})
        return self.client.post(path, json={"id": id, "inputs": inputs, "parameters": parameters})

    def records(self, variant: Variant | None = None) -> list[Inference]:
        assert self.gateway.recorder.flush()
        rows = self.log.read(LogQuery(MODEL, variants=None if variant is None else (variant,)))
        return [row.inference for row in rows]


def png(content: bytes = b"PNG...") -> str:
    return base64.b64encode(content).decode()


def outputs(answer: httpx.Response) -> Mapping[str, list[Any]]:
    assert answer.status_code == 200, answer.text
    return {o["name"]: o["data"] for o in answer.json()["outputs"]}


def until(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
