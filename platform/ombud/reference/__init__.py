"""A real example of the contracts: generated data, and a torch model for text, image and audio.

- :mod:`ombud.reference.data` generates digits that are written, drawn and spoken, with known truth;
  :mod:`ombud.reference.shifts` injects shifts of known size into any data set.
- :mod:`ombud.reference.trainer` is a trainer, named in ``ombud.yaml`` as
  ``ombud.reference.trainer:train``; :mod:`ombud.reference.predictor` asks what it trained.

Nothing else in the house knows this package; it can be deleted, and any other model put in its
place. Importing the package itself is cheap; only the trainer and the predictor import torch.
"""

__all__: list[str] = []
