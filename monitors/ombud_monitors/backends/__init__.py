"""Backends: the only importers of alibi-detect and Evidently.

:func:`ombud_monitors.backends.alibi.second_opinion` runs one of alibi-detect's detectors beside
ours; :func:`ombud_monitors.backends.evidently.report_html` writes an Evidently report. Import the
module you need: importing this package loads neither library.
"""

__all__: list[str] = []
