"""What the story tells at its end, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["ChampionChange", "StepReport", "StoryReport"]


@dataclass(frozen=True)
class StepReport:
    """One step that ended as it should.

    Args:
        number: 1 to 8.
        title: What happened, in one line.
        seconds: How long it took.
        facts: Short facts, each checked against a store.
        look_at: Where to see it: a portal path, a Dagster run, a file.
    """

    number: int
    title: str
    seconds: float
    facts: tuple[str, ...]
    look_at: str


@dataclass(frozen=True)
class ChampionChange:
    """One move of the champion alias, as the ledger tells it."""

    version: int
    at: str
    actor: str
    reason: str


@dataclass
class StoryReport:
    """The whole story.

    Args:
        home: Where everything lies.
        data: Name and nature of the data.
        synthetic: True for generated data.
        steps: Steps that ended as they should.
        champions: Champion versions over time.
        alert: The drift alert.
        rolled_back: Version that the canary refused.
        ledger: Result of verifying the ledger.
        cards: Version → card core digest.
        failure: Why the story ended early; empty when it ended well.
    """

    home: str
    data: str
    synthetic: bool
    steps: list[StepReport] = field(default_factory=list)
    champions: list[ChampionChange] = field(default_factory=list)
    alert: dict[str, Any] = field(default_factory=dict)
    rolled_back: int | None = None
    ledger: dict[str, Any] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Whether every step ended as it should."""
        return not self.failure and len(self.steps) == 8

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {"ok": self.ok, **asdict(self)}
