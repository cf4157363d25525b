"""The Dagster face of wiring."""

from functools import lru_cache
from typing import Any

import dagster as dg

from ombud.settings import Settings
from ombud_app.wiring import Platform, open_platform

__all__ = ["PlatformResource"]


@lru_cache(maxsize=1)
def _platform(settings: Settings) -> Platform:
    return open_platform(settings)


class PlatformResource(dg.ConfigurableResource[Any]):
    """Opens the platform once per process, from the environment (``OMBUD_*``)."""

    def open(self) -> Platform:
        """Every port and service; raises what :func:`open_platform` raises."""
        return _platform(Settings())
