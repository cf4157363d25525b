"""One connection to MLflow: imported late, made quiet, its errors translated."""

from __future__ import annotations

import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from ombud.adapters.durable import file_lock
from ombud.errors import BadInput, NewerSchema, NotFound, OmbudError, Unavailable

__all__ = ["Session", "translated"]

_SETTINGS = {
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Its own default of 7 retries with backoff keeps a dead server's caller waiting for minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}
_ARTIFACT_ROOT = "_MLFLOW_SERVER_ARTIFACT_ROOT"
"""What MLflow's own server tells its processes; a database made without it points to ``./mlruns``."""
_GLOBAL_URI = threading.Lock()
_OTHER_SCHEMA = re.compile(r"database schema \(found version (\w+), but expected (\w+)\)")


class Session:
    """A tracking server or database, opened on first use.

    Args:
        tracking_uri: Tracking and registry, e.g. ``sqlite:////srv/mlflow.db`` or ``http://host:5000``.
        artifact_root: Where artifacts go when the URI is a database; a server decides for itself.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path) -> None:
        self.tracking_uri = tracking_uri
        self.artifact_root = artifact_root

    @property
    def serverless(self) -> bool:
        """Whether this process talks to the database itself."""
        return not self.tracking_uri.startswith(("http://", "https://", "databricks"))

    @cached_property
    def client(self) -> Any:
        """An ``MlflowClient``, with its database made and migrated."""
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        # Imported here: it takes 1.5 s, and most commands never need it. After the settings, because
        # MLflow reads some of them at import.
        import mlflow
        from mlflow.utils.logging_utils import disable_logging

        disable_logging()
        # MLflow switches its stream on again in places; its loggers stay at the level they are given.
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", message=r"(?s).*Add type hints to the `predict` method.*")
        warnings.filterwarnings("ignore", message="Unnamed CHECK constraint", module="alembic")
        with translated(f"MLflow at {self.tracking_uri}"), self._first_time():
            client = mlflow.MlflowClient(self.tracking_uri, self.tracking_uri)
            client.search_experiments(max_results=1)
        return client

    @contextmanager
    def as_global(self) -> Iterator[None]:
        """While inside, MLflow's process-wide URI is this session's.

        MLflow resolves ``models:/<id>`` sources through its global URI, whatever the client's is.
        """
        import mlflow

        with _GLOBAL_URI:
            before = os.environ.get("MLFLOW_TRACKING_URI"), mlflow.get_tracking_uri()
            mlflow.set_tracking_uri(self.tracking_uri)
            try:
                yield
            finally:
                mlflow.set_tracking_uri(before[1])
                if before[0] is None:
                    os.environ.pop("MLFLOW_TRACKING_URI", None)

    @contextmanager
    def _first_time(self) -> Iterator[None]:
        # Two processes that migrate one new SQLite file at once leave it half made.
        if not self.tracking_uri.startswith("sqlite:///"):
            yield
            return
        database = Path(self.tracking_uri.removeprefix("sqlite:///"))
        with file_lock(database.with_name(f".{database.name}.lock")), self._rooted():
            yield

    @contextmanager
    def _rooted(self) -> Iterator[None]:
        """While inside, a database that is made keeps the artifacts of its default experiment here.

        Otherwise they would go to the working directory of whichever process came first.
        """
        before = os.environ.get(_ARTIFACT_ROOT)
        os.environ[_ARTIFACT_ROOT] = str(self.artifact_root.absolute())
        try:
            yield
        finally:
            if before is None:
                del os.environ[_ARTIFACT_ROOT]
            else:
                os.environ[_ARTIFACT_ROOT] = before


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn MLflow's exceptions into the house's, naming ``what`` was being done."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except OmbudError:
        raise
    except MlflowException as error:
        code = str(error.error_code)
        first_line = str(error.message).splitlines()[0] if str(error.message) else code
        if code in ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"):
            raise NotFound(f"{what}: {first_line}", remedy="Check name and version.") from error
        if code == "INVALID_PARAMETER_VALUE":
            raise BadInput(f"{what}: {first_line}", remedy="Correct what MLflow names.") from error
        if schema := _OTHER_SCHEMA.search(first_line):
            raise _other_schema(what, *schema.groups()) from error
        raise Unavailable(
            f"{what}: {code}: {first_line}",
            remedy="Check that the MLflow server or database answers and that you may write to it.",
        ) from error
    except (OSError, SQLAlchemyError) as error:
        raise Unavailable(
            f"{what}: {error}", remedy="Check that the MLflow store and its artifact root can be reached."
        ) from error


def _other_schema(what: str, found: str, expected: str) -> OmbudError:
    # MLflow calls any other schema out of date, also one from its own future.
    import mlflow
    from alembic.script import ScriptDirectory

    migrations = Path(mlflow.__file__).parent / "store" / "db_migrations"
    if found in {script.revision for script in ScriptDirectory(str(migrations)).walk_revisions()}:
        return Unavailable(
            f"{what}: expected the schema {expected}, found the older {found}",
            remedy="Back the database up, then run `mlflow db upgrade` with its address.",
        )
    return NewerSchema(
        f"{what}: expected a schema up to {expected}, found {found}: a newer MLflow wrote it",
        remedy="Install the release that wrote it or a later one, or open a backup made before the upgrade.",
    )
