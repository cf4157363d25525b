"""Fairness: disaggregated metrics and disparities between groups.

Words as Fairlearn uses them: a *disaggregated metric* is a metric per group; a *disparity* is its
difference or ratio between groups. An audit finds a disparity, or finds none that the data can tell
from chance, or declines; it never certifies the absence of bias. :func:`audit` is the way in.
"""

from ombud_monitors.fairness.audit import audit
from ombud_monitors.fairness.report import AttributeAudit, BiasAudit, Disparity, GroupMetrics, Status

__all__ = ["AttributeAudit", "BiasAudit", "Disparity", "GroupMetrics", "Status", "audit"]
