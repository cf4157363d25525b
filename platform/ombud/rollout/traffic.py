"""Who answers, and where the aliases must point: pure functions of the rollouts of one model.

Gateway and effects worker both read these, so that traffic and aliases cannot disagree about what
the ledger decided. Nothing here is stored; it follows from the states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ombud.domain.model_version import Alias
from ombud.domain.rollout import Rollout
from ombud.domain.rollout import RolloutState as S
from ombud.rollout.states import FINAL

__all__ = ["Traffic", "effective", "last_promoted", "traffic", "unfinished", "wanted_alias"]


@dataclass(frozen=True)
class Traffic:
    """How one model's requests are answered.

    Args:
        champion: Version that answers; None before the first promotion.
        challenger: Version that answers a share of the traffic; None outside the ramp.
        weight: Share of the challenger, in [0, 1).
        shadow: Version that gets copies off the response path: the challenger in shadow, the
            previous champion while the new one bakes.
        rollout_id: Rollout behind it; empty when nothing is on trial.
        stage: Stage to which evidence of this traffic belongs.
        step: Ramp step to which it belongs.
    """

    champion: int | None
    challenger: int | None = None
    weight: float = 0.0
    shadow: int | None = None
    rollout_id: str = ""
    stage: S | None = None
    step: int = 0

    @property
    def tag(self) -> str:
        """``rollout/stage/step`` as every inference record of the trial carries it; else empty.

        Example:
            >>> Traffic(1, shadow=2, rollout_id="r-7", stage=S.SHADOW).tag
            'r-7/shadow/0'
        """
        return f"{self.rollout_id}/{self.stage.value}/{self.step}" if self.stage else ""


def effective(rollout: Rollout) -> S:
    """The state that decides traffic: a hold freezes what was there before it."""
    return rollout.resume_to if rollout.state is S.HOLD and rollout.resume_to else rollout.state


def last_promoted(rollouts: Sequence[Rollout]) -> int | None:
    """Version of the newest PROMOTED rollout; ``rollouts`` of one model, newest first."""
    return next((r.challenger for r in rollouts if r.state is S.PROMOTED), None)


def unfinished(rollouts: Sequence[Rollout]) -> Rollout | None:
    """The one rollout that is not final, or None; ``rollouts`` of one model, newest first."""
    return next((r for r in rollouts if r.state not in FINAL), None)


def traffic(rollouts: Sequence[Rollout], *, adopted: int | None = None) -> Traffic:
    """How requests are answered now.

    Args:
        rollouts: Of one model, newest first.
        adopted: Champion alias of a registry that Ombud found already in use; counts only while
            no rollout has ever been promoted.
    """
    trial = unfinished(rollouts)
    champion = last_promoted(rollouts) or (trial.control if trial else None) or adopted
    if trial is None:
        return Traffic(champion)
    state, steps = effective(trial), trial.plan.steps
    if state is S.SHADOW:
        return Traffic(champion, shadow=trial.challenger, rollout_id=trial.rollout_id, stage=S.SHADOW)
    if state in (S.RAMP, S.CERTIFIED, S.PROMOTING) and steps:
        # After the last step the split stays as it is until the alias has been seen to move.
        step = trial.step if state is S.RAMP else len(steps) - 1
        return Traffic(
            champion,
            challenger=trial.challenger,
            weight=steps[step].weight,
            rollout_id=trial.rollout_id,
            stage=S.RAMP,
            step=step,
        )
    if state is S.BAKING:
        return Traffic(trial.challenger, shadow=trial.control, rollout_id=trial.rollout_id, stage=S.BAKING)
    return Traffic(champion)


def wanted_alias(alias: Alias, rollouts: Sequence[Rollout], *, adopted: int | None = None) -> int | None:
    """Version behind ``alias`` according to the ledger; None means "points nowhere"."""
    trial = unfinished(rollouts)
    state = effective(trial) if trial else None
    if alias is Alias.CHALLENGER:
        tried = trial is not None and state in (S.SHADOW, S.RAMP, S.CERTIFIED)
        return trial.challenger if trial and tried else None
    if trial and state in (S.BOOTSTRAP, S.PROMOTING, S.BAKING):
        return trial.challenger
    return last_promoted(rollouts) or (trial.control if trial else None) or adopted
