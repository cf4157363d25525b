"""Streaming e-detectors: a verdict after every row, and a stated time between false alarms.

=====================  ==========================================================================
``ShiryaevRoberts``    the default: bets from every possible onset, added up
``Cusum``              the best onset only: fewer false alarms, slower
``StreamDetector``     what both give: ``update(x)``, ``update_many(rows)``, ``restart``, ``arrays``
``Evidence``           what a row answers: value, threshold, alarm, leading score, onset
``average_run_length`` how long streams without a change stay quiet, with a lower limit
``mean_delay``         how soon a change is found, with an interval
=====================  ==========================================================================

How it works, one file each: a row becomes whitened :mod:`~.scores`; each score's :mod:`~.bins` remember the
past as counts; its sequential rank (:mod:`~.ranks`) is uniform without a change, whatever the data; bets on
ranks have :mod:`~.payoffs` of expectation 1; a :mod:`~.portfolio` bets on many small moves at once; the
:mod:`~.wealth` of all bets is the e-detector, and :mod:`~.recipes` says what it promises.

A stream is saved as arrays of numbers, and continues bit for bit:

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> recipe = ShiryaevRoberts(arl=1000)
>>> stream = recipe.fit(rng.normal(size=(600, 4)), seed=1)
>>> stream.update([0.1, -0.3, 0.2, 0.4]).alarm
False
>>> again = recipe.restore(stream.arrays())
>>> row = rng.normal(size=4)
>>> again.update(row) == stream.update(row)
True
"""

from ombud_monitors.sequential.streaming.evidence import Evidence, StreamDetector, StreamRecipe
from ombud_monitors.sequential.streaming.rank_stream import RankStream
from ombud_monitors.sequential.streaming.recipes import Cusum, ShiryaevRoberts
from ombud_monitors.sequential.streaming.run_length import (
    Delays,
    RunLengths,
    average_run_length,
    mean_delay,
)

__all__ = [
    "Cusum",
    "Delays",
    "Evidence",
    "RankStream",
    "RunLengths",
    "ShiryaevRoberts",
    "StreamDetector",
    "StreamRecipe",
    "average_run_length",
    "mean_delay",
]
