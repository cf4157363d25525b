"""Windows: the stretches of production traffic that are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Window"]


@dataclass(frozen=True)
class Window:
    """One look at one version's traffic, ``start <= time < end``.

    Args:
        window_id: ``model/version/partition`` — re-running the same partition is the same window.
        model: Model name.
        version: Version that answered.
        partition: Partition key, an ISO date for daily windows.
        start: Inclusive (aware, UTC).
        end: Exclusive (aware, UTC).
        n: Requests in it.
        labelled: How many of them had a label when the window was looked at.
        created_at: When it was looked at.
        links: Title → address of reports about it (Evidently report, Dagster run).
    """

    window_id: str
    model: str
    version: int
    partition: str
    start: datetime
    end: datetime
    n: int
    labelled: int
    created_at: datetime
    links: Mapping[str, str] = field(default_factory=dict)
