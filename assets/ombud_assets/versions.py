"""Which model version a step is about."""

import dagster as dg

from ombud.errors import NotFound
from ombud_app.wiring import Platform

__all__ = ["VersionConfig", "version_of"]


class VersionConfig(dg.Config):
    """Configuration of steps that look at one version.

    Args:
        version: Model version; 0 means the one this run made, else the newest.
    """

    version: int = 0


def version_of(platform: Platform, context: dg.AssetExecutionContext, config: VersionConfig) -> int:
    """The version meant by ``config``.

    Raises:
        NotFound: There is no version at all.
    """
    if config.version:
        return platform.registry.version(platform.project.name, config.version).version
    versions = platform.registry.versions(platform.project.name)
    made_here = [v for v in versions if v.tags.get("orchestrator_run_id") == context.run_id]
    if not (made_here or versions):
        raise NotFound(f"{platform.project.name} has no version yet", remedy="Materialise `candidate` first.")
    return (made_here or list(versions))[-1].version
