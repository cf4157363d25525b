"""Windows, verdicts and alerts: what was looked at, what was said, whom it woke."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from ombud.adapters.sql.rows import from_row, to_row
from ombud.adapters.sql.statements import Statements
from ombud.adapters.sql.tables import alert, verdict, window
from ombud.domain.alert import Alert, AlertStatus
from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window
from ombud.errors import Conflict, NotFound

__all__ = ["SqlAlerts", "SqlVerdicts", "SqlWindows"]


class SqlWindows:
    """See :class:`ombud.domain.ports.WindowStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def put(self, look: Window) -> None:
        """Insert, or replace counts and links of the same window."""
        values = to_row(window, look)
        change = {name: values[name] for name in ("n", "labelled", "links")}
        if not self._run.write(update(window).where(window.c.window_id == look.window_id), change):
            self._run.write(insert(window), values)

    def get(self, window_id: str) -> Window:
        """Raises NotFound."""
        row = self._run.row(select(window).where(window.c.window_id == window_id))
        if row is None:
            raise NotFound(f"window {window_id}: not looked at yet", remedy="Check the id.")
        return from_row(Window, window, row)

    def list(self, model: str, *, version: int | None = None) -> Sequence[Window]:
        """Oldest first: by start, then by order of writing."""
        query = select(window).where(window.c.model == model)
        if version is not None:
            query = query.where(window.c.version == version)
        query = query.order_by(window.c.start, window.c.position)
        return [from_row(Window, window, row) for row in self._run.rows(query)]


class SqlVerdicts:
    """See :class:`ombud.domain.ports.VerdictStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def put(self, said: StoredVerdict) -> bool:
        """True when it was new; the first verdict under an id stays."""
        known = select(verdict.c.position).where(verdict.c.verdict_id == said.verdict_id)
        if self._run.row(known) is not None:
            return False
        # A statistic may honestly be infinite or undefined; JSON has no number for that.
        self._run.write(insert(verdict), to_row(verdict, said, nonfinite="text"))
        return True

    def get(self, verdict_id: str) -> StoredVerdict:
        """Raises NotFound."""
        row = self._run.row(select(verdict).where(verdict.c.verdict_id == verdict_id))
        if row is None:
            raise NotFound(f"verdict {verdict_id}: not stored here", remedy="Check the id.")
        return from_row(StoredVerdict, verdict, row)

    def list(
        self, model: str, *, version: int | None = None, window_id: str | None = None
    ) -> Sequence[StoredVerdict]:
        """Oldest first."""
        query = select(verdict).where(verdict.c.model == model)
        if version is not None:
            query = query.where(verdict.c.version == version)
        if window_id is not None:
            query = query.where(verdict.c.window_id == window_id)
        query = query.order_by(verdict.c.at, verdict.c.position)
        return [from_row(StoredVerdict, verdict, row) for row in self._run.rows(query)]


class SqlAlerts:
    """See :class:`ombud.domain.ports.AlertStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def put(self, raised: Alert) -> None:
        """Insert or update by id; Conflict on a second unresolved alert of one fingerprint."""
        if raised.status is not AlertStatus.RESOLVED:
            other = self.unresolved(raised.fingerprint)
            if other is not None and other.alert_id != raised.alert_id:
                raise Conflict(
                    f"alert {raised.alert_id}: {other.alert_id} is already {other.status} for "
                    f"{raised.fingerprint}",
                    remedy="Add the evidence to that alert, or resolve it first.",
                )
        values = to_row(alert, raised)
        if not self._run.write(update(alert).where(alert.c.alert_id == raised.alert_id), values):
            self._run.write(insert(alert), values)

    def get(self, alert_id: str) -> Alert:
        """Raises NotFound."""
        row = self._run.row(select(alert).where(alert.c.alert_id == alert_id))
        if row is None:
            raise NotFound(f"alert {alert_id}: not stored here", remedy="Check the id.")
        return from_row(Alert, alert, row)

    def unresolved(self, fingerprint: str) -> Alert | None:
        """The one alert of this fingerprint that is still open or acknowledged."""
        live = (alert.c.fingerprint == fingerprint, alert.c.status != AlertStatus.RESOLVED.value)
        row = self._run.row(select(alert).where(*live))
        return None if row is None else from_row(Alert, alert, row)

    def list(self, *, model: str | None = None) -> Sequence[Alert]:
        """Newest first."""
        query = select(alert) if model is None else select(alert).where(alert.c.model == model)
        query = query.order_by(alert.c.opened_at.desc(), alert.c.position.desc())
        return [from_row(Alert, alert, row) for row in self._run.rows(query)]
