"""The environment as one frozen object, read once at the edge and passed inwards.

Every variable starts with ``OMBUD_``; nothing else in the house reads the environment.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["LOOPBACK", "Settings"]

LOOPBACK = "127.0.0.1"


class Settings(BaseSettings):
    """Where things are. Everything has an embedded default below ``home``.

    Args:
        home: State of this installation (``OMBUD_HOME``, default ``./.ombud``).
        project: The project file (``OMBUD_PROJECT``, default ``<home>/ombud.yaml``).
        database_url: SQLAlchemy URL (``OMBUD_DATABASE_URL``); name the driver.
        tracking_uri: MLflow tracking and registry (``OMBUD_TRACKING_URI``).
        host: Address that portal, API and gateway bind. Dagster and the MLflow UI know no sign-in, so
            ``ombud up`` keeps them on the loopback address whatever this says.
        portal_port: API, portal and gateway.
        dagster_port: Dagster UI and GraphQL.
        mlflow_port: MLflow UI.
        look_seconds: How often the worker looks at live rollouts when nothing wakes it.

    Example:
        >>> Settings(home=Path("/srv/ombud")).database_url_or_default
        'sqlite:////srv/ombud/ombud.db'
    """

    model_config = SettingsConfigDict(env_prefix="OMBUD_", frozen=True, extra="ignore")

    home: Path = Field(default=Path(".ombud"))
    project: Path | None = None
    database_url: str | None = None
    tracking_uri: str | None = None
    host: str = "127.0.0.1"
    portal_port: int = 8600
    dagster_port: int = 8601
    mlflow_port: int = 8602
    look_seconds: float = 1.0

    @property
    def project_file(self) -> Path:
        """The project file in force."""
        return self.project or self.home / "ombud.yaml"

    @property
    def database_url_or_default(self) -> str:
        """The metadata database: as set, or SQLite below home."""
        return self.database_url or f"sqlite:///{self.home.absolute()}/ombud.db"

    @property
    def tracking_uri_or_default(self) -> str:
        """MLflow's address: as set, or SQLite below home."""
        return self.tracking_uri or f"sqlite:///{self.home.absolute()}/mlflow.db"

    @property
    def mlflow_artifacts(self) -> Path:
        """Local artifact root of the embedded registry."""
        return self.home.absolute() / "mlflow-artifacts"

    @property
    def artifacts(self) -> Path:
        """Content-addressed files."""
        return self.home.absolute() / "artifacts"

    @property
    def inference_log(self) -> Path:
        """Spool and columnar tables of the inference log."""
        return self.home.absolute() / "inference"

    @property
    def dagster_home(self) -> Path:
        """The persistent Dagster instance."""
        return self.home.absolute() / "dagster"

    @property
    def dagster_url(self) -> str:
        """Where Dagster's webserver answers."""
        return f"http://{LOOPBACK}:{self.dagster_port}"

    @property
    def portal_url(self) -> str:
        """Where API, portal and gateway answer."""
        return f"http://{self.host}:{self.portal_port}"

    @property
    def mlflow_url(self) -> str:
        """Where the MLflow UI answers."""
        return f"http://{LOOPBACK}:{self.mlflow_port}"
