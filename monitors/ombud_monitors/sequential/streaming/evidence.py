"""What a stream says after every row, and the shape of every stream detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import ArrayLike, NDArray

__all__ = ["Evidence", "StreamDetector", "StreamRecipe"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a stream stands after a row.

    Args:
        step: Rows seen since the fit, this one included.
        value: Value of the e-detector, 0 or more. Under no change its expectation after ``t`` rows is at
            most ``t`` plus its head start.
        threshold: Where it calls a change.
        alarm: Whether ``value >= threshold`` now. It does not latch: a stream goes on, and is restarted
            by whoever dealt with the alarm.
        score: The score that contributes most, e.g. ``coordinate 3``.
        dimension: Index of that coordinate; None where the score mixes all of them.
        onset: First row after the change, as the leading score estimates it, 1 or more; None without an
            alarm, because there is no change to be dated.

    Example:
        >>> seen = Evidence(130, 2100.0, 1030.0, True, "coordinate 3", 3, 101)
        >>> seen.alarm, seen.onset
        (True, 101)
    """

    step: int
    value: float
    threshold: float
    alarm: bool
    score: str
    dimension: int | None
    onset: int | None


class StreamDetector(Protocol):
    """A detector that reads one row at a time and may be asked after each."""

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of the reference that it was fitted on."""
        ...

    def update(self, x: ArrayLike) -> Evidence:
        """Take one row ``(d,)``.

        Raises:
            BadInput: Another width, or a cell that is not a finite number; the state stays as it was.
        """
        ...

    def update_many(self, rows: ArrayLike) -> list[Evidence]:
        """Take rows ``(n, d)``: the same evidence, bit for bit, as :meth:`update` row by row, but faster.

        Raises:
            BadInput: As for :meth:`update`; no row is taken then.
        """
        ...

    def restart(self) -> None:
        """Begin anew after an alarm: the wealth goes, what is known of the data stays."""
        ...

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All from which :meth:`StreamRecipe.restore` continues bit for bit; no rows are among it."""
        ...


class StreamRecipe(Protocol):
    """A recipe for watching a stream."""

    @property
    def name(self) -> str:
        """Name in the catalogue."""
        ...

    def fit(self, reference: ArrayLike, *, seed: int) -> StreamDetector:
        """Bind to a reference window ``(m, d)``.

        Raises:
            BadInput: The reference is too short, not numeric or not finite, or nothing in it varies.
        """
        ...

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> StreamDetector:
        """A stream that continues where :meth:`StreamDetector.arrays` was taken.

        Raises:
            BadInput: The arrays are of another version, or of a recipe with other settings.
            Corrupted: They were altered.
        """
        ...
