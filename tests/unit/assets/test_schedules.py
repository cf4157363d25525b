"""Schedules: which day is looked at."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from ombud_assets.schedules import daily_watch


def test_the_nightly_look_is_at_the_day_that_is_over() -> None:
    """A window is judged once, so the day that has just begun must not be the one."""
    tick = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 3, 5, 1, tzinfo=UTC))
    request = daily_watch(tick)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == request.run_key == "2026-03-04"
