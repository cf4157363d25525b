"""From the inference log to the judge's increments: integers, deduplicated, in order.

The gateway tags every record of a trial with ``rollout/stage/step``, so that a label that comes
late still counts in the stage in which its request was answered, and replayed traffic with event
times of its own is not lost. A request counts once: its id is marked as judged in the same
transaction that stores the increments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ombud.domain.inference import LabelledInference
from ombud.domain.ports import Clock, InferenceLog, LogQuery, UnitOfWork
from ombud.domain.rollout import Arm, Increment, Outcome2x2, Rollout
from ombud.domain.rollout import RolloutState as S
from ombud.rollout.alpha import ALL, AVAILABILITY

__all__ = ["ROLLOUT_ATTRIBUTE", "RolloutEvidence"]

ROLLOUT_ATTRIBUTE = "ombud.rollout"
"""Attribute of an inference record that names the rollout, stage and step it belongs to."""

_ANSWERED = "answered:"
"""Prefix of the mark that a request was counted for availability, which needs no label."""

_MARGIN = timedelta(days=1)
"""How much older than the challenger's oldest record a control record may be and still count."""

_Place = tuple[S, int]
_Wrong = Callable[[LabelledInference], bool]


@dataclass
class _Tally:
    """What one look adds to one (stage, step, segment)."""

    pairs: dict[tuple[bool, bool], int] = field(default_factory=lambda: defaultdict(int))
    requests: dict[Arm, int] = field(default_factory=lambda: defaultdict(int))
    errors: dict[Arm, int] = field(default_factory=lambda: defaultdict(int))
    failures: dict[Arm, int] = field(default_factory=lambda: defaultdict(int))

    def pair(self, control_wrong: bool, challenger_wrong: bool) -> None:
        self.pairs[control_wrong, challenger_wrong] += 1

    def single(self, arm: Arm, wrong: bool) -> None:
        self.requests[arm] += 1
        self.errors[arm] += wrong

    def failed(self, arm: Arm) -> None:
        self.failures[arm] += 1

    def increment(self, look: int, place: _Place, segment: str, at: datetime) -> Increment:
        return Increment(
            look=look,
            stage=place[0],
            step=place[1],
            segment=segment,
            at=at,
            paired=Outcome2x2(
                both_right=self.pairs[False, False],
                only_control_wrong=self.pairs[True, False],
                only_challenger_wrong=self.pairs[False, True],
                both_wrong=self.pairs[True, True],
            ),
            requests=dict(self.requests),
            errors=dict(self.errors),
            failures=dict(self.failures),
        )


@dataclass(frozen=True)
class RolloutEvidence:
    """Takes looks at a live rollout.

    Args:
        uow: Where transactions come from.
        log: Where the traffic is.
        clock: Where time comes from.

    Limits:
        Reads the challenger's records at every look; the control's only when there is news.
    """

    uow: UnitOfWork
    log: InferenceLog
    clock: Clock

    def collect(self, rollout: Rollout) -> int:
        """Store what is new since the last look as increments.

        In pairs, both versions answered the same request (challenger in shadow, or the previous
        champion in shadow while the new one bakes). In a split, each request has one arm. A failed
        answer is an error once its label is there, and counts for availability at once.

        Returns:
            How many request marks the look added; 0 when there was nothing new and no look.

        Raises:
            StaleTransition: Another process took the same look; nothing was written.
        """
        if rollout.control is None:
            return 0
        with self.uow.begin(write=False) as tx:
            judged = tx.rollouts.judged(rollout.rollout_id)
            looks = [i.look for i in tx.rollouts.increments(rollout.rollout_id)]
        tallies: dict[tuple[_Place, str], _Tally] = defaultdict(_Tally)
        marks: list[str] = []
        for request_id, place, arms in self._news(rollout, judged):
            if _ANSWERED + request_id not in judged:
                _count(tallies[place, AVAILABILITY], place, arms, wrong=_unanswered)
                marks.append(_ANSWERED + request_id)
            if request_id not in judged and all(row.label is not None for row in arms.values()):
                for segment in (ALL, _pattern(arms)):
                    _count(tallies[place, segment], place, arms, wrong=_incorrect)
                marks.append(request_id)
        if not marks:
            return 0
        look, now = max(looks, default=0) + 1, self.clock.now()
        increments = [
            tally.increment(look, place, segment, now)
            for (place, segment), tally in sorted(tallies.items(), key=lambda item: item[0])
        ]
        with self.uow.begin() as tx:
            tx.rollouts.add_increments(rollout.rollout_id, increments, marks)
            tx.commit()
        return len(marks)

    def _news(
        self, rollout: Rollout, judged: frozenset[str]
    ) -> Iterable[tuple[str, _Place, dict[Arm, LabelledInference]]]:
        """Requests with everything that their stage needs and something not counted yet."""
        challenger = self._tagged(rollout, rollout.challenger, None)
        fresh = [row for row in challenger if _has_news(row, judged)]
        if not fresh:
            return
        oldest = min(row.inference.time for row in challenger)
        control = self._tagged(rollout, rollout.control, oldest - _MARGIN)
        by_id = {(row.inference.request_id, _place(row)): row for row in control}
        for row in fresh:
            place, request_id = _place(row), row.inference.request_id
            if place[0] is S.RAMP:
                yield request_id, place, {Arm.CHALLENGER: row}
            elif (pair := by_id.get((request_id, place))) is not None:
                yield request_id, place, {Arm.CONTROL: pair, Arm.CHALLENGER: row}
        for row in control:
            if _place(row)[0] is S.RAMP and _has_news(row, judged):
                yield row.inference.request_id, _place(row), {Arm.CONTROL: row}

    def _tagged(
        self, rollout: Rollout, version: int | None, start: datetime | None
    ) -> Sequence[LabelledInference]:
        rows = self.log.read(LogQuery(rollout.model, version=version, start=start))
        prefix = f"{rollout.rollout_id}/"
        return [r for r in rows if r.inference.attributes.get(ROLLOUT_ATTRIBUTE, "").startswith(prefix)]


def _count(tally: _Tally, place: _Place, arms: dict[Arm, LabelledInference], *, wrong: _Wrong) -> None:
    if place[0] is S.RAMP:
        for arm, row in arms.items():
            tally.single(arm, wrong(row))
    else:
        tally.pair(wrong(arms[Arm.CONTROL]), wrong(arms[Arm.CHALLENGER]))
    for arm, row in arms.items():
        if _unanswered(row):
            tally.failed(arm)


def _has_news(row: LabelledInference, judged: frozenset[str]) -> bool:
    request_id = row.inference.request_id
    labelled = row.label is not None and request_id not in judged
    return labelled or _ANSWERED + request_id not in judged


def _place(row: LabelledInference) -> _Place:
    _, stage, step = row.inference.attributes[ROLLOUT_ATTRIBUTE].rsplit("/", 2)
    return S(stage), int(step)


def _pattern(arms: dict[Arm, LabelledInference]) -> str:
    """Presence pattern as a segment name: ``audio+text``."""
    present = next(iter(arms.values())).inference.present
    return "+".join(sorted(present)) or "nothing"


def _unanswered(row: LabelledInference) -> bool:
    return row.inference.prediction is None


def _incorrect(row: LabelledInference) -> bool:
    return row.correct is not True
