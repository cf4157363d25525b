"""Sequential evidence: look as often as you like, the error bound holds.

An e-process is wealth won by betting against a null hypothesis. It starts at 1; if the null is true,
the chance that it *ever* reaches ``1 / alpha`` is at most ``alpha``. :mod:`paired` bets on requests that
both versions answered, :mod:`two_arm` on requests that were split between them, and
:class:`RolloutProcesses` hands both to the judge of a rollout.
"""

from ombud_monitors.sequential.paired import paired_harm, paired_not_worse
from ombud_monitors.sequential.rollout_processes import RolloutProcesses
from ombud_monitors.sequential.two_arm import split_harm, split_not_worse

__all__ = ["RolloutProcesses", "paired_harm", "paired_not_worse", "split_harm", "split_not_worse"]
