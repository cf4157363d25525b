"""Where model versions live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ombud.domain.model_version import Alias, ModelVersion, Submission
from ombud.domain.predictor import Predictor

__all__ = ["ModelRegistry"]


class ModelRegistry(Protocol):
    """Registered models and their aliases. Aliases have no history here: the ledger is the history."""

    def register(self, submission: Submission) -> ModelVersion:
        """Log and register. The same ``orchestrator_run_id`` tag again returns the version it made."""
        ...

    def models(self) -> Sequence[str]: ...
    def version(self, name: str, version: int) -> ModelVersion:
        """Raises NotFound."""
        ...

    def versions(self, name: str) -> Sequence[ModelVersion]:
        """Ascending; empty for an unknown model."""
        ...

    def load(self, name: str, version: int) -> Predictor:
        """Raises NotFound, or Corrupted when the artifact no longer matches its digest."""
        ...

    def alias(self, name: str, alias: Alias) -> int | None:
        """Version behind the alias; None when it points nowhere."""
        ...

    def set_alias(self, name: str, alias: Alias, version: int) -> None: ...
    def clear_alias(self, name: str, alias: Alias) -> None: ...
    def log_metrics(self, name: str, version: int, metrics: Mapping[str, float]) -> None:
        """Attach numbers to the version's tracking run."""
        ...
