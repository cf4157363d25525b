"""How one rollout's error probability is divided, so that the parts add up to the whole.

The total chance of a false rollback is at most ``alpha`` however often anyone looks, by a union
bound: every guardrail owns a share of ``alpha`` fixed before the first request and rolls back only
when its e-process reaches ``1 / share`` (Ville's inequality; over segments this is e-Bonferroni).
The certificate has an ``alpha`` of its own, because a false certificate is another kind of error.

Source: Vovk and Wang, "E-values: calibration, combination and applications", Annals of Statistics
49 (2021), for e-Bonferroni.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ombud.domain.rollout import RolloutState as S

__all__ = ["ALL", "AVAILABILITY", "AlphaSplit"]

ALL = "all"
"""Segment of every request."""

AVAILABILITY = "availability"
"""Segment in which an "error" is an answer that never came; needs no labels."""

_STAGES: Mapping[S, float] = {S.SHADOW: 0.4, S.RAMP: 0.35, S.BAKING: 0.2}
_SAMPLE_RATIO = 0.05
_GUARDRAILS: Mapping[str, float] = {ALL: 0.5, AVAILABILITY: 0.2}
_SEGMENTS = 0.3
_CERTIFICATE: Mapping[S, float] = {S.SHADOW: 0.8, S.RAMP: 0.2}


@dataclass(frozen=True)
class AlphaSplit:
    """The shares of one rollout.

    Args:
        alpha: Total chance of a false rollback, and (separately) of a false certificate.
        family: Segments that share the segment budget: 2^m - 1 presence patterns of m modalities,
            fixed before any is seen.

    Example:
        >>> split = AlphaSplit(0.05, family=7)
        >>> segments = 7 * split.harm(S.SHADOW, "audio") + split.harm(S.SHADOW, ALL)
        >>> round(segments + split.harm(S.SHADOW, AVAILABILITY), 6) == round(0.05 * 0.4, 6)
        True
    """

    alpha: float
    family: int = 7

    def harm(self, stage: S, segment: str) -> float:
        """Share of the guardrail that watches ``segment`` during ``stage``."""
        return self.alpha * _STAGES[stage] * _GUARDRAILS.get(segment, _SEGMENTS / self.family)

    @property
    def sample_ratio(self) -> float:
        """Share of the sample-ratio check, whose hold may time out into a rollback."""
        return self.alpha * _SAMPLE_RATIO

    def certificate(self, stage: S) -> float:
        """Share of the certificate that ``stage`` may win on its own.

        The certificate is reached when either stage's e-process reaches the inverse of its share.
        Running suprema may not be multiplied or averaged (their mean is not bounded by Ville's
        inequality), so the stages split alpha instead; shadow gets most, because pairs say most.
        """
        return self.alpha * _CERTIFICATE[stage]
