"""Who acts in the story: each with an identity and a token of their own."""

from __future__ import annotations

from dataclasses import dataclass

from ombud.domain.identity import Actor, Role

__all__ = ["CAST", "People"]

CAST: dict[str, Actor] = {
    "ci": Actor("ci@example.org", frozenset({Role.SUBMITTER})),
    "owner": Actor("olga.owner@example.org", frozenset({Role.MODEL_OWNER})),
    "officer": Actor("carl.compliance@example.org", frozenset({Role.COMPLIANCE_OFFICER})),
    "annotator": Actor("annotators@example.org", frozenset({Role.DATA_STEWARD})),
    "application": Actor("application@example.org", frozenset({Role.SERVICE})),
    "on_call": Actor("oncall@example.org", frozenset({Role.ON_CALL})),
    "auditor": Actor("ada.auditor@example.org", frozenset({Role.AUDITOR})),
}


@dataclass(frozen=True)
class People:
    """Bearer tokens by part in :data:`CAST`."""

    tokens: dict[str, str]

    def token(self, part: str) -> str:
        """The token of one part."""
        return self.tokens[part]
