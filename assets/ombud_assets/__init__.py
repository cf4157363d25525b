"""The Dagster face of Ombud: the same services, as assets with lineage, checks and sensors.

``definitions`` assembles and does nothing else; every other module is named by its role. Steps are
coarse, and every effect of a step is idempotent, because a killed run's orphan step may finish too.
"""

__all__: list[str] = []
