"""Compiled loops: Python functions over arrays that become machine code when they are first called.

What numpy does to a window in eight passes takes one here. numba is imported at the first call, so that
importing this package stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal

__all__ = ["WANTED", "compiled"]

WANTED: tuple[Literal["C"], Literal["A"], Literal["W"]] = ("C", "A", "W")
"""What ``np.require`` shall make of arrays for a loop, so that it is compiled for one layout only."""


@cache
def compiled(loop: Callable[..., None]) -> Callable[..., None]:
    """``loop`` as machine code: one thread, without the interpreter's lock, rounding as numpy does.

    The first call in an installation compiles, .2 to .5 CPU seconds for each loop and type of number, and
    keeps the result beside the module or, where that is read-only, in the user's cache (the environment
    variable ``NUMBA_CACHE_DIR`` moves it). The first call in a process imports numba and loads what
    was kept, .3 s in all. Where no folder can be written, every process compiles.

    Args:
        loop: Writes into arrays that it is given, of the same types each time.

    Source: Lam, Pitrou & Seibert, "Numba: a LLVM-based Python JIT compiler", LLVM-HPC (2015).
    Limits: indices are not checked; another type, order or writability of an array compiles again.

    Example:
        >>> import numpy as np
        >>> def doubled(values):
        ...     for i in range(len(values)):
        ...         values[i] *= 2
        >>> held = np.array([1.0, 2.0])
        >>> compiled(doubled)(held)
        >>> held.tolist()
        [2.0, 4.0]
    """
    # Lazily: numba takes .3 s, which who only imports detectors should not pay.
    import numba

    # Divided as numpy divides: Python's check for zero would keep a loop from being vectorised.
    settings: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        made = numba.njit(loop, cache=True, **settings)
    except RuntimeError:
        # No folder for what is compiled, or no file that the loop came from.
        made = numba.njit(loop, **settings)
    return made  # type: ignore[no-any-return]
