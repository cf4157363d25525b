"""Opening the platform: which adapter stands behind which port."""

from __future__ import annotations

from pathlib import Path

from ombud.adapters.clock import SystemClock
from ombud.adapters.dagster_graphql import DagsterOrchestrator
from ombud.adapters.files import FileArtifactStore
from ombud.adapters.ids import TimeOrderedIds
from ombud.adapters.inference_log import SpooledInferenceLog
from ombud.adapters.mlflow_model import Declared
from ombud.adapters.mlflow_registry import MlflowRegistry
from ombud.adapters.notifiers import AppriseNotifier, ConsoleNotifier, FileNotifier, WebhookNotifier
from ombud.adapters.parquet_data import ParquetDataSource
from ombud.adapters.sql import SqlUnitOfWork
from ombud.domain.modality import Modality
from ombud.domain.ports import Notifier
from ombud.project import load_project
from ombud.project.schema import Notification
from ombud.settings import Settings
from ombud_app.wiring.platform import Platform
from ombud_monitors.sequential import RolloutProcesses

__all__ = ["open_platform"]


def open_platform(settings: Settings) -> Platform:
    """Open every port below ``settings.home`` (or wherever the settings point).

    Raises:
        NotFound: There is no project file.
        BadInput: The project file is wrong.
        NewerSchema: The home was written by a newer release.
    """
    project = load_project(settings.project_file)
    settings.home.mkdir(parents=True, exist_ok=True)
    here = settings.project_file.parent.absolute()
    modalities = tuple(Modality(m) for m in project.modalities)
    return Platform(
        settings=settings,
        project=project,
        clock=SystemClock(),
        ids=TimeOrderedIds(),
        uow=SqlUnitOfWork(settings.database_url_or_default),
        registry=MlflowRegistry(
            settings.tracking_uri_or_default,
            settings.mlflow_artifacts,
            declared={project.name: Declared(project.task.labels, modalities)},
        ),
        log=SpooledInferenceLog(settings.inference_log),
        artifacts=FileArtifactStore(settings.artifacts),
        data=ParquetDataSource(
            here / project.data.training,
            here / project.data.labelled if project.data.labelled else None,
            labels=project.task.labels,
            modalities=modalities,
            synthetic=project.data.synthetic,
            provenance=project.data.provenance,
            licence=project.data.licence,
        ),
        orchestrator=DagsterOrchestrator(settings.dagster_url),
        notifiers=tuple(_notifier(n, here) for n in project.notifications),
        processes=RolloutProcesses(),
    )


def _notifier(route: Notification, here: Path) -> Notifier:
    match route.type:
        case "console":
            return ConsoleNotifier()
        case "file":
            return FileNotifier(here / (route.target or "alerts.jsonl"))
        case "webhook":
            return WebhookNotifier(route.target)
        case "apprise":
            return AppriseNotifier(route.target)
