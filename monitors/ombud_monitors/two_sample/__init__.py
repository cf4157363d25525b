"""Two-sample tests: is the current window from where the reference came from?

=========  ==================================================  ==========================
detector   sees                                                p-value
=========  ==================================================  ==========================
``Mean``   means of columns, one direction or both             exact permutation
``Ranks``  location and spread of columns, whatever the unit   exact permutation
``KS``     any change of one column                            Bonferroni; permutation by cluster
``MMD``    any change of the joint distribution                exact permutation
``Energy`` any change of the joint distribution, no bandwidth  exact permutation
=========  ==================================================  ==========================

``RandomFeatureMMD`` is ``MMD`` in linear time, its kernel approximated, its p-value exact all the same.
``BinnedKS`` is ``KS`` on :class:`Histograms`, which merge exactly and are judged without rows.
``CramerVonMises`` sees what changes a column's distribution a little all along its range.
``Categories`` compares the shares of categories; :class:`CategoryCodes` turns texts into codes for it.
``ClassifierTest`` trains on half of the rows and judges by the other half, whatever the learner sees.
``Aggregated`` looks at columns, dependence, lengths and groups of rows together: the one to start with.
``SecondMoment`` sees spread and dependence, ``Norms`` the length of rows (a change of gain).
All follow :class:`~ombud_monitors.detector.Detector`. Each is for windows that are looked at once;
what is looked at repeatedly takes its level from
:class:`~ombud_monitors.multiplicity.budget.Budget`, or uses :mod:`ombud_monitors.sequential`.
:mod:`exchangeable` says what may be permuted, :mod:`assignments` permutes it.
"""

from ombud_monitors.two_sample.aggregated import Aggregated
from ombud_monitors.two_sample.assignments import permutations_for
from ombud_monitors.two_sample.binned_ks import BinnedKS, FittedBinnedKS
from ombud_monitors.two_sample.categories import Categories
from ombud_monitors.two_sample.category_codes import CategoryCodes
from ombud_monitors.two_sample.classifier import ClassifierTest
from ombud_monitors.two_sample.cramer_von_mises import CramerVonMises
from ombud_monitors.two_sample.energy import Energy
from ombud_monitors.two_sample.evidence import Evidence, Refusal
from ombud_monitors.two_sample.exchangeable import Exchangeable, clusters_needed
from ombud_monitors.two_sample.fitting import FittedTwoSampleTest, TwoSampleTest
from ombud_monitors.two_sample.histograms import Bins, Histograms
from ombud_monitors.two_sample.ks import KS
from ombud_monitors.two_sample.mean import Mean, MeanEvidence, compare_means
from ombud_monitors.two_sample.mmd import MMD
from ombud_monitors.two_sample.norms import Norms
from ombud_monitors.two_sample.permuting import Permuted, critical_value, permutation_test
from ombud_monitors.two_sample.random_features import RandomFeatureMMD
from ombud_monitors.two_sample.ranks import Ranks
from ombud_monitors.two_sample.second_moment import SecondMoment
from ombud_monitors.two_sample.windows import Windows

__all__ = [
    "KS",
    "MMD",
    "Aggregated",
    "BinnedKS",
    "Bins",
    "Categories",
    "CategoryCodes",
    "ClassifierTest",
    "CramerVonMises",
    "Energy",
    "Evidence",
    "Exchangeable",
    "FittedBinnedKS",
    "FittedTwoSampleTest",
    "Histograms",
    "Mean",
    "MeanEvidence",
    "Norms",
    "Permuted",
    "RandomFeatureMMD",
    "Ranks",
    "Refusal",
    "SecondMoment",
    "TwoSampleTest",
    "Windows",
    "clusters_needed",
    "compare_means",
    "critical_value",
    "permutation_test",
    "permutations_for",
]
