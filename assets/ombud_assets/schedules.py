"""Schedules: what happens without anybody asking."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from ombud_assets.jobs import audit_bias, watch

__all__ = ["daily_watch", "weekly_bias_audit"]


@dg.schedule(
    job=watch,
    cron_schedule="0 1 * * *",
    description="Look at yesterday, every night.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_watch(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """The day that is over.

    Not Dagster's schedule of a partitioned job: that one takes the newest partition, which is today, and
    a window is judged once, so an hour of traffic would stand for the whole day.
    """
    day = f"{context.scheduled_execution_time - timedelta(days=1):%Y-%m-%d}"
    return dg.RunRequest(run_key=day, partition_key=day)


weekly_bias_audit = dg.ScheduleDefinition(
    name="weekly_bias_audit",
    job=audit_bias,
    cron_schedule="0 3 * * 1",
    description="Audit for disparities, every Monday.",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
