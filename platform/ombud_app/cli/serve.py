"""The server process: portal, API, gateway and the one worker. ``python -m ombud_app.cli.serve``."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event, Thread

import uvicorn
from fastapi import APIRouter, FastAPI

from ombud.errors import OmbudError
from ombud.settings import Settings
from ombud_app.cli.output import complain
from ombud_app.gateway import Gateway, GatewayLimits, create_router
from ombud_app.portal import create_app
from ombud_app.portal.access import acting
from ombud_app.wiring import Platform, open_platform

__all__ = ["compose", "main"]


def compose(platform: Platform) -> FastAPI:
    """The whole server as one ASGI app; the worker lives as long as the app does.

    Args:
        platform: Every port and service.
    """
    gateway = Gateway(
        platform.uow,
        platform.registry,
        platform.log,
        platform.clock,
        platform.ids,
        platform.describer,
        [platform.project.name],
        limits=GatewayLimits(second_questions=platform.project.single_modality_share),
    )
    # The door has already found out who asks when the gateway wants to know.
    return create_app(platform, [create_router(gateway, authorise=acting), _working(platform)])


def _working(platform: Platform) -> APIRouter:
    """A router without endpoints whose lifespan is the worker's."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stop = Event()
        worker = platform.worker(f"{socket.gethostname()}:{os.getpid()}")
        thread = Thread(target=worker.run, args=(stop,), name="worker", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(timeout=30)

    return APIRouter(lifespan=lifespan)


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    settings = Settings()
    try:
        app = compose(open_platform(settings))
    except OmbudError as error:
        complain(error, as_json=False)
        return error.exit_code
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.portal_port,
        log_level="info",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
