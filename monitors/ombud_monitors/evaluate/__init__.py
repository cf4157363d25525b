"""Evaluate: what detectors promise, measured on seeded nulls and shifts of known size, peers beside ours.

A :class:`Plan` says who is shown which windows how often; :func:`pieces_of` cuts it into pieces that can be
run anywhere and kept; :func:`document` makes one JSON document of their outcomes, tables first and promises
last, and :func:`page_of` writes it for people. ``ombud calibrate`` does all of this.

- :mod:`contestants`: ours, alibi-detect's and Evidently's as users run them, and one that always fires and
  one that never does;
- :mod:`rates` and :mod:`p_values`: exact bounds, so that few repeats claim little;
- :mod:`promises` and :mod:`powers`: each claim with the number that decides it;
- :mod:`streams`, :mod:`watchers` and :mod:`stream_promises`: run lengths without a change, and delays to one;
- :mod:`budgeted`, :mod:`monitor_runs` and :mod:`monitor_study`: the default monitors under one budget over
  many windows, and the delay to a shift under it;
- :mod:`speed`, with :mod:`racers`, :mod:`costs`, :mod:`scaling` and :mod:`floors`: CPU seconds and memory
  beside peers', how they grow, and what the machine allows; ``ombud bench drift``.

Example:
    >>> plan = Plan(repeats=20, only=("ks", "never-fires"))
    >>> few = [p for p in pieces_of(plan) if p.key.startswith("window") and "/gaussian/" in p.key]
    >>> found = document(plan, tallied((piece, piece.run()) for piece in few))
    >>> [p["about"] for p in found["promises"] if not p["kept"]]
    ['never-fires']
"""

from ombud_monitors.evaluate.budgeted import BudgetedRuns, JudgeWindow, Run, budget_promises
from ombud_monitors.evaluate.contestants import LEVEL, Camp, Contestant, Ours, contestant, everybody
from ombud_monitors.evaluate.p_values import Uniformity, histogram_text, uniformity
from ombud_monitors.evaluate.page import json_of, page_of
from ombud_monitors.evaluate.pieces import Cell, Outcome, Piece, Tally, WindowPiece, window_pieces
from ombud_monitors.evaluate.plan import DEFAULT_TEST, Plan
from ombud_monitors.evaluate.promises import Promise, at_least, keeps_level, sees_something, valid_p_values
from ombud_monitors.evaluate.provenance import THREAD_VARIABLES, code_digest, environment
from ombud_monitors.evaluate.racers import Racer, racers, windows
from ombud_monitors.evaluate.rates import Rate
from ombud_monitors.evaluate.speed import PATIENCE, Lap, laps_of, speed_document
from ombud_monitors.evaluate.streams import StreamCell, StreamPiece, StreamTally
from ombud_monitors.evaluate.study import Found, document, pieces_of, promises_of, tallied

__all__ = [
    "DEFAULT_TEST",
    "LEVEL",
    "PATIENCE",
    "THREAD_VARIABLES",
    "BudgetedRuns",
    "Camp",
    "Cell",
    "Contestant",
    "Found",
    "JudgeWindow",
    "Lap",
    "Ours",
    "Outcome",
    "Piece",
    "Plan",
    "Promise",
    "Racer",
    "Rate",
    "Run",
    "StreamCell",
    "StreamPiece",
    "StreamTally",
    "Tally",
    "Uniformity",
    "WindowPiece",
    "at_least",
    "budget_promises",
    "code_digest",
    "contestant",
    "document",
    "environment",
    "everybody",
    "histogram_text",
    "json_of",
    "keeps_level",
    "laps_of",
    "page_of",
    "pieces_of",
    "promises_of",
    "racers",
    "sees_something",
    "speed_document",
    "tallied",
    "uniformity",
    "valid_p_values",
    "window_pieces",
    "windows",
]
