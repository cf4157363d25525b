"""Making bytes durable, and keeping processes out of each other's way, on a POSIX file system."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["file_lock", "sync_directory", "sync_file", "write_once"]


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold ``path`` exclusively against other processes and threads; waits for its turn.

    The kernel drops the lock when the holder dies, however it dies, so nobody cleans up after it.

    Limits: advisory, and only as good as the file system's ``flock`` (local disks: yes).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Force a file's bytes to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_directory(path: Path) -> None:
    """Force a directory's names to disk: a renamed file survives a power cut only after this."""
    sync_file(path)


def write_once(path: Path, content: bytes) -> None:
    """Write a file that is either there as a whole or not at all, and durable on return.

    A file that is there already is left alone, so two writers of the same content do not disturb
    each other's readers.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with draft.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(path.parent)
