"""Idempotency keys: a POST that is sent twice under one key happens once.

``Idempotency-Key`` is remembered per identity. The same key with the same request gives the first
answer again (marked ``Idempotent-Replay: true``); with another request it is a conflict. Only
answers of success are remembered: a refusal changed nothing, so the same key may try again.

Limits: two *simultaneous* requests with one key are serialised within this process; the state
machine's compare-and-set protects what several processes would race for.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from ombud.errors import BadInput, Conflict
from ombud_app.portal.access import acting, let_in, needs

__all__ = ["IdempotentRoute"]

HEADER = "Idempotency-Key"


class _Turns:
    """One request at a time per key; keys are forgotten when nobody waits for them."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks.pop(key)
            if waiting > 1:
                self._locks[key] = (lock, waiting - 1)


_turns = _Turns()


class IdempotentRoute(APIRoute):
    """A route whose POSTs honour ``Idempotency-Key``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the ordinary handler."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if request.method != "POST" or key is None:
                return await handle(request)
            if not 8 <= len(key) <= 200:
                raise BadInput(
                    f"{HEADER}: expected 8 to 200 characters, got {len(key)}", remedy="Send a UUID."
                )
            # Who asks must be known before an old answer may be shown.
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            await run_in_threadpool(let_in, request, token if scheme.lower() == "bearer" else None)
            scoped = f"{acting(request).identity}:{key}"
            async with _turns.of(scoped):
                return await self._first_or_again(request, scoped, handle)

        return once

    async def _first_or_again(
        self, request: Request, key: str, handle: Callable[[Request], Coroutine[Any, Any, Response]]
    ) -> Response:
        house = needs(request)
        digest = _digest(request, await request.body())

        def look() -> tuple[str, int, bytes] | None:
            with house.uow.begin(write=False) as tx:
                return tx.idempotency.get(key)

        known = await run_in_threadpool(look)
        if known is not None:
            if known[0] != digest:
                raise Conflict(
                    f"{HEADER} was used before for another request",
                    remedy="Use a fresh key for a new request.",
                )
            headers = {"Idempotent-Replay": "true"}
            return Response(known[2], known[1], headers=headers, media_type="application/json")
        answer = await handle(request)

        def remember() -> None:
            with house.uow.begin() as tx:
                tx.idempotency.put(
                    key,
                    request_digest=digest,
                    status=answer.status_code,
                    body=bytes(answer.body),
                    at=house.clock.now(),
                )
                tx.commit()

        if answer.status_code < 300:
            await run_in_threadpool(remember)
        return answer


def _digest(request: Request, body: bytes) -> str:
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return f"sha256:{hashlib.sha256(head + body).hexdigest()}"
