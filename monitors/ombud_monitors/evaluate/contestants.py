"""Contestants: everything whose alarms are counted, ours, peers', and two that show what counting is worth.

A detector that always fires has perfect power; one that never fires has no false alarm. Whoever reads
one of these numbers without the other can be sold either, so both stand in every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from ombud.domain.verdict import Outcome
from ombud.errors import BadInput
from ombud_monitors.backends.peers import PEERS
from ombud_monitors.detector import Detector
from ombud_monitors.two_sample.registry import DETECTORS

__all__ = ["ALWAYS", "LEVEL", "NEVER", "Answer", "Camp", "Contestant", "Ours", "contestant", "everybody"]

LEVEL = 0.05
"""Level at which everybody is asked: the default of all libraries compared here."""


class Camp(StrEnum):
    """Whose a contestant is.

    Example:
        >>> yardsticks = [name for name, camp in everybody().items() if camp is Camp.YARDSTICK]
        >>> yardsticks, everybody()["mmd"].value
        (['always-fires', 'never-fires'], 'ours')
    """

    OURS = "ours"
    PEER = "peer"
    YARDSTICK = "yardstick"


class Answer(NamedTuple):
    """What was said about one window.

    Args:
        p_value: From 0 to 1; None where it gives none.
        alarmed: Whether it called it drift; None where it declined to answer.
    """

    p_value: float | None
    alarmed: bool | None


class Contestant(Protocol):
    """Anything that can be asked about two windows."""

    @property
    def name(self) -> str:
        """Its name, unique."""
        ...

    def alarm(
        self, reference: NDArray[Any], current: NDArray[Any], seed: int
    ) -> tuple[float | None, bool | None]:
        """P-value where there is one, and whether it fires at :data:`LEVEL`; None where it declines."""
        ...


@dataclass(frozen=True)
class Ours:
    """One of our two-sample tests with its default settings.

    Args:
        detector: The recipe.

    Example:
        >>> import numpy as np
        >>> from ombud_monitors.two_sample import Mean
        >>> Ours(Mean()).alarm(np.zeros((9, 1)), np.ones((9, 1)), 0).alarmed
        True
    """

    detector: Detector

    @property
    def name(self) -> str:
        """Its name in the catalogue."""
        return self.detector.name

    def alarm(self, reference: NDArray[Any], current: NDArray[Any], seed: int) -> Answer:
        """Fit on the reference, test the current window."""
        verdict = self.detector.fit(reference).test(current, seed=seed)
        if verdict.outcome is Outcome.NOT_APPLICABLE:
            return Answer(None, None)
        return Answer(verdict.p_value, verdict.fired)


@dataclass(frozen=True)
class _Constant:
    """Says the same about every window."""

    name: str
    fires: bool

    def alarm(self, reference: NDArray[Any], current: NDArray[Any], seed: int) -> Answer:
        """The constant answer."""
        del reference, current, seed
        return Answer(0.0 if self.fires else 1.0, self.fires)


ALWAYS: Contestant = _Constant("always-fires", True)
"""Fires at every window."""
NEVER: Contestant = _Constant("never-fires", False)
"""Fires at no window."""


def everybody() -> Mapping[str, Camp]:
    """Name → whose it is: ours in the catalogue's order, then yardsticks, then peers.

    Example:
        >>> all(contestant(name).name == name for name in everybody())
        True
        >>> {camp.value for camp in everybody().values()} == {"ours", "peer", "yardstick"}
        True
    """
    return {
        **dict.fromkeys(DETECTORS, Camp.OURS),
        ALWAYS.name: Camp.YARDSTICK,
        NEVER.name: Camp.YARDSTICK,
        **dict.fromkeys(PEERS, Camp.PEER),
    }


def contestant(name: str) -> Contestant:
    """One of them, by name, with its default settings.

    Raises:
        BadInput: There is none of that name.

    Example:
        >>> import numpy as np
        >>> contestant("ks").name, contestant("never-fires").alarm(np.zeros((1, 1)), np.ones((1, 1)), 0)
        ('ks', Answer(p_value=1.0, alarmed=False))
    """
    if name in DETECTORS:
        return Ours(DETECTORS[name]())
    if name in PEERS:
        return PEERS[name]
    for yardstick in (ALWAYS, NEVER):
        if name == yardstick.name:
            return yardstick
    raise BadInput(
        f"unknown detector {name!r}",
        remedy=f"Choose one of {', '.join(everybody())}.",
    )
