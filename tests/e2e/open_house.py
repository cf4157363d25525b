"""`ombud up` on a played home: started when somebody wants to look, stopped like a person stops it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from e2e.played_story import command, environment

__all__ = ["OpenHouse", "Visitors"]


@dataclass(frozen=True)
class Visitors:
    """A running house, as its visitors see it.

    Args:
        urls: Server → address, as ``ombud up --json`` printed them.
        token_file: Where it says the sign-in token lies.
    """

    urls: Mapping[str, str]
    token_file: Path

    @cached_property
    def token(self) -> str:
        """The administrator's token."""
        return self.token_file.read_text("utf-8").strip()

    def portal(self, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        """GET a page or an endpoint as the administrator, or with another token; "" sends none."""
        sent = self.token if token is None else token
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        return httpx.get(self.urls["portal"] + path, headers=headers, timeout=60, trust_env=False, **more)

    @property
    def ports(self) -> list[int]:
        """Where the servers listen."""
        return [httpx.URL(url).port or 80 for url in self.urls.values()]

    def page(self, path: str) -> str:
        """A page of the portal, which must be there."""
        answer = self.portal(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        assert answer.headers["content-type"].startswith("text/html")
        return answer.text

    def api(self, path: str) -> Any:
        """A JSON document of the API, which must be there."""
        answer = self.portal(f"/api/v1{path}")
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json()

    def dagster(self, query: str, **variables: object) -> Any:
        """The data of a GraphQL answer."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(self.urls["dagster"] + "/graphql", json=body, timeout=60, trust_env=False)
        document = answer.json()
        assert "errors" not in document, document["errors"]
        return document["data"]

    def mlflow(self, path: str, **parameters: str) -> Any:
        """A JSON document of MLflow's REST API."""
        url = f"{self.urls['mlflow']}/api/2.0/mlflow/{path}"
        answer = httpx.get(url, params=parameters, timeout=60, trust_env=False)
        assert answer.status_code == 200, answer.text[:300]
        return answer.json()


class OpenHouse:
    """Opens the house on demand, so that the order of tests does not matter.

    Args:
        home: A home on which the story has been played.
        folder: Where the output of ``ombud up`` goes.
    """

    def __init__(self, home: Path, folder: Path) -> None:
        self._home = home
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._visitors: Visitors | None = None

    def visit(self) -> Visitors:
        """The running house; started unless it runs."""
        if self._visitors is None:
            with (self._folder / "up.err").open("w") as progress:
                self._process = subprocess.Popen(
                    [command, "--home", str(self._home), "up", "--json"],
                    env=environment(),
                    stdout=subprocess.PIPE,
                    stderr=progress,
                    text=True,
                    # A process group of its own: what a signal reaches is what `ombud up` passes on.
                    start_new_session=True,
                )
            said = json.loads("".join(self._lines()) or "{}")
            assert said, (self._folder / "up.err").read_text("utf-8")
            self._visitors = Visitors(said["urls"], Path(said["sign_in_token_file"]))
        return self._visitors

    def close(self, sent: signal.Signals) -> int:
        """Send a signal to ``ombud up`` alone, wait for its end, and return its exit code."""
        assert self._process is not None
        os.kill(self._process.pid, sent)
        code = self._process.wait(timeout=60)
        self._process, self._visitors = None, None
        return code

    def end(self) -> None:
        """Leave nothing behind, whatever the tests have done."""
        if self._process is not None:
            self.close(signal.SIGTERM)

    def _lines(self) -> Iterator[str]:
        """The lines of the JSON document that says where everything is; they end with the document."""
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            yield line
            if line.startswith("}"):
                return
