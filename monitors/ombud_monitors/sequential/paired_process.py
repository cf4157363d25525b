"""Two versions on the same requests, arrays in: the public form of the shadow's engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput
from ombud_monitors.sequential.betting import OneSided
from ombud_monitors.sequential.bounded_mean import MeanSequence
from ombud_monitors.sequential.bounds import flags, numbers
from ombud_monitors.sequential.evidence import Evidence
from ombud_monitors.sequential.mixture import Wealth
from ombud_monitors.sequential.paired import bets, outcome_gains
from ombud_monitors.sequential.sealing import State, seal, unseal
from ombud_monitors.sequential.two_arm_process import check_hypothesis

__all__ = ["PairedProcess"]


class PairedProcess:
    """E-process for the difference of two versions' error rates on the same requests, with its interval.

    Formula: ``W = sum_k w_k prod (1 + t k (X - margin))`` over pairs ``X = challenger wrong - control
    wrong`` in {-1, 0, 1}; ``t`` is 1 for "greater" (null "at most ``margin``") and -1 for "less" (null "at
    least ``margin``"). With margin 0 pairs on which both are right or both wrong multiply by 1: only
    disagreements count, the sequential form of McNemar's test. Agreeing pairs need no label then; they
    still belong in the count, because the interval is for the difference of error *rates*.

    The interval is betting on the mean of ``X`` (:class:`~ombud_monitors.sequential.MeanSequence`), inverted.

    Args:
        margin: Hypothetical difference, in (-1, 1).
        alternative: Direction of the evidence.
        alpha: Error level.

    Raises:
        BadInput: Impossible margin, direction or level.

    Source: Waudby-Smith & Ramdas, JRSS-B 86 (2024); McNemar, Psychometrika 12 (1947).
    Limits: the difference must be on the stated side at every request, given the past; the error rate
        itself may move. Requests from one speaker or document are no independent pairs.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> hard = rng.random(1500) < 0.05
        >>> process = PairedProcess()
        >>> seen = process.update(hard, hard | (rng.random(1500) < 0.02))
        >>> seen.rejected, round(seen.estimate, 3), seen.covers(0.019)
        (True, 0.019, True)
    """

    def __init__(
        self, margin: float = 0.0, *, alternative: OneSided = "greater", alpha: float = 0.05
    ) -> None:
        check_hypothesis(margin, alternative)
        self.margin, self.alternative, self.alpha = margin, alternative, alpha
        toward = 1 if alternative == "greater" else -1
        self._wealth = Wealth(bets(margin, toward=toward))
        self._won = outcome_gains(self._wealth.mixture, margin, toward=toward)
        self._sequence = MeanSequence(-1.0, 1.0, alpha=alpha)

    def update(self, control_wrong: ArrayLike, challenger_wrong: ArrayLike) -> Evidence:
        """Take pairs in their order; the wealth is read after each.

        Args:
            control_wrong: ``(n,)`` whether the control's answer was wrong.
            challenger_wrong: ``(n,)`` whether the challenger's was, on the same requests.

        Raises:
            BadInput: Vectors of different length, or flags that are not 0 or 1.
        """
        control = flags(control_wrong, what="control wrong")
        challenger = flags(challenger_wrong, what="challenger wrong")
        if len(control) != len(challenger):
            raise BadInput(
                f"pairs: expected two vectors of one length, got {len(control)} and {len(challenger)}",
                remedy="Give both versions' outcomes on the same requests, in the same order.",
            )
        difference = challenger.astype(np.int64) - control
        return self._add(self._won[difference + 1], np.bincount(difference + 1, minlength=3))

    def update_counts(self, *, better: int, worse: int, same: int) -> Evidence:
        """Take one look that has been counted already.

        Args:
            better: Pairs on which only the control was wrong.
            worse: Pairs on which only the challenger was wrong.
            same: Pairs on which both were right or both wrong.

        Raises:
            BadInput: A count that is negative or not whole.
        """
        counts = numbers([better, same, worse], what="pairs")
        if (counts < 0).any() or (counts % 1 != 0).any():
            raise BadInput(
                f"pairs: expected whole counts of at least 0, got {better}, {worse} and {same}",
                remedy="Count the pairs again from the inference log.",
            )
        return self._add((counts @ self._won)[None], counts)

    @property
    def evidence(self) -> Evidence:
        """Where it stands."""
        wealth = self._wealth
        return Evidence(**vars(self._sequence.interval), e_value=wealth.now, peak=wealth.peak)

    def _add(self, gains: NDArray[np.float64], counts: NDArray[Any]) -> Evidence:
        self._wealth.add(gains)
        self._sequence.update([-1.0, 0.0, 1.0], counts)
        return self.evidence

    def state(self) -> State:
        """Plain numbers, sealed; :meth:`restore` continues from them bit for bit."""
        fields = {"margin": self.margin, "alternative": self.alternative}
        return seal("PairedProcess", {**fields, **self._wealth.state(), "sequence": self._sequence.state()})

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> PairedProcess:
        """A process that continues where :meth:`state` was taken.

        Raises:
            BadInput: The state is of another class or version.
            Corrupted: It was altered.
        """
        kept = unseal(state, "PairedProcess")
        sequence = MeanSequence.restore(kept["sequence"])
        process = cls(kept["margin"], alternative=kept["alternative"], alpha=sequence.alpha)
        process._sequence = sequence
        process._wealth.resume(kept)
        return process
