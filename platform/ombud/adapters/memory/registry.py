"""The model registry in a dictionary."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from ombud.adapters.memory.clock import MemoryClock
from ombud.adapters.model_directory import directory_digest, load_directory
from ombud.domain.model_version import Alias, ModelVersion, Submission
from ombud.domain.ports import Clock
from ombud.domain.predictor import Predictor
from ombud.errors import Corrupted, NotFound

__all__ = ["MemoryRegistry"]


@dataclass
class _Held:
    version: ModelVersion
    loader: str
    files: dict[str, bytes]
    metrics: dict[str, float] = field(default_factory=dict)


class MemoryRegistry:
    """Twin of :class:`ombud.adapters.mlflow_registry.MlflowRegistry`; keeps the files' bytes.

    Example:
        >>> MemoryRegistry().alias("digits", Alias.CHAMPION) is None
        True
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or MemoryClock()
        self._held: dict[str, list[_Held]] = {}
        self._aliases: dict[tuple[str, Alias], int] = {}
        self._lock = threading.Lock()

    def register(self, submission: Submission) -> ModelVersion:
        """Keep a version; the same ``orchestrator_run_id`` tag again returns the version it made."""
        run_id = submission.tags.get("orchestrator_run_id", "")
        with self._lock:
            versions = self._held.setdefault(submission.name, [])
            for known in versions:
                if run_id and known.version.tags.get("orchestrator_run_id") == run_id:
                    return known.version
            directory = submission.trained.directory
            number = len(versions) + 1
            made = ModelVersion(
                name=submission.name,
                version=number,
                model_digest=directory_digest(directory),
                run_id=f"{submission.name}-run-{number}",
                source=f"memory:{submission.name}/{number}",
                created_at=self._clock.now(),
                tags=dict(submission.tags),
            )
            files = {
                p.relative_to(directory).as_posix(): p.read_bytes()
                for p in directory.rglob("*")
                if p.is_file()
            }
            versions.append(_Held(made, submission.trained.loader, files, dict(submission.trained.metrics)))
            return made

    def models(self) -> Sequence[str]:
        """Registered model names, sorted."""
        return sorted(self._held)

    def version(self, name: str, version: int) -> ModelVersion:
        """One version. Raises NotFound."""
        return self._find(name, version).version

    def versions(self, name: str) -> Sequence[ModelVersion]:
        """Ascending; empty for an unknown model."""
        return [held.version for held in self._held.get(name, [])]

    def load(self, name: str, version: int) -> Predictor:
        """The version as a predictor. Raises NotFound, or Corrupted when its bytes changed."""
        held = self._find(name, version)
        with TemporaryDirectory(prefix="ombud-memory-") as scratch:
            root = Path(scratch)
            for path, content in held.files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(content)
            found = directory_digest(root)
            if found != held.version.model_digest:
                raise Corrupted(
                    f"model {name} version {version}: expected artifact digest "
                    f"{held.version.model_digest}, got {found}",
                    remedy="Register it again.",
                )
            return load_directory(root, held.loader)

    def alias(self, name: str, alias: Alias) -> int | None:
        """Version behind the alias; None when it points nowhere."""
        return self._aliases.get((name, alias))

    def set_alias(self, name: str, alias: Alias, version: int) -> None:
        """Point the alias at a version. Raises NotFound."""
        self._find(name, version)
        self._aliases[(name, alias)] = version

    def clear_alias(self, name: str, alias: Alias) -> None:
        """Point the alias nowhere."""
        self._aliases.pop((name, alias), None)

    def log_metrics(self, name: str, version: int, metrics: Mapping[str, float]) -> None:
        """Attach numbers to the version. Raises NotFound."""
        self._find(name, version).metrics.update(metrics)

    def metrics(self, name: str, version: int) -> Mapping[str, float]:
        """The numbers attached so far."""
        return dict(self._find(name, version).metrics)

    def tamper(self, name: str, version: int, path: str, content: bytes) -> None:
        """Change one stored file behind the registry's back, as a test of its vigilance."""
        self._find(name, version).files[path] = content

    def _find(self, name: str, version: int) -> _Held:
        held = self._held.get(name, [])
        if not 0 < version <= len(held):
            raise NotFound(
                f"model {name!r} version {version} is not registered",
                remedy="List the versions, and use one of them.",
            )
        return held[version - 1]
