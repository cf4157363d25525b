"""The two-sample tests by name: an explicit list, so that a saved file can only name what is here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ombud_monitors.two_sample.aggregated import Aggregated
from ombud_monitors.two_sample.binned_ks import BinnedKS
from ombud_monitors.two_sample.categories import Categories
from ombud_monitors.two_sample.classifier import ClassifierTest
from ombud_monitors.two_sample.cramer_von_mises import CramerVonMises
from ombud_monitors.two_sample.energy import Energy
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.ks import KS
from ombud_monitors.two_sample.mean import Mean
from ombud_monitors.two_sample.mmd import MMD
from ombud_monitors.two_sample.norms import Norms
from ombud_monitors.two_sample.random_features import RandomFeatureMMD
from ombud_monitors.two_sample.ranks import Ranks
from ombud_monitors.two_sample.second_moment import SecondMoment

__all__ = ["DETECTORS"]

DETECTORS: Mapping[str, type[TwoSampleTest]] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            Mean,
            Ranks,
            KS,
            BinnedKS,
            CramerVonMises,
            Categories,
            ClassifierTest,
            MMD,
            RandomFeatureMMD,
            Energy,
            SecondMoment,
            Norms,
            Aggregated,
        )
    }
)
"""Name in the catalogue → recipe."""
