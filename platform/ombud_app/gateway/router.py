"""The gateway's endpoints. Bodies are read raw: msgspec is several times faster than validation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

import ombud
from ombud.domain.identity import Actor
from ombud.errors import BadInput, NotFound, OmbudError
from ombud_app.gateway.problems import problem
from ombud_app.gateway.serving import Gateway

__all__ = ["Authorise", "create_router"]

Authorise = Callable[[Request], Actor]
"""Who is asking; raises Unauthenticated or Forbidden. Called in a thread, so it may block."""


def create_router(gateway: Gateway, *, authorise: Authorise) -> APIRouter:
    """Open Inference Protocol v2 (REST) around a gateway, which starts and stops with the app.

    Args:
        gateway: What answers.
        authorise: Stands before every endpoint but liveness and readiness of the server.
    """

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        gateway.start()
        try:
            yield
        finally:
            await gateway.stop()

    router = APIRouter(lifespan=running, tags=["inference"])

    async def answered(request: Request, act: Callable[[], Awaitable[bytes]]) -> Response:
        try:
            await run_in_threadpool(authorise, request)
            return Response(await act(), media_type="application/json")
        except OmbudError as failure:
            return problem(failure, request.url.path)

    async def body(request: Request) -> bytes:
        limit = gateway.limits.body_bytes
        if int(request.headers.get("content-length") or 0) > limit:
            raise _too_large(limit)
        raw = bytearray()
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > limit:
                raise _too_large(limit)
        return bytes(raw)

    @router.get("/v2")
    async def server(request: Request) -> Response:
        """Name, version and extensions of the server."""

        async def act() -> bytes:
            return _json({"name": "ombud", "version": ombud.__version__, "extensions": []})

        return await answered(request, act)

    @router.get("/v2/health/live")
    async def live() -> Response:
        """The process answers."""
        return Response(_json({"live": True}), media_type="application/json")

    @router.get("/v2/health/ready")
    async def ready() -> Response:
        """Every served model has its champion in memory."""
        found = {model: _ready(gateway, model) for model in gateway.routes.models}
        status = 200 if all(found.values()) else 503
        return Response(
            _json({"ready": status == 200, "models": found}), status, media_type="application/json"
        )

    @router.get("/v2/models/{model}")
    async def metadata(request: Request, model: str) -> Response:
        """Inputs, outputs and versions of a model."""
        return await answered(request, lambda: _metadata(gateway, model, None))

    @router.get("/v2/models/{model}/versions/{version}")
    async def version_metadata(request: Request, model: str, version: str) -> Response:
        """Inputs and outputs of one version."""
        return await answered(request, lambda: _metadata(gateway, model, version))

    @router.get("/v2/models/{model}/ready")
    async def model_ready(request: Request, model: str) -> Response:
        """The champion is in memory."""

        async def act() -> bytes:
            _, champion = gateway.route(model)
            gateway.fleet.get(model, champion)
            return _json({"name": model, "ready": True})

        return await answered(request, act)

    @router.get("/v2/models/{model}/versions/{version}/ready")
    async def version_ready(request: Request, model: str, version: str) -> Response:
        """The version is in memory; asking loads it."""

        async def act() -> bytes:
            gateway.fleet.get(_served(gateway, model), _number(version))
            return _json({"name": model, "version": version, "ready": True})

        return await answered(request, act)

    @router.post("/v2/models/{model}/infer")
    async def infer(request: Request, model: str) -> Response:
        """Answer by the route in force; the answer is put on record."""

        async def act() -> bytes:
            return await gateway.infer(model, await body(request))

        return await answered(request, act)

    @router.post("/v2/models/{model}/versions/{version}/infer")
    async def infer_version(request: Request, model: str, version: str) -> Response:
        """Ask one version directly; nothing is put on record."""

        async def act() -> bytes:
            return await gateway.infer_version(model, _number(version), await body(request))

        return await answered(request, act)

    return router


def _json(content: dict[str, Any]) -> bytes:
    return msgspec.json.encode(content)


def _too_large(limit: int) -> BadInput:
    return BadInput(f"request body: larger than {limit} bytes", remedy="Send fewer rows per request.")


def _served(gateway: Gateway, model: str) -> str:
    if model not in gateway.routes.models:
        gateway.route(model)
    return model


def _number(version: str) -> int:
    if not version.isdecimal():
        raise NotFound(f"version {version!r}: expected a number", remedy="Use e.g. /versions/2.")
    return int(version)


def _ready(gateway: Gateway, model: str) -> bool:
    route = gateway.routes.of(model)
    return bool(route and route.champion in gateway.fleet.loaded(model))


async def _metadata(gateway: Gateway, model: str, version: str | None) -> bytes:
    if version is None:
        _, number = gateway.route(model)
    else:
        number = _number(version)
    predictor = gateway.fleet.get(_served(gateway, model), number).predictor
    return _json(
        {
            "name": model,
            "versions": [str(v) for v in gateway.fleet.loaded(model)],
            "platform": "ombud",
            "inputs": [{"name": m, "datatype": "BYTES", "shape": [-1, 1]} for m in predictor.modalities],
            "outputs": [
                {"name": "probabilities", "datatype": "FP32", "shape": [-1, len(predictor.labels)]},
                {"name": "prediction", "datatype": "BYTES", "shape": [-1]},
                {"name": "version", "datatype": "INT64", "shape": [-1]},
            ],
            "parameters": {"labels": list(predictor.labels), "version": str(number)},
        }
    )
