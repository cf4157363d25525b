"""What runs in a home: the server, Dagster and the MLflow UI, each kept small and offline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from ombud.settings import LOOPBACK, Settings
from ombud_app.cli.supervisor import Child

__all__ = ["dagster", "environment_of", "mlflow", "server", "write_dagster_yaml"]

_MARK = "# Written by Ombud. Remove this line to keep your own version.\n"

_DAGSTER_YAML = """\
telemetry:
  enabled: false
storage:
  sqlite:
    base_dir: {storage}
# A run whose process was killed must not stay "started" for ever.
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  cancel_timeout_seconds: 60
  max_runtime_seconds: 7200
  poll_interval_seconds: 10
# Two cores are shared with the server; more runs at once would only slow each other down.
run_queue:
  max_concurrent_runs: 2
sensors:
  use_threads: true
  num_workers: 4
schedules:
  use_threads: true
  num_workers: 1
# No invitation to a mailing list before the first look.
nux:
  enabled: false
"""

_WORKSPACE_YAML = """\
load_from:
  - python_module:
      module_name: ombud_assets.definitions
      location_name: ombud
"""
"""As the repository's own: cursors of sensors are kept under the location's name."""


def environment_of(settings: Settings) -> Mapping[str, str]:
    """Environment of every child: the same settings as here, few threads, nothing phones home."""
    places = {
        "OMBUD_HOME": str(settings.home.absolute()),
        "OMBUD_PROJECT": str(settings.project_file.absolute()),
        "OMBUD_DATABASE_URL": settings.database_url_or_default,
        "OMBUD_TRACKING_URI": settings.tracking_uri_or_default,
        "OMBUD_HOST": settings.host,
        "OMBUD_PORTAL_PORT": str(settings.portal_port),
        "OMBUD_DAGSTER_PORT": str(settings.dagster_port),
        "OMBUD_MLFLOW_PORT": str(settings.mlflow_port),
        "OMBUD_LOOK_SECONDS": str(settings.look_seconds),
        "DAGSTER_HOME": str(settings.dagster_home),
    }
    return {
        **places,
        # Several processes share few cores: oversubscribed threads make each of them slower.
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }


def server(settings: Settings) -> Child:
    """Portal, API, gateway and worker in one process."""
    return Child(
        name="portal",
        command=(sys.executable, "-m", "ombud_app.cli.serve"),
        environment=environment_of(settings),
        host=settings.host,
        port=settings.portal_port,
        ready=_answers(f"{settings.portal_url}/ready"),
        url=settings.portal_url,
    )


def dagster(settings: Settings) -> Child:
    """Dagster's webserver, daemon and code location."""
    write_dagster_yaml(settings.dagster_home)
    workspace = settings.dagster_home / "workspace.yaml"
    workspace.write_text(_MARK + _WORKSPACE_YAML, "utf-8")
    host, port = LOOPBACK, str(settings.dagster_port)
    location = ("-w", str(workspace))
    return Child(
        name="dagster",
        command=(sys.executable, "-m", "dagster", "dev", *location, "-h", host, "-p", port),
        environment=environment_of(settings),
        host=LOOPBACK,
        port=settings.dagster_port,
        ready=_daemons_healthy(settings.dagster_url),
        url=settings.dagster_url,
        missed="Nothing is looked at or retrained until it runs again; requests are answered and "
        "rollouts go on.",
    )


def mlflow(settings: Settings) -> Child:
    """The MLflow UI on the same store."""
    store = settings.tracking_uri_or_default
    host, port = LOOPBACK, str(settings.mlflow_port)
    return Child(
        name="mlflow",
        command=(
            *(sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store),
            # Whoever logs a model here writes it where every process of this home can read it; through the
            # server it would get an address that only clients of a server can resolve.
            *("--no-serve-artifacts", "--default-artifact-root", str(settings.mlflow_artifacts)),
            *("--host", host, "--port", port, "--workers", "1"),
        ),
        # Its job runners would be ten more processes that nothing here uses.
        environment={**environment_of(settings), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
        host=LOOPBACK,
        port=settings.mlflow_port,
        ready=_answers(f"{settings.mlflow_url}/health"),
        url=settings.mlflow_url,
        missed="Its pages are away; nothing else needs them.",
    )


def write_dagster_yaml(dagster_home: Path) -> Path:
    """Write the instance's configuration, unless a person has taken it over."""
    dagster_home.mkdir(parents=True, exist_ok=True)
    path = dagster_home / "dagster.yaml"
    if not path.exists() or path.read_text("utf-8").startswith(_MARK):
        path.write_text(_MARK + _DAGSTER_YAML.format(storage=dagster_home / "storage"), "utf-8")
    return path


def _answers(url: str) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            return httpx.get(url, timeout=5, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    return ask


def _daemons_healthy(url: str) -> Callable[[], bool]:
    """The webserver answers before its daemon lives; sensors tick only once both do."""
    query = (
        "{ instance { daemonHealth { allDaemonStatuses { required healthy } } } "
        "workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }"
    )

    def ask() -> bool:
        try:
            answer = httpx.post(f"{url}/graphql", json={"query": query}, timeout=10, trust_env=False)
            data = answer.json()["data"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return False
        if not data:
            return False
        daemons = data["instance"]["daemonHealth"]["allDaemonStatuses"]
        entries = (data["workspaceOrError"] or {}).get("locationEntries", [])
        alive = all(d["healthy"] for d in daemons if d["required"])
        return bool(entries) and alive and all(e["loadStatus"] == "LOADED" for e in entries)

    return ask
