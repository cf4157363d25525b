"""Sequential evidence: look as often as you like, the error bound holds.

An e-process is wealth won by betting against a null hypothesis. It starts at 1; if the null is true,
the chance that it *ever* reaches ``1 / alpha`` is at most ``alpha``. A confidence sequence is the set of
values not yet rejected so: the chance that the truth is *ever* outside is at most ``alpha``.

======================  ==========================================================================
``MeanProcess``         the mean of a bounded quantity against a hypothetical one
``MeanSequence``        its confidence sequence alone
``TwoArmProcess``       two proportions on different requests, stratum by stratum
``DifferenceSequence``  the confidence sequence of their difference alone
``PairedProcess``       two versions on the same requests; disagreements decide
``QuantileProcess``     a quantile of any distribution against a hypothetical one
``QuantileSequence``    its confidence sequence alone
``HarmfulShift``        the risk in production against a labelled reference; labels come late
======================  ==========================================================================

Each takes arrays, answers with :class:`Evidence` (e-value, estimate, limits), and is saved as plain
numbers (``state()``, ``restore``). The functions over rollout increments and :class:`RolloutProcesses`
serve the judge of a rollout.
"""

from ombud_monitors.sequential.bounded_mean import MeanProcess, MeanSequence, mean_log_wealth
from ombud_monitors.sequential.difference import DifferenceSequence
from ombud_monitors.sequential.evidence import Evidence, Interval
from ombud_monitors.sequential.harmful_shift import HarmEvidence, HarmfulShift
from ombud_monitors.sequential.paired import paired_harm, paired_not_worse
from ombud_monitors.sequential.paired_process import PairedProcess
from ombud_monitors.sequential.quantile import QuantileProcess, QuantileSequence
from ombud_monitors.sequential.rollout_processes import RolloutProcesses
from ombud_monitors.sequential.two_arm import Block, Blocks, split_harm, split_not_worse
from ombud_monitors.sequential.two_arm_process import TwoArmProcess

__all__ = [
    "Block",
    "Blocks",
    "DifferenceSequence",
    "Evidence",
    "HarmEvidence",
    "HarmfulShift",
    "Interval",
    "MeanProcess",
    "MeanSequence",
    "PairedProcess",
    "QuantileProcess",
    "QuantileSequence",
    "RolloutProcesses",
    "TwoArmProcess",
    "mean_log_wealth",
    "paired_harm",
    "paired_not_worse",
    "split_harm",
    "split_not_worse",
]
