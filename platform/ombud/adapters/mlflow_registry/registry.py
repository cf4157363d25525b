"""The model registry port on MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote, urlparse

from ombud.adapters.durable import file_lock
from ombud.adapters.mlflow_model import Declared, load_model_directory
from ombud.adapters.mlflow_registry.logging_run import log_submission
from ombud.adapters.mlflow_registry.session import Session, translated
from ombud.adapters.model_directory import directory_digest
from ombud.domain.model_version import Alias, ModelVersion, Submission
from ombud.domain.predictor import Predictor
from ombud.errors import Corrupted, NotFound

__all__ = ["MlflowRegistry"]

_DIGEST_TAG = "ombud.model_digest"
_RUN_TAG = "orchestrator_run_id"


class MlflowRegistry:
    """Model versions in MLflow: a SQLite file with a local artifact root, or any tracking server.

    Versions that somebody else registered are first-class: their digest is computed when they are
    first seen and kept as the tag ``ombud.model_digest``.

    Args:
        tracking_uri: Tracking and registry URI.
        artifact_root: Local artifact root; also holds the lock that makes registration idempotent.
        declared: Model name → what the project file says, for versions whose tags, metadata and
            signature do not say which labels and modalities they have.

    Limits: registration is idempotent among the processes of one machine; two machines that register
    the same ``orchestrator_run_id`` at once on one server may make two versions.
    """

    def __init__(
        self, tracking_uri: str, artifact_root: Path, *, declared: Mapping[str, Declared] | None = None
    ) -> None:
        self._session = Session(tracking_uri, artifact_root)
        self._declared = dict(declared or {})

    def register(self, submission: Submission) -> ModelVersion:
        """Log and register; the same ``orchestrator_run_id`` tag again returns the version it made.

        Raises:
            Unavailable: MLflow does not answer, or the artifact root cannot be written.
        """
        client = self._session.client
        with (
            translated(f"registering model {submission.name!r}"),
            file_lock(self._session.artifact_root / ".register.lock"),
        ):
            run_id = submission.tags.get(_RUN_TAG, "")
            for known in self._found(submission.name) if run_id else ():
                if known.tags.get(_RUN_TAG) == run_id:
                    return self._domain(known)
            logged = log_submission(self._session, submission)
            self._ensure_model(submission.name)
            tags = {
                **submission.tags,
                "ombud.labels": json.dumps(submission.labels, ensure_ascii=False),
                "ombud.modalities": json.dumps(submission.modalities),
                "ombud.loader": submission.trained.loader,
                _DIGEST_TAG: logged.digest,
            }
            with self._session.as_global():
                made = client.create_model_version(
                    submission.name,
                    f"models:/{logged.model_id}",
                    run_id=logged.run_id,
                    tags=tags,
                    model_id=logged.model_id,
                )
            link = json.dumps([{"name": submission.name, "version": int(made.version)}])
            client.set_logged_model_tags(logged.model_id, {"mlflow.modelVersions": link})
            return self._domain(made)

    def models(self) -> Sequence[str]:
        """Registered model names, sorted."""
        client = self._session.client
        with translated("listing models"):
            return sorted(model.name for model in _pages(client.search_registered_models))

    def version(self, name: str, version: int) -> ModelVersion:
        """One version, with its digest. Raises NotFound."""
        with translated(f"model {name!r} version {version}"):
            return self._domain(self._session.client.get_model_version(name, str(version)))

    def versions(self, name: str) -> Sequence[ModelVersion]:
        """Ascending; empty for an unknown model.

        A foreign version whose artifacts are gone is listed with an empty digest.
        """
        with translated(f"versions of model {name!r}"):
            listed = [self._domain(found, strict=False) for found in self._found(name)]
        return sorted(listed, key=lambda item: item.version)

    def load(self, name: str, version: int) -> Predictor:
        """The version as a predictor, after its artifact was checked against its digest.

        Raises:
            NotFound: No such version, no artifacts, or a foreign model without labels.
            Corrupted: The artifact no longer matches the digest that approvals were given for.
            BadInput: The model cannot be loaded here.
        """
        known = self.version(name, version)
        described = f"{name} version {version}"
        with translated(f"loading model {described}"):
            directory = self._local(name, version)
            found = directory_digest(directory)
            if found != known.model_digest:
                raise Corrupted(
                    f"model {described}: expected artifact digest {known.model_digest}, got {found}",
                    remedy=f"Restore {known.source} from a backup, or register the model again and have it "
                    "approved again.",
                )
            return load_model_directory(
                directory, name=described, tags=known.tags, declared=self._declared.get(name)
            )

    def alias(self, name: str, alias: Alias) -> int | None:
        """Version behind the alias; None when it points nowhere, or the model is unknown."""
        try:
            with translated(f"model {name!r}"):
                aliases = self._session.client.get_registered_model(name).aliases
        except NotFound:
            return None
        pointed = aliases.get(alias.value)
        return None if pointed is None else int(pointed)

    def set_alias(self, name: str, alias: Alias, version: int) -> None:
        """Point the alias at a version; doing it again changes nothing. Raises NotFound."""
        client = self._session.client
        with translated(f"alias {alias.value} of model {name!r} to version {version}"):
            client.get_model_version(name, str(version))
            if self.alias(name, alias) != version:
                client.set_registered_model_alias(name, alias.value, str(version))

    def clear_alias(self, name: str, alias: Alias) -> None:
        """Point the alias nowhere; doing it again changes nothing."""
        if self.alias(name, alias) is not None:
            with translated(f"alias {alias.value} of model {name!r}"):
                self._session.client.delete_registered_model_alias(name, alias.value)

    def log_metrics(self, name: str, version: int, metrics: Mapping[str, float]) -> None:
        """Attach numbers to the version's run; a version without a run gets them as tags.

        Raises:
            NotFound: There is no such version.
        """
        client = self._session.client
        with translated(f"metrics of model {name!r} version {version}"):
            found = client.get_model_version(name, str(version))
            model_id = urlparse(found.source or "").path.strip("/") if _is_model_uri(found.source) else None
            for key, value in metrics.items():
                if found.run_id:
                    client.log_metric(found.run_id, key, float(value), model_id=model_id)
                else:
                    client.set_model_version_tag(
                        name, str(version), f"ombud.metric.{key}", repr(float(value))
                    )

    def _ensure_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._session.client.create_registered_model(name)
        except MlflowException as error:
            if str(error.error_code) != "RESOURCE_ALREADY_EXISTS":
                raise

    def _found(self, name: str) -> list[Any]:
        quoted = name.replace("'", "''")
        client = self._session.client
        return list(_pages(client.search_model_versions, filter_string=f"name='{quoted}'"))

    def _domain(self, found: Any, *, strict: bool = True) -> ModelVersion:
        number = int(found.version)
        tags = dict(found.tags or {})
        digest = tags.get(_DIGEST_TAG)
        if digest is None:
            digest = self._first_sight(str(found.name), number, strict=strict)
            tags[_DIGEST_TAG] = digest
        return ModelVersion(
            name=str(found.name),
            version=number,
            model_digest=digest,
            run_id=found.run_id or "",
            source=found.source or "",
            created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
            tags=tags,
        )

    def _first_sight(self, name: str, version: int, *, strict: bool) -> str:
        try:
            digest = directory_digest(self._local(name, version))
        except NotFound:
            if strict:
                raise
            return ""
        self._session.client.set_model_version_tag(name, str(version), _DIGEST_TAG, digest)
        return digest

    def _local(self, name: str, version: int) -> Path:
        uri = self._session.client.get_model_version_download_uri(name, str(version))
        parsed = urlparse(uri)
        if parsed.scheme in ("", "file"):
            return Path(unquote(parsed.path))
        return self._download(uri, name, version)

    def _download(self, uri: str, name: str, version: int) -> Path:
        import mlflow.artifacts

        target = self._session.artifact_root / ".downloads" / name / str(version)
        with file_lock(target.with_name(f"{version}.lock")):
            if not target.exists():
                with (
                    TemporaryDirectory(dir=target.parent) as scratch,
                    self._session.as_global(),
                ):
                    fetched = Path(mlflow.artifacts.download_artifacts(uri, dst_path=scratch))
                    fetched.rename(target)
        return target


def _is_model_uri(source: str | None) -> bool:
    return (source or "").startswith("models:/m-")


def _pages(search: Any, **arguments: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(page_token=token, **arguments)
        yield from page
        token = page.token
        if not token:
            return
