"""The house of somebody who brings their own model: a home, a server on a socket, people with tokens."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from e2e.pets import pets
from ombud.adapters.parquet_data import write_dataset
from ombud.domain.inference import LabelledInference
from ombud.domain.ports import LogQuery
from ombud.domain.sample import Dataset
from ombud.settings import Settings
from ombud_app.cli import children
from ombud_app.cli.serve import compose
from ombud_app.cli.supervisor import Supervisor
from ombud_app.portal.tokens import make_token
from ombud_app.services.observing import mask_by_presence
from ombud_app.services.quickstart.people import CAST, People
from ombud_app.services.quickstart.stage import Stage
from ombud_app.services.quickstart.traffic import Sent, Traffic
from ombud_app.wiring import Platform, open_platform
from unit.cli.ports import free_port

__all__ = ["PetsOffice", "prepare", "register"]

_HERE = Path(__file__).parent

PROJECT = """\
name: pets
task: {labels: [cat, dog, bird]}
modalities: [text, image]
data: {training: judged.parquet, synthetic: true, provenance: Drawn by a test., licence: CC0-1.0}
presence: {text+image: 0.5, text: 0.2, image: 0.3}
single_modality_share: 1.0
evidently_reports: false
gate: {min_accuracy: 0.9, min_unimodal_accuracy: 0.6}
rollout:
  delta: 0.15
  shadow_requests: 100
  ramp: [{weight: 0.5, min_requests: 10}]
  bake_seconds: 0.5
  bake_requests: 5
notifications: [{type: file, target: alerts.jsonl}]
governance: {owners: [pat@example.org], intended_use: Sorts snapshots of pets.}
"""


def prepare(home: Path) -> Path:
    """Write the project file and the Parquet file; returns the training data that nobody else sees."""
    home.mkdir()
    (home / "ombud.yaml").write_text(PROJECT)
    write_dataset(
        home / "judged.parquet", {"val": pets("val", 200, seed=2), "test": pets("test", 200, seed=3)}
    )
    write_dataset(home.parent / "own.parquet", {"whatever": pets("own", 400, seed=1)})
    return home.parent / "own.parquet"


def register(settings: Settings, own: Path, *arguments: str) -> int:
    """Run the other team's training script against our MLflow; returns the version that they got."""
    command = [sys.executable, str(_HERE / "pets_register.py"), settings.mlflow_url, str(own)]
    done = subprocess.run([*command, *arguments], cwd=own.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


class PetsOffice:
    """A running server, an MLflow to log to, and everybody who speaks to them.

    Args:
        settings: Where the home is.
        url: Where the server answers.
    """

    def __init__(self, settings: Settings, url: str) -> None:
        self.platform: Platform = open_platform(settings)
        tokens = {
            part: make_token(
                self.platform.uow,
                self.platform.clock,
                self.platform.ids,
                actor=actor,
                lifetime=timedelta(hours=1),
                issued_by="test",
            )[0]
            for part, actor in CAST.items()
        }
        self.traffic = Traffic(
            url,
            "pets",
            application_token=tokens["application"],
            annotator_token=tokens["annotator"],
            modalities=("text", "image"),
        )
        self.stage = Stage(self.platform, url, People(tokens), self.traffic, say=print)

    @classmethod
    @contextmanager
    def open(cls, home: Path) -> Iterator[PetsOffice]:
        """Serve until the block is left."""
        port = free_port()
        settings = Settings(home=home, portal_port=port, mlflow_port=free_port(), look_seconds=0.2)
        app = compose(open_platform(settings))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, name="server", daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.05)
        office = cls(settings, settings.portal_url)
        try:
            with Supervisor(home, [children.mlflow(settings)], say=print):
                yield office
        finally:
            office.traffic.close()
            server.should_exit = True
            thread.join(timeout=30)

    def mixed(self, data: Dataset) -> Dataset:
        """The traffic mix that the project file declares."""
        return mask_by_presence(data, self.platform.project.presence, seed=5)

    def label(self, sent: list[Sent]) -> None:
        """Deliver all labels; records reach the log a moment after their answer."""
        deadline = time.monotonic() + 20
        while sent and time.monotonic() < deadline:
            sent = self.traffic.label(sent, source="keepers")
            time.sleep(0.1)
        assert not sent, f"{len(sent)} requests never reached the log"

    def records(self, version: int) -> list[LabelledInference]:
        """What the log holds about a version."""
        return list(self.platform.log.read(LogQuery("pets", version=version)))

    def page(self, path: str) -> str:
        """A page of the portal, as the auditor sees it."""
        signed_in = {"Authorization": f"Bearer {self.stage.people.token('auditor')}"}
        answer = httpx.get(self.stage.url + path, headers=signed_in, timeout=30)
        assert answer.status_code == 200, answer.text[:300]
        return answer.text

    def told(self) -> list[dict[str, Any]]:
        """Alerts that reached the file route, once the worker has nothing more to deliver."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with self.platform.uow.begin(write=False) as tx:
                if not tx.outbox.pending():
                    break
            time.sleep(0.1)
        path = self.platform.settings.home / "alerts.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
