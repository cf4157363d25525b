"""Performance: how well the model does, measured where truth is known, estimated where it is not.

:mod:`estimated` turns scores into expected accuracy, :mod:`measured` counts errors against truth,
:mod:`evaluation` is the full report on a labelled data set.
"""

from ombud_monitors.performance.estimated import Calibration, confidence, support
from ombud_monitors.performance.measured import errors

__all__ = ["Calibration", "confidence", "errors", "support"]
