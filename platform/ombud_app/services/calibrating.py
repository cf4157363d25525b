"""Calibrating: runs the pieces of a study on all cores, keeps what is done, and resumes."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ombud.errors import BadInput
from ombud_monitors.evaluate import THREAD_VARIABLES, Outcome, Piece, code_digest

__all__ = ["Progress", "Store", "outcomes"]

Progress = Callable[[int, int, str], None]
"""``(done, all, what)``: told after every piece."""

P = TypeVar("P", bound=Piece)


class Store:
    """Outcomes on disk, one JSON line each; those of other code are not read.

    Args:
        path: The file; it is made when the first outcome is kept.

    Raises:
        BadInput: The file holds something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found = dict(self._read())

    def get(self, key: str) -> Outcome | None:
        """The outcome of a piece that was run before."""
        return self._found.get(key)

    def keep(self, key: str, outcome: Outcome) -> None:
        """Append one outcome."""
        self._found[key] = outcome
        line = json.dumps({"code": code_digest(), "key": key, "outcome": outcome})
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _read(self) -> Iterator[tuple[str, Outcome]]:
        if not self._path.exists():
            return
        text = self._path.read_text("utf-8")
        if text and not text.startswith('{"code": "sha256:'):
            raise BadInput(
                f"{self._path}: not the outcomes of a calibration",
                remedy="Name another file, or remove this one.",
            )
        for line in text.splitlines():
            try:
                stored = json.loads(line)
            except ValueError:
                continue  # cut short by a crash: that piece is run again
            if stored["code"] == code_digest():
                yield stored["key"], stored["outcome"]
        if text and not text.endswith("\n"):
            with self._path.open("a", encoding="utf-8") as file:
                file.write("\n")


def outcomes(
    pieces: Sequence[P], *, jobs: int, store: Store | None = None, progress: Progress | None = None
) -> list[tuple[P, Outcome]]:
    """Run pieces, each once, on several processes with one thread of linear algebra each.

    Args:
        pieces: What to run.
        jobs: Processes; 1 runs everything in this one.
        store: Where outcomes are kept; those in it are not run again.
        progress: Told after every piece.

    Returns:
        Piece and outcome, in no particular order.
    """
    known = {} if store is None else {p.key: o for p in pieces if (o := store.get(p.key)) is not None}
    done = [(piece, known[piece.key]) for piece in pieces if piece.key in known]
    waiting = [piece for piece in pieces if piece.key not in known]
    for piece, outcome in _run(waiting, jobs):
        if store is not None:
            store.keep(piece.key, outcome)
        done.append((piece, outcome))
        if progress is not None:
            progress(len(done), len(pieces), piece.key)
    return done


def _run(pieces: Sequence[P], jobs: int) -> Iterator[tuple[P, Outcome]]:
    if jobs == 1 or len(pieces) < 2:
        for piece in pieces:
            yield piece, piece.run()
        return
    # Spawned, not forked: a fork of a process that has started threads may hang.
    with _single_threaded(), ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(_outcome, piece): piece for piece in pieces}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _outcome(piece: Piece) -> Mapping[str, object]:
    return piece.run()


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Children read these when they import numpy: more threads than cores is slower than one each."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
