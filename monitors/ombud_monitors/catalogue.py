"""The catalogue: every monitor and every detector, by code.

An explicit list rather than discovery by import: what can wake somebody should be readable in one
place. Titles, severities and anchors here are what alerts, cards and the command line show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ombud.domain.alert import Severity
from ombud.domain.modality import AUDIO, CROSS_MODAL, FUSED, IMAGE, TEXT, Modality

__all__ = ["CATALOGUE", "CatalogueEntry", "Kind"]


class Kind(StrEnum):
    """What an entry is."""

    MONITOR = "monitor"
    DETECTOR = "detector"


@dataclass(frozen=True)
class CatalogueEntry:
    """One line of the catalogue.

    Args:
        code: Its code; unique.
        kind: Monitor (a claim about a modality) or detector (a test that monitors use).
        title: One line for people.
        modality: What it watches; None for detectors, which take any numbers.
        severity: How loudly its alarm speaks; info does not page.
        docs: Anchor in the documentation.
    """

    code: str
    kind: Kind
    title: str
    modality: Modality | None
    severity: Severity
    docs: str


def _monitor(code: str, modality: Modality, severity: Severity, title: str) -> CatalogueEntry:
    claim = code.partition(".")[2]
    return CatalogueEntry(code, Kind.MONITOR, title, modality, severity, f"monitors.md#{claim}")


def _detector(code: str, title: str) -> CatalogueEntry:
    return CatalogueEntry(code, Kind.DETECTOR, title, None, Severity.INFO, f"monitors.md#{code}")


_ENTRIES = (
    _monitor("text.harm", TEXT, Severity.WARNING, "Text: estimated accuracy dropped"),
    _monitor("text.measured_harm", TEXT, Severity.CRITICAL, "Text: measured accuracy dropped"),
    _monitor("text.embedding", TEXT, Severity.INFO, "Text: embeddings changed"),
    _monitor("text.descriptors", TEXT, Severity.INFO, "Text: descriptors changed"),
    _monitor("text.missing", TEXT, Severity.INFO, "Text: missing more or less often"),
    _monitor("image.harm", IMAGE, Severity.WARNING, "Image: estimated accuracy dropped"),
    _monitor("image.measured_harm", IMAGE, Severity.CRITICAL, "Image: measured accuracy dropped"),
    _monitor("image.embedding", IMAGE, Severity.INFO, "Image: embeddings changed"),
    _monitor("image.descriptors", IMAGE, Severity.INFO, "Image: descriptors changed"),
    _monitor("image.missing", IMAGE, Severity.INFO, "Image: missing more or less often"),
    _monitor("audio.harm", AUDIO, Severity.WARNING, "Audio: estimated accuracy dropped"),
    _monitor("audio.measured_harm", AUDIO, Severity.CRITICAL, "Audio: measured accuracy dropped"),
    _monitor("audio.embedding", AUDIO, Severity.INFO, "Audio: embeddings changed"),
    _monitor("audio.descriptors", AUDIO, Severity.INFO, "Audio: descriptors changed"),
    _monitor("audio.missing", AUDIO, Severity.INFO, "Audio: missing more or less often"),
    _monitor("fused.harm", FUSED, Severity.WARNING, "Final answer: estimated accuracy dropped"),
    _monitor("fused.measured_harm", FUSED, Severity.CRITICAL, "Final answer: measured accuracy dropped"),
    _monitor("cross_modal.conflict", CROSS_MODAL, Severity.INFO, "Modalities disagree more or less often"),
    _detector("mean", "Permutation test of means"),
    _detector("ranks", "Permutation test of location and spread"),
    _detector("fisher", "Fisher's exact test of two rates"),
    _detector("ks", "Kolmogorov–Smirnov test per dimension"),
    _detector("cramer_von_mises", "Cramér–von Mises test per dimension"),
    _detector("categories", "Chi-squared or exact test of category shares"),
    _detector("classifier", "Classifier two-sample test"),
    _detector("binned_ks", "Kolmogorov–Smirnov test per dimension, on histograms"),
    _detector("mmd", "Maximum mean discrepancy with permutations"),
    _detector("random_feature_mmd", "Maximum mean discrepancy by random features"),
    _detector("energy", "Energy distance with permutations"),
    _detector("second_moment", "Whitened second moment with permutations"),
    _detector("norms", "Norms of rows with permutations"),
    _detector("shiryaev_roberts", "Stream: evidence from every possible onset, on sequential ranks"),
    _detector("cusum", "Stream: evidence from the best onset, on sequential ranks"),
    _detector("aggregated", "Aggregated test: columns, dependence, lengths and groups of rows"),
)

CATALOGUE: Mapping[str, CatalogueEntry] = MappingProxyType({entry.code: entry for entry in _ENTRIES})
"""Code → entry, in display order."""
