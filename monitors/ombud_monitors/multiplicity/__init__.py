"""Multiplicity: many monitors, many looks, one promise about false alarms.

:class:`Budget` is the promise (at most this chance of any false alarm in one period); :class:`Split` says
what each monitor, and each slice below it, may spend at each look, so that the promise holds whatever
the dependence. :class:`PlannedLooks` and :class:`OpenEnded` share a budget out over time.

P-values become e-values by a calibrator (:func:`mixture` if in doubt), and e-values can be merged:
:func:`average` under any dependence, :func:`product_of_sequential` only where the name says. Over looks,
:class:`SpentEvidence` and :class:`RestartingEvidence` do the same step by step. Over monitors,
:func:`e_bonferroni` bounds the chance of any false rejection, :func:`e_bh` and :func:`closed_e_bh` the
share of false ones.

Slices that come one by one, nobody knows how many, are tested by :class:`LordPlusPlus` (independent
p-values) or :class:`ELond` (e-values, any dependence); :class:`OnlineState` is their state.
"""

from ombud_monitors.multiplicity.accumulating import RestartingEvidence, SpentEvidence
from ombud_monitors.multiplicity.budget import Branch, Budget, Split, SplitRow
from ombud_monitors.multiplicity.calibrators import (
    Calibrator,
    all_or_nothing,
    e_to_p,
    heavy_tailed,
    mixture,
    power,
    shafer,
)
from ombud_monitors.multiplicity.merging import average, product_of_sequential
from ombud_monitors.multiplicity.online import ELond, LordPlusPlus, OnlineState
from ombud_monitors.multiplicity.rejecting import closed_e_bh, e_bh, e_bonferroni
from ombud_monitors.multiplicity.spending import OpenEnded, PlannedLooks, Spending

__all__ = [
    "Branch",
    "Budget",
    "Calibrator",
    "ELond",
    "LordPlusPlus",
    "OnlineState",
    "OpenEnded",
    "PlannedLooks",
    "RestartingEvidence",
    "Spending",
    "SpentEvidence",
    "Split",
    "SplitRow",
    "all_or_nothing",
    "average",
    "closed_e_bh",
    "e_bh",
    "e_bonferroni",
    "e_to_p",
    "heavy_tailed",
    "mixture",
    "power",
    "product_of_sequential",
    "shafer",
]
