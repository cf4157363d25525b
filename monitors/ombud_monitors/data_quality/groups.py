"""Groups: protected attributes whose groups are too small to be audited, or not recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ombud.domain.sample import Dataset
from ombud_monitors.data_quality.finding import Finding, Severity

__all__ = ["groups_findings"]


def groups_findings(
    splits: Mapping[str, Dataset], attributes: Sequence[str], smallest: int
) -> Iterator[Finding]:
    """Small groups and missing group values, per split and attribute."""
    for name, split in splits.items():
        for attribute in attributes:
            counts = Counter(split.attribute(attribute).tolist())
            unrecorded = counts.pop("", 0)
            if unrecorded:
                yield Finding(
                    "group.missing",
                    Severity.WARNING,
                    f"{unrecorded} rows of {name} do not say their {attribute}",
                    unrecorded,
                    tuple(s.sample_id for s in split if not s.attributes.get(attribute))[:5],
                    "Record it where law and consent allow; rows without it are left out of the bias audit.",
                )
            small = {group: n for group, n in counts.items() if n < smallest}
            if small:
                listed = ", ".join(f"{group} ({n})" for group, n in sorted(small.items()))
                yield Finding.of(
                    "group.small",
                    Severity.WARNING,
                    f"{attribute} in {name}: fewer than {smallest} rows for {listed}",
                    sorted(small),
                    "Collect more rows of these groups: no disparity can be shown or ruled out for them.",
                )
