"""The contract of the artifact store, and of the small ports beside it: ids and clock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from ombud.adapters.clock import SystemClock
from ombud.adapters.files import FileArtifactStore
from ombud.adapters.ids import TimeOrderedIds
from ombud.adapters.memory.clock import MemoryClock
from ombud.adapters.memory.files import MemoryArtifactStore
from ombud.adapters.memory.ids import MemoryIds
from ombud.domain.ports import ArtifactStore, Clock, Ids
from ombud.errors import Corrupted, NotFound


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    return MemoryArtifactStore() if request.param == "memory" else FileArtifactStore(tmp_path / "artifacts")


def test_bytes_come_back_under_their_digest(store: ArtifactStore) -> None:
    # SHA-256 of the empty string and of "abc", from FIPS 180-4.
    empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert store.put(b"", media_type="text/plain") == empty
    assert store.put(b"abc", media_type="text/html") == abc
    assert (store.get(empty), store.get(abc)) == (b"", b"abc")
    assert (store.media_type(empty), store.media_type(abc)) == ("text/plain", "text/html")


def test_the_first_media_type_of_the_same_bytes_stays(store: ArtifactStore) -> None:
    digest = store.put(b"abc", media_type="text/html")
    assert store.put(b"abc", media_type="text/plain") == digest
    assert store.media_type(digest) == "text/html"


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "sha256:../../etc/passwd", "", "md5:00"])
def test_what_was_never_stored_is_not_found(store: ArtifactStore, digest: str) -> None:
    for read in (store.get, store.media_type):
        with pytest.raises(NotFound):
            read(digest)


def test_changed_bytes_are_refused(tmp_path: Path) -> None:
    store = FileArtifactStore(tmp_path)
    digest = store.put(b"abc", media_type="text/plain")
    (file,) = [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".type"]
    file.write_bytes(b"abd")
    with pytest.raises(Corrupted, match=digest):
        store.get(digest)


def test_writers_of_the_same_bytes_do_not_disturb_each_other(tmp_path: Path) -> None:
    content = b"x" * 100_000
    found: list[str] = []

    def write() -> None:
        found.append(FileArtifactStore(tmp_path).put(content, media_type="text/plain"))

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(set(found)) == 1
    assert FileArtifactStore(tmp_path).get(found[0]) == content
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 2


@pytest.mark.parametrize("make", [MemoryIds, TimeOrderedIds])
def test_ids_are_unique_and_sort_by_their_making(make: Callable[[], Ids]) -> None:
    ids = make()
    made = [ids.new("r") for _ in range(2000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(i.startswith("r-") for i in made)


@pytest.mark.parametrize("make", [MemoryClock, SystemClock])
def test_clocks_are_aware_and_in_utc(make: Callable[[], Clock]) -> None:
    clock = make()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.now() >= clock.now() - timedelta(seconds=1)


def test_the_memory_clock_moves_only_when_told() -> None:
    clock = MemoryClock()
    start = clock.now()
    assert clock.now() == start
    clock.advance(days=1, seconds=30)
    assert clock.now() - start == timedelta(days=1, seconds=30)
    clock.set(start)
    assert clock.now() == start
    assert start.tzinfo is UTC
