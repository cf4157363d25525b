"""Calibration: whether a confidence of 0.8 is right eight times in ten.

:func:`reliability` is the table behind a reliability diagram; :func:`expected_calibration_error`
summarises it in one number with an interval.
"""

from ombud_monitors.calibration.error import expected_calibration_error
from ombud_monitors.calibration.reliability import Bin, reliability

__all__ = ["Bin", "expected_calibration_error", "reliability"]
