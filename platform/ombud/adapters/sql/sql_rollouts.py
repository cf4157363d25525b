"""Rollouts: a compare-and-set on ``seq``, an append-only history, evidence counted once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from ombud.adapters.sql.rows import from_row, to_row
from ombud.adapters.sql.statements import Statements
from ombud.adapters.sql.tables import judged_request, rollout, rollout_event, rollout_increment
from ombud.domain.rollout import Increment, Rollout, RolloutEvent, RolloutState
from ombud.errors import BadInput, Conflict, NotFound, StaleTransition

__all__ = ["SqlRollouts"]

_PARAMETERS_PER_STATEMENT = 500


class SqlRollouts:
    """See :class:`ombud.domain.ports.RolloutStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def create(self, started: Rollout, event: RolloutEvent) -> None:
        """Insert with its first event. Raises Conflict on an existing id."""
        _agree(started, event)
        if event.seq != 1:
            raise BadInput(
                f"rollout {started.rollout_id}: expected seq 1 at its creation, got {event.seq}",
                remedy="Number events from 1.",
            )
        if self._find(started.rollout_id) is not None:
            raise Conflict(f"rollout {started.rollout_id}: exists already", remedy="Use a fresh id.")
        self._run.write(insert(rollout), to_row(rollout, started))
        self._run.write(insert(rollout_event), to_row(rollout_event, event))

    def get(self, rollout_id: str) -> Rollout:
        """Raises NotFound."""
        found = self._find(rollout_id)
        if found is None:
            raise NotFound(f"rollout {rollout_id}: not stored here", remedy="Check the id.")
        return found

    def list(
        self, *, model: str | None = None, states: Sequence[RolloutState] | None = None
    ) -> Sequence[Rollout]:
        """Newest first."""
        query = select(rollout)
        if model is not None:
            query = query.where(rollout.c.model == model)
        if states is not None:
            query = query.where(rollout.c.state.in_([state.value for state in states]))
        query = query.order_by(rollout.c.created_at.desc(), rollout.c.position.desc())
        return [from_row(Rollout, rollout, row) for row in self._run.rows(query)]

    def advance(self, moved: Rollout, event: RolloutEvent) -> None:
        """Append the event and store the rollout if nobody moved it since ``event.seq - 1``."""
        _agree(moved, event)
        stored = self.get(moved.rollout_id)
        known = select(rollout_event.c.seq).where(
            rollout_event.c.rollout_id == moved.rollout_id,
            rollout_event.c.idempotency_key == event.idempotency_key,
        )
        repeated = self._run.row(known)
        if repeated is not None:
            raise StaleTransition(
                f"rollout {moved.rollout_id}: {event.idempotency_key} was recorded already as event "
                f"{repeated['seq']}",
                remedy="Nothing to do: the transition has happened.",
            )
        values = to_row(rollout, moved)
        there = (rollout.c.rollout_id == moved.rollout_id, rollout.c.seq == event.seq - 1)
        if not self._run.write(update(rollout).where(*there), values):
            raise StaleTransition(
                f"rollout {moved.rollout_id}: expected seq {event.seq - 1}, got {stored.seq} "
                f"({stored.state}): somebody moved it first",
                remedy="Read it again and decide anew.",
            )
        self._run.write(insert(rollout_event), to_row(rollout_event, event))

    def events(self, rollout_id: str) -> Sequence[RolloutEvent]:
        """Ascending by seq."""
        query = select(rollout_event).where(rollout_event.c.rollout_id == rollout_id)
        rows = self._run.rows(query.order_by(rollout_event.c.seq))
        return [from_row(RolloutEvent, rollout_event, row) for row in rows]

    def add_increments(
        self, rollout_id: str, increments: Sequence[Increment], request_ids: Sequence[str]
    ) -> None:
        """Store one look's increments and mark the requests as judged, together."""
        self.get(rollout_id)
        looks = sorted({i.look for i in increments})
        stored = select(rollout_increment.c.look).where(
            rollout_increment.c.rollout_id == rollout_id, rollout_increment.c.look.in_(looks)
        )
        if self._run.row(stored) is not None:
            raise StaleTransition(
                f"rollout {rollout_id}: one of the looks {looks} is stored already",
                remedy="Read the increments again and take the next look.",
            )
        self._refuse_judged(rollout_id, request_ids)
        for increment in increments:
            values = {"rollout_id": rollout_id, **to_row(rollout_increment, increment)}
            self._run.write(insert(rollout_increment), values)
        if request_ids:
            marks = [{"rollout_id": rollout_id, "request_id": r} for r in request_ids]
            self._run.write(insert(judged_request), marks)

    def increments(self, rollout_id: str) -> Sequence[Increment]:
        """In order of :attr:`Increment.order`."""
        query = select(rollout_increment).where(rollout_increment.c.rollout_id == rollout_id)
        found = [from_row(Increment, rollout_increment, row) for row in self._run.rows(query)]
        # Sorted here: collations differ between databases, and a verdict must replay the same.
        return sorted(found, key=lambda i: i.order)

    def judged(self, rollout_id: str) -> frozenset[str]:
        """Request ids already counted."""
        query = select(judged_request.c.request_id).where(judged_request.c.rollout_id == rollout_id)
        return frozenset(row["request_id"] for row in self._run.rows(query))

    def _find(self, rollout_id: str) -> Rollout | None:
        row = self._run.row(select(rollout).where(rollout.c.rollout_id == rollout_id))
        return None if row is None else from_row(Rollout, rollout, row)

    def _refuse_judged(self, rollout_id: str, request_ids: Sequence[str]) -> None:
        if len(set(request_ids)) != len(request_ids):
            raise BadInput(
                f"rollout {rollout_id}: a request id comes twice in one look",
                remedy="Count every request once.",
            )
        for start in range(0, len(request_ids), _PARAMETERS_PER_STATEMENT):
            some = request_ids[start : start + _PARAMETERS_PER_STATEMENT]
            known = select(judged_request.c.request_id).where(
                judged_request.c.rollout_id == rollout_id, judged_request.c.request_id.in_(some)
            )
            row = self._run.row(known)
            if row is not None:
                raise StaleTransition(
                    f"rollout {rollout_id}: request {row['request_id']} was counted already",
                    remedy="Read what was judged and count only the rest.",
                )


def _agree(moved: Rollout, event: RolloutEvent) -> None:
    if (moved.rollout_id, moved.seq) != (event.rollout_id, event.seq):
        raise BadInput(
            f"rollout {moved.rollout_id} seq {moved.seq}: its event is of {event.rollout_id} seq {event.seq}",
            remedy="Give the rollout as it stands after the event.",
        )
