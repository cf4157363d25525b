"""Performance: how well the model does, measured where truth is known, estimated where it is not.

:mod:`estimated` turns confidence into expected accuracy, :mod:`measured` counts errors against truth,
:mod:`evaluation` is the full report on a labelled data set.
"""

from ombud_monitors.performance.estimated import Calibration, confidence, estimated_accuracy
from ombud_monitors.performance.measured import errors

__all__ = ["Calibration", "confidence", "errors", "estimated_accuracy"]
