"""The domain: the nouns of the house, as frozen dataclasses, and the ports they speak through.

One noun a module: :mod:`modality`, :mod:`sample`, :mod:`predictor`, :mod:`inference`,
:mod:`observations`, :mod:`window`, :mod:`verdict`, :mod:`alert`, :mod:`model_version`,
:mod:`rollout`, :mod:`approval`, :mod:`identity`, :mod:`evidence`, :mod:`card`, :mod:`events`.
:mod:`ports` holds the protocols. Standard library and numpy only; nothing here does I/O, reads
the clock or draws random numbers.
"""

__all__: list[str] = []
