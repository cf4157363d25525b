"""The audit: every check over every split, gravest finding first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ombud.domain.modality import Modality
from ombud.domain.sample import Dataset
from ombud_monitors.clusters import ClusterNames
from ombud_monitors.data_quality.finding import DataAudit, Severity
from ombud_monitors.data_quality.groups import groups_findings
from ombud_monitors.data_quality.labels import label_findings
from ombud_monitors.data_quality.media import media_findings
from ombud_monitors.data_quality.repetition import repetition_findings
from ombud_monitors.data_quality.separation import separation_findings

__all__ = ["audit"]

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def audit(
    splits: Mapping[str, Dataset],
    *,
    modalities: Sequence[Modality],
    labels: Sequence[str],
    clusters: ClusterNames,
    attributes: Sequence[str] = (),
    smallest_group: int = 30,
) -> DataAudit:
    """Look for what would spoil training or judging a model on these splits.

    Args:
        splits: Name (``train``, ``val``, ``test``, ...) → data set.
        modalities: Modalities that the model reads.
        labels: The task's classes.
        clusters: Modality → attribute that names the repeating unit; splits must not share any.
        attributes: Protected attributes, whose small groups are reported.
        smallest_group: Groups with fewer rows than this cannot be audited for disparity.

    Returns:
        Findings, errors first. Codes: ``split.shared_cluster``, ``duplicate.across``,
        ``duplicate.within``, ``duplicate.contradiction``, ``row.duplicate_id``, ``row.no_modality``,
        ``media.undecodable``, ``text.empty``, ``label.missing``, ``label.unknown``,
        ``label.absent``, ``group.small``, ``group.missing``, ``split.empty``.

    Limits: only exact duplicates are found; a re-encoded copy of a file passes.

    Example:
        >>> from ombud.domain.sample import Sample
        >>> def one(name, label, who):
        ...     return Dataset(name, (Sample(name, {"text": name}, label, {"writer_id": who}),))
        >>> splits = {"train": one("a", "x", "anna"), "test": one("b", "x", "anna")}
        >>> found = audit(splits, modalities=["text"], labels=["x"], clusters={"text": "writer_id"})
        >>> found.passed, [f.code for f in found.blocking]
        (False, ['split.shared_cluster'])
    """
    found = [
        *separation_findings(splits, clusters),
        *repetition_findings(splits, modalities),
        *media_findings(splits, modalities),
        *label_findings(splits, labels),
        *groups_findings(splits, attributes, smallest_group),
    ]
    return DataAudit(tuple(sorted(found, key=lambda f: (_ORDER.index(f.severity), f.code))))
