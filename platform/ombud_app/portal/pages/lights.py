"""One traffic light per modality: the worst that the newest window's monitors said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ombud.domain.verdict import Outcome, StoredVerdict

__all__ = ["Light", "State", "lights", "state_of"]


class State(StrEnum):
    """What a light says, from worst to "nothing known"."""

    HARM = "harm"
    CHANGED = "changed"
    QUIET = "quiet"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """The same in words, because colour alone tells some readers nothing."""
        return {
            State.HARM: "harm",
            State.CHANGED: "changed",
            State.QUIET: "quiet",
            State.UNKNOWN: "not judged",
        }[self]

    @property
    def sign(self) -> str:
        """The same as a shape."""
        return {State.HARM: "▲", State.CHANGED: "◆", State.QUIET: "●", State.UNKNOWN: "○"}[self]


@dataclass(frozen=True)
class Light:
    """A modality and how it is.

    Args:
        modality: Name of the modality.
        state: The worst of its monitors.
        why: The monitor that said so, and its reason.
    """

    modality: str
    state: State
    why: str


_ORDER = list(State)


def state_of(verdict: StoredVerdict) -> State:
    """What one verdict contributes."""
    v = verdict.verdict
    if v.outcome is Outcome.DRIFT:
        return State.HARM if v.grade.pages else State.CHANGED
    return State.QUIET if v.outcome is Outcome.QUIET else State.UNKNOWN


def lights(modalities: Iterable[str], verdicts: Sequence[StoredVerdict]) -> list[Light]:
    """Lights of the newest window among ``verdicts`` (oldest first); second opinions do not count."""
    newest = verdicts[-1].window_id if verdicts else ""
    told = [v for v in verdicts if v.window_id == newest and not v.advisory]
    names = dict.fromkeys([*modalities, *(str(v.verdict.modality) for v in told)])
    return [_light(name, [v for v in told if v.verdict.modality == name]) for name in names]


def _light(name: str, told: Sequence[StoredVerdict]) -> Light:
    if not told:
        return Light(name, State.UNKNOWN, "no verdict yet")
    worst = min(told, key=lambda v: _ORDER.index(state_of(v)))
    why = f"{worst.verdict.monitor}: {worst.verdict.reason}".rstrip(": ")
    return Light(name, state_of(worst), why)
