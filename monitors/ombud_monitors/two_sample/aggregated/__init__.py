"""Aggregated: one valid test over complementary views of the rows.

:class:`Aggregated` (:mod:`aggregate`) is the default where nobody knows what will change. Its parts:

- :class:`View` (:mod:`view`): features of rows, and the statistics that judge their averages;
  :mod:`columns`, :mod:`dependence`, :mod:`lengths` and :mod:`groups` make them;
- :class:`SharedSplits` (:mod:`shared_splits`): all statistics of many splits by one matrix product;
- :class:`Combination` (:mod:`combination`): many statistics become one;
- :mod:`telling`: which statistic spoke loudest, and its effect.

A new view needs features that treat all pooled rows alike, and nothing else: the test stays valid.
"""

from ombud_monitors.two_sample.aggregated.aggregate import Aggregated
from ombud_monitors.two_sample.aggregated.combination import Combination
from ombud_monitors.two_sample.aggregated.shared_splits import Place, SharedSplits
from ombud_monitors.two_sample.aggregated.view import Reduction, Statistic, View

__all__ = ["Aggregated", "Combination", "Place", "Reduction", "SharedSplits", "Statistic", "View"]
