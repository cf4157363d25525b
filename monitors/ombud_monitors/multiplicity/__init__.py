"""Multiplicity: many monitors, many looks, one promise about false alarms.

:class:`Budget` is the promise (at most this chance of any false page in one period);
:class:`Split` says what each monitor may spend at each look, so that the promise holds whatever the
dependence between monitors and looks.
"""

from ombud_monitors.multiplicity.budget import Budget, Split, SplitRow

__all__ = ["Budget", "Split", "SplitRow"]
