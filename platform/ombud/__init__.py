"""Ombud's core: the domain, its ports, and what stands right behind them.

Nothing in here knows a web framework, an orchestrator or a statistics package.
Start reading at :mod:`ombud.domain`; :mod:`ombud.errors` holds the error tree and
:mod:`ombud.settings` turns the environment into one frozen object.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
