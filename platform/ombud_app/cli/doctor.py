"""``ombud doctor``: what is missing, and how to mend it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata

import typer

from ombud.errors import OmbudError
from ombud.settings import Settings
from ombud_app.cli.opening import settings_of
from ombud_app.cli.output import AsJson, show, table
from ombud_app.cli.vacancy import port_in_use
from ombud_app.portal.readiness import Part, readiness
from ombud_app.wiring import Platform, open_platform

__all__ = ["NAME", "Finding", "command", "examine"]

NAME = "doctor"

_PACKAGES = ("torch", "numpy", "scikit-learn", "dagster", "mlflow", "evidently", "alibi-detect", "SQLAlchemy")
_LICENCE = (
    "Business Source License 1.1: non-production use is granted; production use needs Seldon's licence. "
    "Ombud's own detectors are the default"
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Args:
        name: What was looked at.
        state: ``good``, ``note`` (nothing to do now) or ``bad``.
        detail: What was found.
        remedy: What to do about it; empty where nothing is.
    """

    name: str
    state: str
    detail: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; a part that fails becomes a finding, not an exception."""
    findings = [_python(), *_packages(), _home(settings)]
    try:
        platform = open_platform(settings)
    except OmbudError as error:
        findings.append(Finding("project and stores", "bad", error.message, error.remedy))
        return [*findings, *_ports(settings, serving=False)]
    findings.append(Finding("project", "good", f"{settings.project_file}: {platform.project.name}"))
    parts = {part.name: part for part in readiness(platform).parts}
    serving = parts["worker"].ok
    findings += [_part(parts[name], needed=True) for name in ("database", "registry")]
    # Where nothing is served, a Dagster that is not there is no surprise; beside a live server it is dead.
    findings += [_part(parts["worker"], needed=False), _part(parts["orchestrator"], needed=serving)]
    return [*findings, _data(platform), *_ports(settings, serving=serving)]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] < (3, 13)
    remedy = "" if fits else "Make the environment with Python 3.11 (`make test` and `make demo` do)."
    return Finding("python", "good" if fits else "bad", version, remedy)


def _packages() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(name, "bad", "not installed", "Run `make test`, which installs it.")
            continue
        if name == "alibi-detect":
            yield Finding(
                name, "note", f"{version}; {_LICENCE}", "Read the README before you go to production."
            )
        else:
            yield Finding(name, "good", version)


def _home(settings: Settings) -> Finding:
    home = settings.home.absolute()
    existing = next(p for p in (home, *home.parents) if p.exists())
    try:
        if not os.access(existing, os.W_OK):
            raise PermissionError(f"{existing} is not writable")
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return Finding("home", "bad", str(error), "Choose a writable directory with OMBUD_HOME.")
    return Finding("home", "good", f"{home}{'' if home.exists() else ' (will be made)'}")


def _part(part: Part, *, needed: bool) -> Finding:
    state = "good" if part.ok else "bad" if needed else "note"
    return Finding(part.name, state, part.detail, part.remedy)


def _data(platform: Platform) -> Finding:
    return _guarded("training data", lambda: ", ".join(platform.data.roles()) or "no split")


def _guarded(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, "good", look())
    except OmbudError as error:
        return Finding(name, "bad", error.message, error.remedy)


def _ports(settings: Settings, *, serving: bool) -> Iterator[Finding]:
    for name, port in (
        ("portal", settings.portal_port),
        ("dagster", settings.dagster_port),
        ("mlflow", settings.mlflow_port),
    ):
        taken = port_in_use(settings.host, port)
        if taken and not serving:
            variable = f"OMBUD_{name.upper()}_PORT"
            yield Finding(f"port {port}", "bad", f"in use; {name} needs it", f"Free it, or set {variable}.")
        else:
            yield Finding(f"port {port}", "good", f"{name} answers there" if taken else f"free for {name}")


def command(context: typer.Context, as_json: AsJson = False) -> None:
    """Examine Python, packages, home, project, stores, servers and ports; exit code 1 for anything bad."""
    findings = examine(settings_of(context))
    rows = [(f.state, f.name, f.detail, f.remedy) for f in findings]
    bad = sum(f.state == "bad" for f in findings)
    closing = f"{bad} of {len(findings)} things need mending." if bad else "Nothing needs mending."
    data = {"ok": not bad, "findings": [asdict(f) for f in findings]}
    show(data, as_json=as_json, text=[table(["is", "what", "found", "remedy"], rows), closing])
    if bad:
        raise typer.Exit(1)
