"""The report of a bias audit, as frozen dataclasses that become the BIAS_AUDIT document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ombud_monitors.number import Number

__all__ = ["AttributeAudit", "BiasAudit", "Disparity", "GroupMetrics", "Status"]


class Status(StrEnum):
    """How the question "is there a disparity?" ended."""

    FINDING = "finding"
    NO_FINDING = "no_finding"
    """The data cannot tell the disparity from chance; that is not proof that there is none."""
    NOT_APPLICABLE = "not_applicable"
    """The audit declined; the reason says how many rows or units would do."""


@dataclass(frozen=True)
class GroupMetrics:
    """Disaggregated metrics of one group.

    Args:
        group: Value of the attribute.
        n: Labelled rows.
        clusters: Distinct repeating units; None where rows were taken as independent.
        metrics: ``accuracy``, ``error_rate``, ``macro_recall``.
    """

    group: str
    n: int
    clusters: int | None
    metrics: Mapping[str, Number]

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        numbers = {name: number.to_json() for name, number in self.metrics.items()}
        return {"group": self.group, "n": self.n, "clusters": self.clusters, "metrics": numbers}


@dataclass(frozen=True)
class Disparity:
    """One disparity between the groups of an attribute.

    Args:
        metric: ``accuracy``, ``demographic_parity`` or ``equalized_odds``.
        kind: ``difference`` or ``ratio``.
        value: The disparity with its interval.
        status: How the question ended.
        reason: Between which groups, or why not applicable.
        p_value: Permutation p-value before the correction for multiple questions.
        adjusted: Holm's adjusted p-value; at or below the level it is a finding.
    """

    metric: str
    kind: str
    value: Number
    status: Status
    reason: str
    p_value: float | None = None
    adjusted: float | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "metric": self.metric,
            "kind": self.kind,
            "value": self.value.to_json(),
            "status": str(self.status),
            "reason": self.reason,
            "p_value": None if self.p_value is None else round(self.p_value, 6),
            "adjusted_p_value": None if self.adjusted is None else round(self.adjusted, 6),
        }


@dataclass(frozen=True)
class AttributeAudit:
    """Everything about one attribute, or one intersection of attributes.

    Args:
        attribute: Name; an intersection is ``a × b``.
        cluster: Attribute that named the resampled unit; None for rows.
        groups: Disaggregated metrics.
        disparities: Disparities between the groups.
        unrecorded: Rows without a value, left out.
    """

    attribute: str
    cluster: str | None
    groups: tuple[GroupMetrics, ...]
    disparities: tuple[Disparity, ...]
    unrecorded: int = 0

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "attribute": self.attribute,
            "cluster": self.cluster,
            "groups": [group.to_json() for group in self.groups],
            "disparities": [disparity.to_json() for disparity in self.disparities],
            "unrecorded": self.unrecorded,
        }


@dataclass(frozen=True)
class BiasAudit:
    """The audit of one version on one data set.

    Args:
        attributes: One entry per attribute and intersection.
        level: Chance of any false finding in the whole audit.
        resamples: Bootstrap replicates, and at least as many permutations.
        method: How it was done, in words, for the card.
    """

    attributes: tuple[AttributeAudit, ...]
    level: float
    resamples: int
    method: str

    @property
    def findings(self) -> tuple[tuple[str, Disparity], ...]:
        """Attribute and disparity of every finding."""
        return tuple(
            (audited.attribute, d)
            for audited in self.attributes
            for d in audited.disparities
            if d.status is Status.FINDING
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "attributes": [audited.to_json() for audited in self.attributes],
            "level": self.level,
            "resamples": self.resamples,
            "method": self.method,
        }
