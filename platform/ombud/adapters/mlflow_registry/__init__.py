"""The model registry on MLflow.

- :mod:`session` imports and quietens MLflow, opens the stores, and translates its errors.
- :mod:`logging_run` writes one submission as a run with a logged model.
- :mod:`registry` is the port.
"""

from ombud.adapters.mlflow_registry.registry import MlflowRegistry

__all__ = ["MlflowRegistry"]
