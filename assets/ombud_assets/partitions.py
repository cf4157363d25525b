"""How windows are cut: one partition a day, in UTC, today included."""

from __future__ import annotations

import dagster as dg

__all__ = ["DAYS"]

DAYS = dg.DailyPartitionsDefinition(start_date="2025-01-01", end_offset=1)
