"""Regulations and standards as dated data: clauses, the card fields they ask for, dates, clocks.

The data files beside this module are the only place where the house knows law. Each says the day
whose law it describes, its sources and how far they were verified; code reads them and never
hard-codes a date or a deadline. They are a map for finding what a law asks, not legal advice.

Example:
    >>> act = load("ai_act")
    >>> act.applies_from("annex_iii_high_risk").isoformat()
    '2027-12-02'
    >>> [c.reference for c in act.asking_for("oversight.measures")][:2]
    ['Annex IV(2)(e)', 'Annex IV(3)']
"""

from ombud.regulations.reader import all_regulations, clauses_for, load, matching
from ombud.regulations.regulation import Clause, Clock, EffectiveDate, Regulation

__all__ = [
    "Clause",
    "Clock",
    "EffectiveDate",
    "Regulation",
    "all_regulations",
    "clauses_for",
    "load",
    "matching",
]
