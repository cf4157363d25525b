"""Windows and verdicts: a table of monitors × windows, and every verdict with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window
from ombud_app.portal.access import needs
from ombud_app.portal.api.models_and_versions import known_model
from ombud_app.portal.pages.lights import State, state_of
from ombud_app.portal.rendering import page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_SHOWN = 12


@dataclass(frozen=True)
class _Look:
    """A window with the verdicts about it."""

    window: Window
    verdicts: list[StoredVerdict]

    @property
    def fired(self) -> int:
        """How many monitors of ours saw drift."""
        return sum(v.verdict.fired and not v.advisory for v in self.verdicts)

    def state(self, monitor: str) -> State:
        """What a monitor said about this window; second opinions do not count."""
        told = [v for v in self.verdicts if v.verdict.monitor == monitor and not v.advisory]
        return state_of(told[0]) if told else State.UNKNOWN


@router.get("/models/{model}/windows")
def windows_page(request: Request, model: str) -> HTMLResponse:
    """The newest windows of a model."""
    house = needs(request)
    known_model(house, model)
    with house.uow.begin(write=False) as tx:
        windows = tx.windows.list(model)
        verdicts = tx.verdicts.list(model)
    looks = [
        _Look(window, [v for v in verdicts if v.window_id == window.window_id])
        for window in windows[-_SHOWN:]
    ]
    monitors = list(
        dict.fromkeys(v.verdict.monitor for look in looks for v in look.verdicts if not v.advisory)
    )
    return page(
        request,
        "windows.html",
        model=model,
        looks=looks,
        monitors=sorted(monitors),
        total=len(windows),
        state_of=state_of,
    )
