"""Schedules: what happens without anybody asking."""

from __future__ import annotations

import dagster as dg

from ombud_assets.jobs import audit_bias, watch

__all__ = ["daily_watch", "weekly_bias_audit"]

daily_watch = dg.build_schedule_from_partitioned_job(
    watch,
    name="daily_watch",
    hour_of_day=1,
    description="Look at yesterday, every night.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)

weekly_bias_audit = dg.ScheduleDefinition(
    name="weekly_bias_audit",
    job=audit_bias,
    cron_schedule="0 3 * * 1",
    description="Audit for disparities, every Monday.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
