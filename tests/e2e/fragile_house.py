"""The real server over real stores in a temporary home, with the fragile model as champion."""

from __future__ import annotations

import base64
import io
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import soundfile
import uvicorn
from PIL import Image

from e2e import fragile_model
from ombud.adapters.parquet_data import write_dataset
from ombud.domain.identity import Actor, Role
from ombud.domain.inference import Inference
from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.model_version import Alias, Submission
from ombud.domain.ports import LogQuery
from ombud.domain.sample import Dataset, Sample
from ombud.settings import Settings
from ombud_app.cli.init import TEMPLATE
from ombud_app.cli.serve import compose
from ombud_app.portal.tokens import make_token
from ombud_app.wiring import open_platform

__all__ = [
    "MODEL",
    "FragileHouse",
    "base64_of",
    "picture",
    "problem",
    "samples",
    "sound",
    "written",
]

MODEL = "fragile"
Row = Mapping[str, str | None]


def picture(seed: int = 0) -> bytes:
    """A noisy PNG."""
    noise = np.random.default_rng(seed).integers(0, 255, (16, 16), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def sound(seed: int = 0) -> bytes:
    """A quarter of a second of noise as FLAC."""
    wave = np.random.default_rng(seed).normal(0, 0.1, 2000).astype(np.float32)
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, 8000, format="FLAC")
    return buffer.getvalue()


def samples(split: str, n: int = 8, *, seed: int = 0) -> Dataset:
    """Labelled rows with all three modalities, spoken by four people."""
    rows = [
        Sample(
            f"{split}-{i}",
            {TEXT: f"row {i} of {split}", IMAGE: picture(seed + i), AUDIO: sound(seed + i)},
            fragile_model.LABELS[i % 2],
            {"speaker_id": f"{split}-s{i % 4}"},
        )
        for i in range(n)
    ]
    return Dataset(split, tuple(rows), synthetic=True)


def written(home: Path) -> Counter[str]:
    """Rows of every table of every database in a home, and its other files."""
    found: Counter[str] = Counter()
    for path in sorted(home.rglob("*")):
        if path.suffix == ".db":
            with closing(sqlite3.connect(path)) as database:
                names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                for (name,) in names:
                    rows = database.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]
                    found[f"{path.relative_to(home)}: {name}"] = rows
        elif path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock")):
            found[str(path.relative_to(home))] = 1
    return found


class FragileHouse:
    """Server, stores and clients; open as long as :meth:`serving` lasts."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True)
        (home / "ombud.yaml").write_text(TEMPLATE.format(name=MODEL))
        self.home = home
        test = samples("test", seed=40)
        spoilt = Sample("test-spoilt", {TEXT: "nan", IMAGE: picture(99)}, "no")
        splits = {
            "train": samples("train"),
            "val": samples("val", seed=20),
            "test": Dataset("test", (*test, spoilt)),
        }
        write_dataset(home / "data" / "training.parquet", splits)
        self.platform = open_platform(Settings(home=home))
        trained = fragile_model.trained(home / "trained")
        self.platform.registry.register(
            Submission(
                MODEL, trained, fragile_model.LABELS, fragile_model.MODALITIES, splits["train"], {}, "run"
            )
        )
        self.platform.registry.set_alias(MODEL, Alias.CHAMPION, 1)
        self._numbers = count()

    @contextmanager
    def serving(self) -> Iterator[None]:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(compose(self.platform), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url, timeout=30, headers=self._signed_in())
        try:
            _until(lambda: server.started and self.client.get("/v2/health/ready").status_code == 200)
            # The first record brings tables and files that later ones find there.
            self.good_request()
            yield
        finally:
            self.client.close()
            server.should_exit = True
            thread.join()
            listener.close()

    def ask(
        self, *rows: Row, path: str = f"/v2/models/{MODEL}/infer", ids: Sequence[str] = ()
    ) -> httpx.Response:
        """Ask about rows of ``{"text": ..., "image": base64, "audio": base64}``."""
        chosen = list(ids) or [self.new_id() for _ in rows]
        names = sorted({name for row in rows for name in row})
        inputs = [
            {"name": n, "datatype": "BYTES", "shape": [len(rows), 1], "data": [r.get(n) for r in rows]}
            for n in names
        ]
        return self.client.post(path, json={"inputs": inputs, "parameters": {"request_ids": chosen}})

    def label(self, *pairs: tuple[str, str]) -> httpx.Response:
        """Deliver labels of requests."""
        labels = [{"request_id": r, "label": label, "source": "annotators"} for r, label in pairs]
        return self.client.post("/api/v1/labels", json={"labels": labels})

    def good_request(self) -> str:
        """Ask something sensible and wait until it is on record; returns the request id."""
        request_id = self.new_id()
        assert self.ask({"text": "fine"}, ids=[request_id]).status_code == 200
        _until(lambda: self.record(request_id) is not None)
        return request_id

    def record(self, request_id: str) -> Inference | None:
        rows = self.platform.log.read(LogQuery(MODEL))
        return next((r.inference for r in rows if r.inference.request_id == request_id), None)

    def new_id(self) -> str:
        return f"r-{next(self._numbers)}"

    @contextmanager
    def nothing_written(self) -> Iterator[None]:
        """Whatever is asked inside leaves no trace.

        Records are written after the answer, in order: once a good request is on record, everything
        before it is, too.
        """
        self.good_request()
        before = written(self.home)
        yield
        self.good_request()
        traces = written(self.home)
        traces.subtract(before)
        left = {name: number for name, number in traces.items() if number}
        assert left == {"inference/spool.db: batch": 1, "inference/spool.db: record_key": 1}

    def _signed_in(self) -> dict[str, str]:
        actor = Actor("application and evaluator", frozenset({Role.SERVICE, Role.EVALUATOR}))
        token, _ = make_token(
            self.platform.uow,
            self.platform.clock,
            self.platform.ids,
            actor=actor,
            lifetime=timedelta(hours=1),
            issued_by="a test",
        )
        return {"Authorization": f"Bearer {token}"}


def base64_of(payload: bytes) -> str:
    return base64.b64encode(payload).decode()


def problem(answer: httpx.Response, status: int) -> Mapping[str, Any]:
    """The problem document of an answer, in the one shape that gateway and portal share."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: Mapping[str, Any] = answer.json()
    for member in ("type", "title", "detail", "remedy", "instance"):
        assert isinstance(body[member], str), member
        assert body[member], member
    assert body["type"].startswith("urn:ombud:problem:")
    assert body["status"] == status
    assert body["instance"] == answer.request.url.path
    return body


def _until(happened: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
