"""Memory twins of the window, verdict and alert stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ombud.adapters.memory.staging import Stage, given, kept
from ombud.domain.alert import Alert, AlertStatus
from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window
from ombud.errors import Conflict, NotFound

__all__ = ["MemoryAlerts", "MemoryVerdicts", "MemoryWindows"]


class MemoryWindows:
    """See :class:`ombud.domain.ports.WindowStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def put(self, look: Window) -> None:
        """Insert, or replace counts and links of the same window."""
        windows, fresh = self._stage.write().windows, kept(look)
        old = windows.get(look.window_id, fresh)
        windows[look.window_id] = replace(old, n=fresh.n, labelled=fresh.labelled, links=fresh.links)

    def get(self, window_id: str) -> Window:
        """Raises NotFound."""
        windows = self._stage.read().windows
        if window_id not in windows:
            raise NotFound(f"window {window_id}: not looked at yet", remedy="Check the id.")
        return given(windows[window_id])

    def list(self, model: str, *, version: int | None = None) -> Sequence[Window]:
        """Oldest first: by start, then by order of writing."""
        windows = self._stage.read().windows.values()
        about = [w for w in windows if w.model == model and version in (None, w.version)]
        return given(sorted(about, key=lambda w: w.start))


class MemoryVerdicts:
    """See :class:`ombud.domain.ports.VerdictStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def put(self, said: StoredVerdict) -> bool:
        """True when it was new; the first verdict under an id stays."""
        verdicts = self._stage.write().verdicts
        if said.verdict_id in verdicts:
            return False
        verdicts[said.verdict_id] = kept(said, nonfinite="text")
        return True

    def get(self, verdict_id: str) -> StoredVerdict:
        """Raises NotFound."""
        verdicts = self._stage.read().verdicts
        if verdict_id not in verdicts:
            raise NotFound(f"verdict {verdict_id}: not stored here", remedy="Check the id.")
        return given(verdicts[verdict_id])

    def list(
        self, model: str, *, version: int | None = None, window_id: str | None = None
    ) -> Sequence[StoredVerdict]:
        """Oldest first."""
        about = [
            v
            for v in self._stage.read().verdicts.values()
            if v.model == model and version in (None, v.version) and window_id in (None, v.window_id)
        ]
        return given(sorted(about, key=lambda v: v.at))


class MemoryAlerts:
    """See :class:`ombud.domain.ports.AlertStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def put(self, raised: Alert) -> None:
        """Insert or update by id; Conflict on a second unresolved alert of one fingerprint."""
        alerts = self._stage.write().alerts
        if raised.status is not AlertStatus.RESOLVED:
            other = self.unresolved(raised.fingerprint)
            if other is not None and other.alert_id != raised.alert_id:
                raise Conflict(
                    f"alert {raised.alert_id}: {other.alert_id} is already {other.status} for "
                    f"{raised.fingerprint}",
                    remedy="Add the evidence to that alert, or resolve it first.",
                )
        alerts[raised.alert_id] = kept(raised)

    def get(self, alert_id: str) -> Alert:
        """Raises NotFound."""
        alerts = self._stage.read().alerts
        if alert_id not in alerts:
            raise NotFound(f"alert {alert_id}: not stored here", remedy="Check the id.")
        return given(alerts[alert_id])

    def unresolved(self, fingerprint: str) -> Alert | None:
        """The one alert of this fingerprint that is still open or acknowledged."""
        for alert in self._stage.read().alerts.values():
            if alert.fingerprint == fingerprint and alert.status is not AlertStatus.RESOLVED:
                return given(alert)
        return None

    def list(self, *, model: str | None = None) -> Sequence[Alert]:
        """Newest first."""
        about = [a for a in self._stage.read().alerts.values() if model in (None, a.model)]
        return given(sorted(about, key=lambda a: a.opened_at)[::-1])
