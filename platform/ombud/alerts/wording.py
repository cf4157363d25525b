"""Sentences about verdicts, for a person who was just woken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ombud.domain.modality import FUSED
from ombud.domain.verdict import Contribution, Grade, Outcome, Verdict

__all__ = ["bystanders", "evidence", "harm", "headline", "movers"]

_ACCURACY = {"accuracy", "estimated_accuracy", "measured_accuracy", "estimated accuracy", "measured accuracy"}
_MOST_MOVERS = 4


def headline(verdict: Verdict) -> str:
    """The harm in a few words.

    Example:
        >>> from ombud.domain.modality import AUDIO
        >>> verdict = Verdict("audio.harm", AUDIO, "t", Outcome.DRIFT, Grade.ESTIMATED_HARM, 400,
        ...     180, effect=-38.1, effect_unit="accuracy points")
        >>> headline(verdict)
        'estimated accuracy of audio fell by 38.1 accuracy points'
    """
    return f"{_kind(verdict)} accuracy of {_subject(verdict)} {_fall(verdict)}"


def harm(verdict: Verdict) -> str:
    """What got worse, from what to what, as a sentence."""
    whose = "the final answers" if verdict.modality == FUSED else f"the answers from {verdict.modality} alone"
    return f"The {_kind(verdict)} accuracy of {whose} {_fall(verdict)}."


def evidence(verdict: Verdict) -> str:
    """How sure, at which price, from how much: the test behind a verdict, as a sentence."""
    parts = [f"{verdict.monitor} ({verdict.detector})"]
    if verdict.p_value is not None:
        parts.append(f"p = {_number(verdict.p_value)}")
    if verdict.e_value is not None:
        parts.append(f"e-value {_number(verdict.e_value)}")
    if verdict.threshold is not None:
        parts.append(f"judged at level {_number(verdict.threshold)}")
    parts.append(
        f"{verdict.n_current} requests{_clusters(verdict.clusters_current)} against "
        f"{verdict.n_reference} in the reference{_clusters(verdict.clusters_reference)}"
    )
    sentence = ", ".join(parts) + "."
    if verdict.clusters_current is None:
        sentence += " Requests were taken as independent."
    return sentence


def movers(contributions: Iterable[Contribution]) -> str:
    """What moved most, in one sentence; empty when nothing is known.

    Example:
        >>> movers([Contribution("centroid", 614, 1063.4, 1.6)])
        'Moved most: centroid 614 → 1,063 (+1.6 standard deviations).'
    """
    told: dict[str, str] = {}
    for moved in sorted(contributions, key=lambda c: -abs(c.effect)):
        if moved.name not in _ACCURACY and moved.name not in told:
            told[moved.name] = (
                f"{moved.name} {_number(moved.reference)} → {_number(moved.current)} "
                f"({moved.effect:+.1f} standard deviations)"
            )
    return f"Moved most: {'; '.join(list(told.values())[:_MOST_MOVERS])}." if told else ""


def bystanders(verdicts: Sequence[Verdict]) -> str:
    """What the other modalities did meanwhile, as sentences; empty when there are none."""
    groups: dict[str, list[str]] = {"quiet": [], "changed": [], "worse": [], "unknown": []}
    for modality in dict.fromkeys(v.modality for v in verdicts):
        mine = [v for v in verdicts if v.modality == modality]
        if any(v.fired and v.grade.pages for v in mine):
            groups["worse"].append(modality)
        elif any(v.fired for v in mine):
            groups["changed"].append(modality)
        elif any(v.outcome is Outcome.QUIET for v in mine):
            groups["quiet"].append(modality)
        else:
            groups["unknown"].append(modality)
    said = {
        "quiet": "stayed quiet",
        "changed": "changed without showing harm",
        "worse": "got worse too (an alert of its own)",
        "unknown": "could not be judged",
    }
    return " ".join(f"{_listed(names)} {said[group]}." for group, names in groups.items() if names)


def _kind(verdict: Verdict) -> str:
    return "measured" if verdict.grade is Grade.MEASURED_HARM else "estimated"


def _subject(verdict: Verdict) -> str:
    return "the final answers" if verdict.modality == FUSED else str(verdict.modality)


def _fall(verdict: Verdict) -> str:
    for moved in verdict.causes:
        if moved.name in _ACCURACY:
            # Accuracies come as shares or in points, as the monitor's unit says.
            scale = 1.0 if verdict.effect_unit == "accuracy points" else 100.0
            return f"fell from {scale * moved.reference:.1f}% to {scale * moved.current:.1f}%"
    if verdict.effect is None:
        return "fell"
    return f"fell by {_number(abs(verdict.effect))} {verdict.effect_unit}".rstrip()


def _clusters(count: int | None) -> str:
    return "" if count is None else f" from {count} clusters"


def _listed(names: Sequence[str]) -> str:
    readable = [name.replace("_", "-") for name in names]
    joined = readable[0] if len(readable) == 1 else f"{', '.join(readable[:-1])} and {readable[-1]}"
    return joined[0].upper() + joined[1:]


def _number(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.3g}"
