"""Memory twin of the rollout store."""

from __future__ import annotations

from collections.abc import Sequence

from ombud.adapters.memory.staging import Stage, given, kept
from ombud.domain.rollout import Increment, Rollout, RolloutEvent, RolloutState
from ombud.errors import BadInput, Conflict, NotFound, StaleTransition

__all__ = ["MemoryRollouts"]


class MemoryRollouts:
    """See :class:`ombud.domain.ports.RolloutStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def create(self, started: Rollout, event: RolloutEvent) -> None:
        """Insert with its first event. Raises Conflict on an existing id."""
        tables = self._stage.write()
        _agree(started, event)
        if event.seq != 1:
            raise BadInput(
                f"rollout {started.rollout_id}: expected seq 1 at its creation, got {event.seq}",
                remedy="Number events from 1.",
            )
        if started.rollout_id in tables.rollouts:
            raise Conflict(f"rollout {started.rollout_id}: exists already", remedy="Use a fresh id.")
        kept_rollout, kept_event = kept(started), kept(event)
        tables.rollouts[started.rollout_id] = kept_rollout
        tables.events[started.rollout_id] = (kept_event,)

    def get(self, rollout_id: str) -> Rollout:
        """Raises NotFound."""
        rollouts = self._stage.read().rollouts
        if rollout_id not in rollouts:
            raise NotFound(f"rollout {rollout_id}: not stored here", remedy="Check the id.")
        return given(rollouts[rollout_id])

    def list(
        self, *, model: str | None = None, states: Sequence[RolloutState] | None = None
    ) -> Sequence[Rollout]:
        """Newest first."""
        about = [
            r
            for r in self._stage.read().rollouts.values()
            if model in (None, r.model) and (states is None or r.state in states)
        ]
        return given(sorted(about, key=lambda r: r.created_at)[::-1])

    def advance(self, moved: Rollout, event: RolloutEvent) -> None:
        """Append the event and store the rollout if nobody moved it since ``event.seq - 1``."""
        tables = self._stage.write()
        _agree(moved, event)
        stored, history = self.get(moved.rollout_id), tables.events[moved.rollout_id]
        for earlier in history:
            if earlier.idempotency_key == event.idempotency_key:
                raise StaleTransition(
                    f"rollout {moved.rollout_id}: {event.idempotency_key} was recorded already as event "
                    f"{earlier.seq}",
                    remedy="Nothing to do: the transition has happened.",
                )
        if stored.seq != event.seq - 1:
            raise StaleTransition(
                f"rollout {moved.rollout_id}: expected seq {event.seq - 1}, got {stored.seq} "
                f"({stored.state}): somebody moved it first",
                remedy="Read it again and decide anew.",
            )
        kept_rollout, kept_event = kept(moved), kept(event)
        tables.rollouts[moved.rollout_id] = kept_rollout
        tables.events[moved.rollout_id] = (*history, kept_event)

    def events(self, rollout_id: str) -> Sequence[RolloutEvent]:
        """Ascending by seq."""
        return list(given(self._stage.read().events.get(rollout_id, ())))

    def add_increments(
        self, rollout_id: str, increments: Sequence[Increment], request_ids: Sequence[str]
    ) -> None:
        """Store one look's increments and mark the requests as judged, together."""
        tables = self._stage.write()
        self.get(rollout_id)
        stored, judged = tables.increments.get(rollout_id, ()), tables.judged.get(rollout_id, frozenset())
        looks = sorted({i.look for i in increments})
        if any(i.look in looks for i in stored):
            raise StaleTransition(
                f"rollout {rollout_id}: one of the looks {looks} is stored already",
                remedy="Read the increments again and take the next look.",
            )
        fresh = frozenset(request_ids)
        if len(fresh) != len(request_ids):
            raise BadInput(
                f"rollout {rollout_id}: a request id comes twice in one look",
                remedy="Count every request once.",
            )
        if fresh & judged:
            raise StaleTransition(
                f"rollout {rollout_id}: request {min(fresh & judged)} was counted already",
                remedy="Read what was judged and count only the rest.",
            )
        tables.increments[rollout_id] = (*stored, *(kept(i) for i in increments))
        tables.judged[rollout_id] = judged | fresh

    def increments(self, rollout_id: str) -> Sequence[Increment]:
        """In order of :attr:`Increment.order`."""
        stored = self._stage.read().increments.get(rollout_id, ())
        return given(sorted(stored, key=lambda i: i.order))

    def judged(self, rollout_id: str) -> frozenset[str]:
        """Request ids already counted."""
        return self._stage.read().judged.get(rollout_id, frozenset())


def _agree(moved: Rollout, event: RolloutEvent) -> None:
    if (moved.rollout_id, moved.seq) != (event.rollout_id, event.seq):
        raise BadInput(
            f"rollout {moved.rollout_id} seq {moved.seq}: its event is of {event.rollout_id} seq {event.seq}",
            remedy="Give the rollout as it stands after the event.",
        )
