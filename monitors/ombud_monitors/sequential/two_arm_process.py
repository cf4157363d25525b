"""Two proportions, arms side by side, stratum by stratum: the public form of the rollout's engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from ombud.errors import BadInput
from ombud_monitors.sequential.betting import OneSided
from ombud_monitors.sequential.bounds import check_direction, flags
from ombud_monitors.sequential.difference import DifferenceSequence
from ombud_monitors.sequential.evidence import Evidence
from ombud_monitors.sequential.mixture import Wealth
from ombud_monitors.sequential.sealing import State, seal, unseal
from ombud_monitors.sequential.two_arm import BETS, SMALLEST_BLOCK, Blocks, gains

__all__ = ["TwoArmProcess", "check_hypothesis"]

LOOK = 10 * SMALLEST_BLOCK
"""Requests of one stratum taken as one look where their order is known: a block of 120 loses under 1% of
its information, and the guess still learns."""

Stratum = str | int


class TwoArmProcess:
    """E-process for the difference of two proportions on different requests, with its interval.

    Formula: see :mod:`~ombud_monitors.sequential.two_arm`; e-values of blocks multiply over strata.
    "greater" tests "challenger's rate minus control's is at most ``margin``" (large when harm is shown),
    "less" tests "at least ``margin``" (large when the challenger is shown not to be worse by it).

    ``n`` counts requests in closed blocks. At most 11 requests of a stratum (or more, while one arm is
    missing) wait for the next update.

    Args:
        margin: Hypothetical difference, in (-1, 1).
        alternative: Direction of the evidence.
        alpha: Error level.

    Raises:
        BadInput: Impossible margin, direction or level.

    Source: Turner, Ly & Grünwald, JSPI 230 (2024).
    Limits: within a stratum both arms must meet the same mix of requests (random assignment at a
        constant weight; a ramp step is a stratum of its own), and when a label arrives must not depend on
        the answer. The null is about every stratum: one with harm and one without is a false null.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> process = TwoArmProcess()
        >>> for step, (weight, base) in enumerate([(0.05, 0.03), (0.25, 0.05), (0.5, 0.07)]):
        ...     challenger = rng.random(3000) < weight
        ...     wrong = rng.random(3000) < base + 0.05 * challenger
        ...     seen = process.update(challenger, wrong, strata=[step] * 3000)
        >>> seen.rejected, round(seen.estimate, 2), seen.covers(0.05)
        (True, 0.06, True)
    """

    def __init__(
        self, margin: float = 0.0, *, alternative: OneSided = "greater", alpha: float = 0.05
    ) -> None:
        check_hypothesis(margin, alternative)
        self.margin, self.alternative, self.alpha = margin, alternative, alpha
        self._sequence = DifferenceSequence(alpha=alpha)
        self._blocks = Blocks()
        self._wealth = Wealth(BETS)

    def update(
        self, challenger: ArrayLike, wrong: ArrayLike, *, strata: Sequence[Stratum] | None = None
    ) -> Evidence:
        """Take requests in the order in which they were judged.

        Args:
            challenger: ``(n,)`` whether the challenger answered (else the control).
            wrong: ``(n,)`` whether the answer was wrong.
            strata: ``(n,)`` names or numbers of what must be compared within; None is one stratum.

        Raises:
            BadInput: Vectors of different length, or flags that are not 0 or 1.
        """
        arm = flags(challenger, what="challenger").astype(np.int64)
        error = flags(wrong, what="wrong")
        names = np.zeros(len(arm), dtype=np.int64) if strata is None else np.asarray(strata)
        if not len(arm) == len(error) == names.size or names.ndim != 1 or names.dtype.kind not in "iuU":
            raise BadInput(
                f"requests: expected vectors of one length, strata as names or whole numbers, got lengths "
                f"{len(arm)}, {len(error)} and {names.shape} {names.dtype}",
                remedy="Give arm, outcome and stratum of every request.",
            )
        for name in dict.fromkeys(names.tolist()):
            inside = np.flatnonzero(names == name)
            for start in range(0, len(inside), LOOK):
                look = inside[start : start + LOOK]
                requests = np.bincount(arm[look], minlength=2)
                errors = np.bincount(arm[look[error[look]]], minlength=2)
                self._add(requests.tolist(), errors.tolist(), name)
        return self.evidence

    def update_counts(
        self, requests: Sequence[int], errors: Sequence[int], *, stratum: Stratum = 0
    ) -> Evidence:
        """Take one look that has been counted already.

        Args:
            requests: Judged requests of control and challenger.
            errors: How many of each were wrong.
            stratum: Name or number of what must be compared within.

        Raises:
            BadInput: More errors than requests, or a negative count.
        """
        self._add(requests, errors, stratum)
        return self.evidence

    @property
    def evidence(self) -> Evidence:
        """Where it stands."""
        wealth = self._wealth
        return Evidence(**vars(self._sequence.interval), e_value=wealth.now, peak=wealth.peak)

    def _add(self, requests: Sequence[int], errors: Sequence[int], stratum: Stratum) -> None:
        block = self._blocks.add(
            [int(n) for n in requests],
            [int(e) for e in errors],
            stratum=stratum if isinstance(stratum, str) else int(stratum),
        )
        if block is not None:
            toward = 1 if self.alternative == "greater" else -1
            self._wealth.add(gains([block], BETS.sizes, gaps=self.margin, toward=toward))
            self._sequence.add([block])

    def state(self) -> State:
        """Plain numbers, sealed; :meth:`restore` continues from them bit for bit."""
        fields = {"margin": self.margin, "alternative": self.alternative, "blocks": self._blocks.state()}
        return seal("TwoArmProcess", {**fields, **self._wealth.state(), "sequence": self._sequence.state()})

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> TwoArmProcess:
        """A process that continues where :meth:`state` was taken.

        Raises:
            BadInput: The state is of another class or version.
            Corrupted: It was altered.
        """
        kept = unseal(state, "TwoArmProcess")
        sequence = DifferenceSequence.restore(kept["sequence"])
        process = cls(kept["margin"], alternative=kept["alternative"], alpha=sequence.alpha)
        process._sequence = sequence
        process._blocks.resume(kept["blocks"])
        process._wealth.resume(kept)
        return process


def check_hypothesis(margin: float, alternative: str) -> None:
    """Refuse a margin or a direction that is none.

    Raises:
        BadInput: ``margin`` is outside (-1, 1), or ``alternative`` is not "less" or "greater".
    """
    if not -1 < margin < 1:
        raise BadInput(
            f"margin: expected a difference of rates strictly between -1 and 1, got {margin}",
            remedy="Give absolute points, 0.02 for 2 points.",
        )
    check_direction(alternative, get_args(OneSided))
