"""The inference log on local files.

- :mod:`columns` turns inference records into Arrow batches and back.
- :mod:`spool` is where an append becomes durable: one SQLite file with the batches not yet sealed,
  the idempotency keys of everything ever appended, and the labels.
- :mod:`lake` is where sealed batches live: one Delta table.
- :mod:`log` puts the three behind the port.
"""

from ombud.adapters.inference_log.log import SpooledInferenceLog

__all__ = ["SpooledInferenceLog"]
