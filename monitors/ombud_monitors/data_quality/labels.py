"""Labels: missing, unknown, and classes that a split lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ombud.domain.sample import Dataset
from ombud_monitors.data_quality.finding import Finding, Severity

__all__ = ["label_findings"]


def label_findings(splits: Mapping[str, Dataset], labels: Sequence[str]) -> Iterator[Finding]:
    """Missing and unknown labels are errors; so is a class that the split ``train`` lacks."""
    known = set(labels)
    for name, split in splits.items():
        missing = [s.sample_id for s in split if s.label is None or s.label == ""]
        if missing:
            yield Finding.of(
                "label.missing",
                Severity.ERROR,
                f"{len(missing)} rows of {name} have no label",
                missing,
                "Label these rows, or drop them.",
            )
        unknown = {s.sample_id: s.label for s in split if s.label and s.label not in known}
        if unknown:
            yield Finding.of(
                "label.unknown",
                Severity.ERROR,
                f"{len(unknown)} rows of {name} have labels outside the task: "
                f"{', '.join(sorted({repr(v) for v in unknown.values()})[:5])}",
                unknown,
                f"Correct them, or add them to task.labels (now {', '.join(labels)}).",
            )
        absent = [label for label in labels if label not in {s.label for s in split}]
        if absent and len(split):
            yield Finding.of(
                "label.absent",
                Severity.ERROR if name == "train" else Severity.WARNING,
                f"{len(absent)} classes have no row in {name}",
                absent,
                f"Add rows of these classes to {name}, or take them out of task.labels.",
            )
