"""A portal over the demonstration's story, and a client for each of its people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ombud_app.portal import create_app
from unit.portal.demo_house import House
from unit.portal.demo_story import play

ClientOf = Callable[[str], httpx.Client]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return play(House(), tmp_path / "models")


@pytest.fixture
def app(house: House) -> FastAPI:
    return create_app(house)


@pytest.fixture
def client_of(app: FastAPI, house: House) -> ClientOf:
    """A client that sends the token of one of the people; ``""`` sends none."""

    def of(part: str) -> httpx.Client:
        client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
        if part:
            client.headers["Authorization"] = f"Bearer {house.token(part)}"
        return client

    return of
