"""The ``ombud`` command, one noun a file.

Every command has ``--json``. Exit codes: 0 good, 1 failure, 2 usage or malformed input; ``rollout``
answers 10 rolled back, 11 held or timed out, 12 refused. A failure is one message with its remedy on
standard error; a stack trace shows only where ``OMBUD_DEBUG`` is set.

Reading and building work on the stores below ``OMBUD_HOME``; what needs an identity (signing,
acknowledging, rollouts) takes a token from ``OMBUD_TOKEN``.
"""

from ombud_app.cli.entry import main

__all__ = ["main"]
