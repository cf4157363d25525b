"""Floors: the least that a test can cost on this machine, from rates measured on it.

Nobody can beat the machine: a ratio to a peer says who is faster, a ratio to the floor says how much is left.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ombud_monitors.evaluate.scaling import Size

__all__ = ["Gpu", "Machine", "floors", "gpu", "machine"]

_GEMM = 2048
"""Side of the matrices multiplied: they fill a second-level cache and more, as blocks of a kernel do."""
_COPY = 64 * 2**20
"""Bytes copied: more than a third-level cache holds."""
_BEST_OF = 5


@dataclass(frozen=True)
class Machine:
    """What this machine does in a second of CPU time.

    Args:
        gemm: Floating-point operations of single-precision matrix products.
        bandwidth: Bytes moved by a copy, read and written.
        exponentials: Single-precision exponentials.
    """

    gemm: float
    bandwidth: float
    exponentials: float

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Gpu:
    """A GPU that torch can use.

    Args:
        name: Its name.
        gemm: Floating-point operations a second of single-precision matrix products on it.
    """

    name: str
    gemm: float


def machine() -> Machine:
    """Measure the rates: the best of five, per second of CPU time over all threads.

    Limits: a shared machine is faster in one second than in the next; compare figures of one run only.
    """
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, _GEMM, _GEMM)).astype(np.float32)
    out, moved = np.empty_like(a), np.zeros(_COPY // 4, np.float32)
    target = np.empty_like(moved)
    return Machine(
        gemm=2 * _GEMM**3 / _least(lambda: np.matmul(a, b, out=out)),
        bandwidth=2 * _COPY / _least(lambda: np.copyto(target, moved)),
        exponentials=a.size / _least(lambda: np.exp(a, out=out)),
    )


def gpu() -> Gpu | None:
    """The GPU that torch would use, with its rate; None where there is none."""
    # Lazily: torch takes seconds to import, and only who measures speed asks.
    import torch

    if not torch.cuda.is_available():
        return None
    a, b = torch.randn(2, 4 * _GEMM, 4 * _GEMM, device="cuda")
    torch.matmul(a, b)
    torch.cuda.synchronize()
    started = time.perf_counter()
    torch.matmul(a, b)
    torch.cuda.synchronize()
    return Gpu(torch.cuda.get_device_name(), 2 * (4 * _GEMM) ** 3 / (time.perf_counter() - started))


def floors(
    size: Size, rates: Machine, *, permutations: int, features: int, number_bytes: int = 4
) -> dict[str, float]:
    """CPU seconds below which a test of two windows of ``n`` rows each cannot come by these methods.

    With ``N = 2 n`` pooled rows, ``B`` permutations and ``F`` random features:

    - ``mmd``: half of a symmetric kernel, ``N^2 d`` operations; half of its product with all permutations,
      ``N^2 B``; ``N^2 / 2`` exponentials;
    - ``random features``: ``N d F`` operations for ``F / 2`` frequencies, ``2 N F B`` for the permutations,
      and ``N F`` cosines and sines at the rate of exponentials;
    - ``columns``: reading the current window once; all that is known of the reference fits the cache.

    Args:
        size: ``(n, d)``.
        rates: What the machine does.
        permutations: ``B``.
        features: ``F``.
        number_bytes: Bytes of a number.

    Example:
        >>> rates = Machine(gemm=1e11, bandwidth=1e10, exponentials=1e9)
        >>> {k: round(v, 3) for k, v in floors((10_000, 512), rates, permutations=100, features=256).items()}
        {'mmd': 2.648, 'random features': 0.042, 'columns': 0.002}
    """
    n, d = size
    pooled = 2 * n
    return {
        "mmd": pooled**2 * (d + permutations) / rates.gemm + pooled**2 / 2 / rates.exponentials,
        "random features": pooled * features * (d + 2 * permutations) / rates.gemm
        + pooled * features / rates.exponentials,
        "columns": n * d * number_bytes / rates.bandwidth,
    }


def _least(call: Callable[[], object]) -> float:
    call()
    spent = []
    for _ in range(_BEST_OF):
        started = time.process_time()
        call()
        spent.append(time.process_time() - started)
    return max(min(spent), 1e-9)
