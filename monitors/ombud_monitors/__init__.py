"""Monitors: statistics that say when a multimodal model has gone wrong, and why we may believe it.

Start with :func:`ombud_monitors.panel.default_panel` (what is watched) and
:class:`ombud_monitors.multiplicity.Budget` (how often it may be wrong). Below them:

- :mod:`two_sample` tests a window that is looked at once; :mod:`sequential` gathers evidence that may be
  looked at whenever one likes; :mod:`multiplicity` shares one error budget between all of them;
- :mod:`text`, :mod:`image`, :mod:`audio` and :mod:`descriptors` turn payloads into numbers people know;
  :mod:`crossmodal` looks between modalities;
- :mod:`performance`, :mod:`calibration`, :mod:`fairness`, :mod:`data_quality` describe a model and its data;
- :mod:`detector` is the shape of every test, :mod:`catalogue` the list of everything there is;
  :mod:`backends` lends alibi-detect and Evidently.

Importing this package imports none of them; numpy and scipy suffice outside of :mod:`backends`.
"""

__all__: list[str] = []
