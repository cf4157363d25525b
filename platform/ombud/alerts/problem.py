"""A problem: what a rule found, before it is known whether somebody was told already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ombud.domain.alert import Severity
from ombud.domain.modality import Modality
from ombud.domain.verdict import Grade

__all__ = ["Problem", "fingerprint"]


@dataclass(frozen=True)
class Problem:
    """What would become an alert, if none were open for the same thing.

    Args:
        model: Model name.
        version: Version concerned.
        kind: ``drift``, ``rollback``, ``tamper``, ``hold``, ``worker``.
        severity: How loudly it should speak.
        title: One line.
        cause: What moved, from what to what, in sentences.
        evidence: Ids of the verdicts (or rollout events) behind it.
        modality: Modality at the root of it; None where it has none.
        grade: Strongest grade among the evidence; None for other kinds than drift.
        links: Title → address.
        details: Small facts as strings.

    Example:
        >>> Problem("digits", 3, "rollback", Severity.WARNING, "rolled back", "", ()).fingerprint
        'digits/3/rollback/-'
    """

    model: str
    version: int
    kind: str
    severity: Severity
    title: str
    cause: str
    evidence: tuple[str, ...]
    modality: Modality | None = None
    grade: Grade | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """What makes two problems the same one; see :func:`fingerprint`."""
        return fingerprint(self.model, self.version, self.kind, self.modality)


def fingerprint(model: str, version: int, kind: str, modality: Modality | None = None) -> str:
    """``model/version/kind/modality``; a dash where there is no modality.

    Example:
        >>> fingerprint("digits", 1, "drift", Modality("audio"))
        'digits/1/drift/audio'
    """
    return f"{model}/{version}/{kind}/{modality or '-'}"
