"""Memory twins of every port: the same contract tests, no disk.

:class:`MemoryUnitOfWork` twins the transactional stores; the twin of another port is in the module
named like it (``memory.clock``, ``memory.data``, ``memory.inference_log``, ...).
"""

from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork

__all__ = ["MemoryUnitOfWork"]
