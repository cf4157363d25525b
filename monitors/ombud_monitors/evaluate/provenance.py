"""Provenance: what a measurement was made with, so that another one can be compared with it."""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from importlib import metadata, resources
from typing import Any

__all__ = ["THREAD_VARIABLES", "code_digest", "environment"]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What limits the threads of linear algebra; read when numpy is imported."""

_PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "alibi-detect", "evidently")


def environment() -> dict[str, Any]:
    """Python, libraries, processor and threads, as a JSON object.

    ``threads`` is the first of :data:`THREAD_VARIABLES` that is set; null means one per core.

    Example:
        >>> sorted(environment())
        ['code', 'cores', 'machine', 'packages', 'python', 'threads']
    """
    threads = next((os.environ[name] for name in THREAD_VARIABLES if os.environ.get(name)), None)
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": int(threads) if threads is not None and threads.isdigit() else None,
        "code": code_digest(),
    }


@cache
def code_digest() -> str:
    """``sha256:<hex>`` over all modules of :mod:`ombud_monitors`: figures of other code are not mixed in.

    Example:
        >>> code_digest().startswith("sha256:")
        True
    """
    total = hashlib.sha256()
    root = resources.files("ombud_monitors")
    with resources.as_file(root) as folder:
        for path in sorted(folder.rglob("*.py")):
            total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return f"sha256:{total.hexdigest()}"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
