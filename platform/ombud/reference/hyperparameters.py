"""What can be set about the reference model from ``ombud.yaml``, checked and with defaults."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from ombud.errors import BadInput

__all__ = ["Hyperparameters", "Scalar"]

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Hyperparameters:
    """Settings of training.

    Args:
        epochs: Passes over the training data at most; fewer when validation stops improving.
        patience: Epochs without a better validation loss before training stops.
        embedding_dim: Width of the space that all modalities are projected into.
        modality_dropout: Chance that the fusion sees a row with some of its modalities hidden.
        disagreement: Chance that the fusion sees a row in which one of three or more modalities
            was swapped with another row's, so that it learns to outvote a branch that has gone
            wrong.
        batch_size: Rows per step.
        learning_rate: Peak step size of AdamW.
        threads: CPU threads while training. One by default: on a machine that is busy with other
            things, two threads that wait for each other can be many times slower than one.
        damage: Fire drill. Names a modality whose branch is broken on purpose after training, so
            that its answers are confidently wrong; empty means a sound model.

    Example:
        >>> Hyperparameters.read({"epochs": 3}).epochs
        3
        >>> Hyperparameters.read({"epoch": 3})
        Traceback (most recent call last):
        ...
        ombud.errors.BadInput: hyperparameters: unknown name 'epoch', did you mean 'epochs'? \
Remedy: Correct hyperparameters in the project file.
    """

    epochs: int = 10
    patience: int = 5
    embedding_dim: int = 64
    modality_dropout: float = 0.4
    disagreement: float = 0.3
    batch_size: int = 64
    learning_rate: float = 2e-3
    threads: int = 1
    damage: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Scalar]) -> Hyperparameters:
        """Settings from a project file.

        Raises:
            BadInput: An unknown name, a wrong type or a value out of range.
        """
        known = {f.name: f for f in fields(cls)}
        values: dict[str, Scalar] = {}
        for name, value in given.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f", did you mean {near[0]!r}?" if near else f": expected one of {sorted(known)}"
                raise _refused(f"unknown name {name!r}{hint}")
            kind: type = type(known[name].default)
            if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else kind):
                raise _refused(f"{name}: expected {kind.__name__}, got {value!r}")
            values[name] = kind(value)
        settings = cls(**values)  # type: ignore[arg-type]
        settings._check_ranges()
        return settings

    def as_mapping(self) -> dict[str, Scalar]:
        """Name → value, as logged with the run."""
        return asdict(self)

    def _check_ranges(self) -> None:
        for name in ("epochs", "patience", "embedding_dim", "batch_size", "learning_rate", "threads"):
            if not getattr(self, name) > 0:
                raise _refused(f"{name}: expected more than 0, got {getattr(self, name)}")
        for name in ("modality_dropout", "disagreement"):
            if not 0 <= getattr(self, name) < 1:
                raise _refused(f"{name}: expected a chance in [0, 1), got {getattr(self, name)}")


def _refused(what: str) -> BadInput:
    return BadInput(f"hyperparameters: {what}", remedy="Correct hyperparameters in the project file.")
