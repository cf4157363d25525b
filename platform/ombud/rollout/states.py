"""The state machine of a rollout: one transition table, and its picture.

A table and not a class per state, because an auditor has to be able to read it in one glance and
because the documentation's diagram is generated from exactly the rows that the code obeys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ombud.domain.rollout import RolloutState as S
from ombud.errors import Conflict

__all__ = ["FINAL", "HOLDABLE", "LIVE", "TRANSITIONS", "Transition", "allowed", "check", "mermaid"]


@dataclass(frozen=True)
class Transition:
    """One row of the table.

    Args:
        source: State before; None for the first event of a rollout.
        target: State after.
        when: What must be true, in one phrase.
    """

    source: S | None
    target: S
    when: str


LIVE: tuple[S, ...] = (S.SHADOW, S.RAMP, S.HOLD, S.CERTIFIED, S.PROMOTING, S.BAKING)
"""States in which the challenger sees traffic or owns the alias: all of them can roll back."""

HOLDABLE: tuple[S, ...] = (S.SHADOW, S.RAMP, S.CERTIFIED, S.BAKING)
"""Live states that wait for evidence, and so may be put on hold."""

FINAL: tuple[S, ...] = (S.PROMOTED, S.ROLLED_BACK, S.SUPERSEDED, S.REFUSED)
"""States that nothing leaves."""

_FORWARD: tuple[Transition, ...] = (
    Transition(None, S.REGISTERED, "started"),
    Transition(S.REGISTERED, S.GATED, "evaluation, bias audit and card pass the gate"),
    Transition(S.GATED, S.APPROVED, "release approved by every required signature"),
    Transition(S.APPROVED, S.BOOTSTRAP, "there is no champion yet"),
    Transition(S.BOOTSTRAP, S.PROMOTED, "alias verified"),
    Transition(S.APPROVED, S.SHADOW, "there is a champion to compare with"),
    Transition(S.SHADOW, S.RAMP, "enough pairs, no harm"),
    Transition(S.RAMP, S.RAMP, "enough requests per arm, no harm: next step"),
    Transition(S.RAMP, S.CERTIFIED, "last step done and certificate reached"),
    Transition(S.CERTIFIED, S.PROMOTING, "policy and approvals agree"),
    Transition(S.PROMOTING, S.BAKING, "alias verified"),
    Transition(S.BAKING, S.PROMOTED, "bake time over, no harm"),
)

TRANSITIONS: tuple[Transition, ...] = (
    *_FORWARD,
    *(Transition(s, S.HOLD, "no data, judge error or sample-ratio mismatch") for s in HOLDABLE),
    *(Transition(S.HOLD, s, "evidence is back, or a person resumes") for s in HOLDABLE),
    *(Transition(s, S.ROLLING_BACK, "harm, hold too long, or a person") for s in LIVE),
    Transition(S.ROLLING_BACK, S.ROLLED_BACK, "aliases restored and verified"),
    *(
        Transition(s, S.SUPERSEDED, "a newer candidate was started")
        for s in (S.REGISTERED, S.GATED, S.APPROVED, S.SHADOW, S.RAMP, S.HOLD, S.CERTIFIED)
    ),
    *(
        Transition(s, S.REFUSED, "gate failed, an approver refused, or it was withdrawn")
        for s in (S.REGISTERED, S.GATED, S.APPROVED)
    ),
)
"""Every move there is, exactly as DESIGN draws it."""

_ALLOWED: Mapping[tuple[S | None, S], Transition] = {(t.source, t.target): t for t in TRANSITIONS}


def allowed(source: S | None, target: S) -> bool:
    """Whether the table has this row.

    Example:
        >>> allowed(S.BAKING, S.ROLLING_BACK), allowed(S.SHADOW, S.PROMOTED)
        (True, False)
    """
    return (source, target) in _ALLOWED


def check(source: S | None, target: S) -> None:
    """Refuse a move that the table does not have.

    Raises:
        Conflict: There is no such transition; the message lists what is possible from ``source``.
    """
    if not allowed(source, target):
        onward = ", ".join(t.target.value for t in TRANSITIONS if t.source is source)
        raise Conflict(
            f"rollout: no transition {source.value if source else 'start'} → {target.value}; "
            f"possible from there: {onward or 'nothing, it is final'}",
            remedy="Read its status and act on the state that it is in now.",
        )


def mermaid() -> str:
    """The table as a Mermaid state diagram, one line a row, for the documentation.

    Example:
        >>> print(mermaid().splitlines()[1])
            [*] --> registered: started
    """
    lines = ["stateDiagram-v2"]
    for row in TRANSITIONS:
        source = row.source.value if row.source else "[*]"
        # Mermaid ends the label at a colon, so the phrase may not carry one.
        lines.append(f"    {source} --> {row.target.value}: {row.when.replace(':', ',')}")
    lines += [f"    {state.value} --> [*]" for state in FINAL]
    return "\n".join(lines) + "\n"
