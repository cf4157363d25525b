"""Arrivals: which requests await a label, and which label counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ombud.errors import BadInput
from ombud_monitors.sequential.sealing import State

__all__ = ["Arrivals"]


class Arrivals:
    """Requests and their labels, which may come late, out of order, twice, or never.

    The first label of a request counts. A label is refused if its request has one already, is not
    known, or was so long ago that it was forgotten; refusals are counted.

    Args:
        remember: Requests kept in mind, the latest ones.

    Raises:
        BadInput: ``remember`` is below 1.

    Example:
        >>> arrivals = Arrivals()
        >>> arrivals.request(["a", "b", "c"])
        >>> arrivals.label(["c", "a", "c", "z"])
        [0, 1]
        >>> arrivals.unlabelled, arrivals.refused
        (1, 2)
    """

    def __init__(self, remember: int = 1_000_000) -> None:
        if remember < 1:
            raise BadInput(
                f"remember: expected at least one request, got {remember}",
                remedy="Give the number of requests that arrive while labels may still come.",
            )
        self.remember = remember
        self.requested = self.labelled = self.refused = self.forgotten = 0
        # In order of request; whether it has its label.
        self._known: dict[str, bool] = {}

    @property
    def unlabelled(self) -> int:
        """Requests without a label, forgotten ones included."""
        return self.requested - self.labelled

    def request(self, ids: Sequence[str]) -> None:
        """Take requests in their order; an id that is known already is the same request."""
        for name in ids:
            if name in self._known:
                continue
            self._known[name] = False
            self.requested += 1
            if len(self._known) > self.remember:
                self.forgotten += not self._known.pop(next(iter(self._known)))

    def label(self, ids: Sequence[str]) -> list[int]:
        """Take labels in the order in which they arrived: indices of those that count."""
        counting = []
        for index, name in enumerate(ids):
            # True for a second label, for an unknown request, and for a forgotten one.
            if self._known.get(name, True):
                self.refused += 1
            else:
                self._known[name] = True
                counting.append(index)
        self.labelled += len(counting)
        return counting

    def state(self) -> State:
        """Plain values from which :meth:`resume` continues."""
        return {
            "remember": self.remember,
            "requested": self.requested,
            "labelled": self.labelled,
            "refused": self.refused,
            "forgotten": self.forgotten,
            "known": [[name, done] for name, done in self._known.items()],
        }

    @classmethod
    def resume(cls, state: Mapping[str, Any]) -> Arrivals:
        """Continue where a :meth:`state` stood."""
        arrivals = cls(state["remember"])
        arrivals.requested, arrivals.labelled = state["requested"], state["labelled"]
        arrivals.refused, arrivals.forgotten = state["refused"], state["forgotten"]
        arrivals._known = dict(state["known"])
        return arrivals
