"""The fleet: model versions in memory, each behind its own micro-batcher.

Versions are loaded by a thread of their own, because loading takes seconds and a rollback must not
wait behind it. Whatever a route may fall back to stays loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

import structlog

from ombud.domain.ports import Clock, ModelRegistry
from ombud.errors import Unavailable
from ombud_app.gateway.batching import MicroBatcher
from ombud_app.gateway.problems import Busy

__all__ = ["Fleet"]

_log = structlog.get_logger("ombud.gateway")
_GRACE = timedelta(seconds=30)
_RELOAD = timedelta(seconds=10)
_Key = tuple[str, int]


@dataclass(frozen=True)
class _Broken:
    reason: str
    at: datetime


class Fleet:
    """Loaded versions.

    Args:
        registry: Where versions come from.
        clock: Says when an unused version may go and a broken one is tried again.
    """

    def __init__(self, registry: ModelRegistry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        self._lock = Lock()
        self._ready: dict[_Key, MicroBatcher] = {}
        self._broken: dict[_Key, _Broken] = {}
        self._loading: set[_Key] = set()
        self._last_wanted: dict[_Key, datetime] = {}
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="load-model")

    def want(self, wanted: Iterable[_Key]) -> None:
        """Load what is wanted and not there; let go of what nobody has wanted for a while."""
        now = self._clock.now()
        with self._lock:
            for key in wanted:
                self._last_wanted[key] = now
                broken = self._broken.get(key)
                if broken and now - broken.at < _RELOAD:
                    continue
                if key not in self._ready and key not in self._loading:
                    self._loading.add(key)
                    self._loader.submit(self._load, key)
            for key in [k for k in self._ready if now - self._last_wanted[k] > _GRACE]:
                self._ready.pop(key).close()

    def settled(self, model: str, version: int) -> bool:
        """Whether the version is loaded, or is known not to load."""
        with self._lock:
            return (model, version) in self._ready or (model, version) in self._broken

    def loaded(self, model: str) -> list[int]:
        """Versions of a model in memory, ascending."""
        with self._lock:
            return sorted(v for m, v in self._ready if m == model)

    def get(self, model: str, version: int) -> MicroBatcher:
        """The version's batcher.

        Raises:
            Busy: It is still being loaded; the call has asked for it.
            Unavailable: It cannot be loaded.
        """
        key = (model, version)
        with self._lock:
            ready, broken = self._ready.get(key), self._broken.get(key)
        if ready is not None:
            return ready
        if broken is not None:
            raise Unavailable(
                f"{model} version {version} cannot be loaded: {broken.reason}",
                remedy="Load it with `ombud models evaluate`; roll back to a version that loads.",
            )
        self.want([key])
        raise Busy(
            f"{model} version {version} is being loaded", remedy="Try again in a moment.", retry_after=2
        )

    def close(self) -> None:
        """End every thread."""
        self._loader.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for batcher in self._ready.values():
                batcher.close()
            self._ready.clear()

    def _load(self, key: _Key) -> None:
        model, version = key
        try:
            loaded = MicroBatcher(self._registry.load(model, version), f"{model}/{version}")
        except Exception as failure:
            reason = f"{type(failure).__name__}: {failure}"
            _log.error("model not loaded", model=model, version=version, reason=reason)
            with self._lock:
                self._broken[key] = _Broken(reason, self._clock.now())
                self._loading.discard(key)
            return
        with self._lock:
            self._ready[key] = loaded
            self._broken.pop(key, None)
            self._loading.discard(key)
