"""The rule: verdicts of one window in, at most one problem per modality out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ombud.alerts import wording
from ombud.alerts.problem import Problem
from ombud.domain.alert import Severity
from ombud.domain.modality import FUSED, Modality
from ombud.domain.verdict import Grade, StoredVerdict

__all__ = ["problems"]


def problems(
    verdicts: Sequence[StoredVerdict], *, links: Mapping[str, str] | None = None
) -> tuple[Problem, ...]:
    """What the verdicts say that a person must hear.

    Advisory verdicts never count, and of the others only fired ones of a grade that pages. Where one
    input's answers got worse, the final answers got worse because of it: that verdict becomes evidence
    of the input's problem, not a problem of its own.

    Args:
        verdicts: Stored verdicts of one window (of one or more versions).
        links: Title → address, put on every problem.

    Returns:
        At most one problem per (model, version, modality), in order of first appearance.
    """
    counted = [v for v in verdicts if not v.advisory]
    found = []
    for model, version in dict.fromkeys((v.model, v.version) for v in counted):
        mine = [v for v in counted if (v.model, v.version) == (model, version)]
        worse = list(dict.fromkeys(v.verdict.modality for v in mine if _pages(v)))
        roots = [m for m in worse if m != FUSED] or worse
        found += [_problem(root, mine, links or {}) for root in roots]
    return tuple(found)


def _problem(root: Modality, verdicts: Sequence[StoredVerdict], links: Mapping[str, str]) -> Problem:
    paging = [v for v in verdicts if _pages(v) and v.verdict.modality == root]
    final = [v for v in verdicts if _pages(v) and v.verdict.modality == FUSED != root]
    changed = [v for v in verdicts if v.verdict.modality == root and v.verdict.fired and not _pages(v)]
    strongest = max(paging, key=lambda v: v.verdict.grade is Grade.MEASURED_HARM)
    others = [v.verdict for v in verdicts if v.verdict.modality not in (root, FUSED)]
    said = [
        *(wording.harm(v.verdict) for v in paging + final),
        *(wording.evidence(v.verdict) for v in paging),
        wording.movers(c for v in paging + changed for c in v.verdict.causes),
        wording.bystanders(others),
    ]
    measured = strongest.verdict.grade is Grade.MEASURED_HARM
    one = strongest.verdict
    facts = {
        "monitor": one.monitor,
        "window": strongest.window_id,
        "p_value": "" if one.p_value is None else f"{one.p_value:.6g}",
        "level": "" if one.threshold is None else f"{one.threshold:.6g}",
        "n": str(one.n_current),
    }
    return Problem(
        model=strongest.model,
        version=strongest.version,
        kind="drift",
        severity=Severity.CRITICAL if measured else Severity.WARNING,
        title=f"{strongest.model} v{strongest.version}: {wording.headline(one)}",
        cause=" ".join(sentence for sentence in said if sentence),
        evidence=tuple(v.verdict_id for v in [*paging, *final, *changed]),
        modality=root,
        grade=one.grade,
        links=dict(links),
        details={key: value for key, value in facts.items() if value},
    )


def _pages(stored: StoredVerdict) -> bool:
    return stored.verdict.fired and stored.verdict.grade.pages
