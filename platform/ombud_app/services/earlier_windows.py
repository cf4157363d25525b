"""The windows before today's: what monitors of change look back on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ombud.domain.inference import Variant
from ombud.domain.modality import Modality
from ombud.domain.observations import Observations
from ombud.domain.ports import InferenceLog, LogQuery
from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window
from ombud_app.services.observing import observe_log
from ombud_monitors.panel import MEMORY

__all__ = ["EarlierWindows", "read_earlier"]


@dataclass(frozen=True)
class EarlierWindows:
    """Windows of one version in the same budget period, oldest first.

    Args:
        windows: Window id → what was observed.
        fired: Window ids by the code of the monitor that fired there.
    """

    windows: Mapping[str, Observations]
    fired: Mapping[str, frozenset[str]]

    def quiet(self, code: str) -> tuple[Observations, ...]:
        """Those on which this monitor did not fire."""
        loud = self.fired.get(code, frozenset())
        return tuple(seen for window_id, seen in self.windows.items() if window_id not in loud)


def read_earlier(
    log: InferenceLog,
    window: Window,
    looked: Sequence[Window],
    said: Sequence[StoredVerdict],
    *,
    labels: Sequence[str],
    modalities: Sequence[Modality],
    clusters: Mapping[str, str],
) -> EarlierWindows:
    """Read the last windows before this one from the log.

    Args:
        log: Where the traffic is.
        window: Today's window.
        looked: Windows of the same version in this budget period; later ones are not looked at.
        said: Verdicts about this version.
        labels: Class names in the order of the probability columns.
        modalities: Inputs that the model reads.
        clusters: Modality → attribute that names the repeating unit.
    """
    earlier = sorted((w for w in looked if w.end <= window.start), key=lambda w: w.start)[-MEMORY:]
    if not earlier:
        return EarlierWindows({}, {})
    rows = log.read(
        LogQuery(
            window.model,
            version=window.version,
            variants=(Variant.CHAMPION,),
            start=earlier[0].start,
            end=earlier[-1].end,
        )
    )
    observed = {
        w.window_id: observe_log(
            [r for r in rows if w.start <= r.inference.time < w.end],
            labels=labels,
            modalities=modalities,
            clusters=clusters,
        )
        for w in earlier
    }
    loud: dict[str, set[str]] = {}
    for verdict in said:
        if verdict.verdict.fired and not verdict.advisory:
            loud.setdefault(verdict.verdict.monitor, set()).add(verdict.window_id)
    return EarlierWindows(observed, {code: frozenset(ids) for code, ids in loud.items()})
