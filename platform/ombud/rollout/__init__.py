"""Rollouts: from a registered version to champion, or back, with a stated error bound.

* :mod:`states` — the one transition table and its picture;
* :mod:`judge` — the pure verdict over stored integer increments (:mod:`alpha` splits its error,
  :mod:`sample_ratio` checks the arms, :mod:`processes` is the port of its statistics);
* :mod:`controller` — start, tick, hold, resume, roll back; :mod:`next_move` and :mod:`entry`
  decide, :mod:`moves` writes event, ledger entry and promised effects in one transaction;
* :mod:`effects` — the one worker that carries promised effects out, verified and fenced;
* :mod:`traffic` — what follows from the states: who answers, where the aliases must point.
"""

from ombud.rollout.controller import RolloutController
from ombud.rollout.effects import AliasEffect, EffectsWorker
from ombud.rollout.judge import Action, Decision, judge
from ombud.rollout.processes import EvidenceProcesses
from ombud.rollout.states import TRANSITIONS, mermaid
from ombud.rollout.traffic import Traffic, traffic

__all__ = [
    "TRANSITIONS",
    "Action",
    "AliasEffect",
    "Decision",
    "EffectsWorker",
    "EvidenceProcesses",
    "RolloutController",
    "Traffic",
    "judge",
    "mermaid",
    "traffic",
]
