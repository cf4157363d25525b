"""Data quality: whether the data may be trusted to train and to judge a model, and what it is.

:func:`audit` looks for what spoils a result (people shared by splits, leaked media, undecodable
files, bad labels) and :func:`data_sheet` writes down what is there.
"""

from ombud_monitors.data_quality.audit import audit
from ombud_monitors.data_quality.finding import DataAudit, Finding, Severity
from ombud_monitors.data_quality.sheet import data_sheet

__all__ = ["DataAudit", "Finding", "Severity", "audit", "data_sheet"]
