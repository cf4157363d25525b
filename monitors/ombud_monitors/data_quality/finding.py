"""Findings: what an audit of data says, one kind of defect at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["DataAudit", "Finding", "Severity"]

_EXAMPLES = 5


class Severity(StrEnum):
    """How much a finding matters; only an error blocks."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One kind of defect.

    Args:
        code: Stable name, e.g. ``split.shared_cluster``.
        severity: How much it matters.
        title: What was found, where, in one sentence.
        count: How many rows or units it concerns.
        examples: A few ids of rows or units.
        remedy: What to do about it.
    """

    code: str
    severity: Severity
    title: str
    count: int
    examples: tuple[str, ...]
    remedy: str

    @classmethod
    def of(cls, code: str, severity: Severity, title: str, ids: Iterable[str], remedy: str) -> Finding:
        """A finding about these ids; the first few in order become its examples."""
        listed = list(ids)
        return cls(code, severity, title, len(listed), tuple(listed[:_EXAMPLES]), remedy)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "title": self.title,
            "count": self.count,
            "examples": list(self.examples),
            "remedy": self.remedy,
        }


@dataclass(frozen=True)
class DataAudit:
    """All findings about one data set, gravest first.

    Example:
        >>> DataAudit(()).passed
        True
    """

    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The errors."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    @property
    def passed(self) -> bool:
        """Whether there is no error."""
        return not self.blocking

    def to_json(self) -> dict[str, Any]:
        """A JSON object: ``findings`` and ``passed``."""
        return {"findings": [f.to_json() for f in self.findings], "passed": self.passed}
