"""MLflow models as domain predictors: ours straight from their directory, anybody's through pyfunc."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import yaml

from ombud.adapters.mlflow_table import frame_of, predictions_of
from ombud.adapters.model_directory import load_directory
from ombud.domain.modality import KNOWN_MODALITIES, Modality
from ombud.domain.predictor import Payloads, Predictions, Predictor
from ombud.errors import BadInput, NotFound, OmbudError

__all__ = ["MANIFEST", "Declared", "PyfuncPredictor", "load_model_directory"]

MANIFEST = "ombud"
"""Name of the artifact that holds loader, labels and modalities of a model that Ombud logged."""


class Pyfunc(Protocol):
    """What is needed of ``mlflow.pyfunc.PyFuncModel``."""

    def predict(self, data: Any) -> Any: ...


class PyfuncPredictor:
    """Any pyfunc of the table contract, as a domain predictor.

    Args:
        pyfunc: The loaded model.
        labels: Class names in the order of its probability columns.
        modalities: Input columns that it takes.
        name: Its name, for messages.

    Example:
        >>> class Echo:
        ...     def predict(self, data):
        ...         return {"probabilities": [[0.9, 0.1]] * len(data)}
        >>> predictor = PyfuncPredictor(Echo(), labels=("no", "yes"), modalities=(Modality("text"),))
        >>> predictor.predict([{Modality("text"): "two"}]).probabilities.shape
        (1, 2)
    """

    def __init__(
        self,
        pyfunc: Pyfunc,
        *,
        labels: Sequence[str],
        modalities: Sequence[Modality],
        name: str = "pyfunc",
    ) -> None:
        self._pyfunc = pyfunc
        self._labels = tuple(labels)
        self._modalities = tuple(modalities)
        self._name = name

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the probability columns."""
        return self._labels

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Modalities that the model reads."""
        return self._modalities

    def predict(self, requests: Sequence[Payloads]) -> Predictions:
        """Answer a batch in one call.

        Raises:
            BadInput: The model broke the table contract.
            OmbudError: The model raised; the message carries its words.
        """
        if not requests:
            return Predictions(np.empty((0, len(self._labels)), np.float32))
        try:
            output = self._pyfunc.predict(frame_of(requests, self._modalities))
        except OmbudError:
            raise
        except Exception as error:
            raise OmbudError(
                f"model {self._name}: predict failed on {len(requests)} requests: "
                f"{type(error).__name__}: {error}",
                remedy="Send the same rows to the model directly; the failure is inside it.",
            ) from error
        try:
            return predictions_of(
                output,
                n=len(requests),
                labels=len(self._labels),
                modalities=self._modalities,
                name=self._name,
            )
        except BadInput as error:
            # To whoever asks, BadInput means that the request is at fault; here the model is.
            raise OmbudError(error.message, remedy=error.remedy) from error


@dataclass(frozen=True)
class Declared:
    """What a project file says about a model, for versions that do not say it themselves.

    Args:
        labels: Class names in the order of the probability columns.
        modalities: Modalities that the model reads.
    """

    labels: tuple[str, ...] = ()
    modalities: tuple[Modality, ...] = ()


def load_model_directory(
    directory: Path, *, name: str, tags: Mapping[str, str], declared: Declared | None = None
) -> Predictor:
    """Load an MLflow model directory.

    A model that Ombud logged goes straight to its loader, in process and without MLflow; any other
    goes through ``mlflow.pyfunc``. Its labels come from the tag ``ombud.labels`` (a JSON array), the
    model's metadata under the same key, or what is declared; its modalities from ``ombud.modalities``
    in the same two places, the columns of its signature, or what is declared.

    Raises:
        NotFound: The directory is no MLflow model, or nothing says what its labels are.
        BadInput: Nothing says which modalities it reads, or MLflow refuses to load it.
    """
    fallback = declared or Declared()
    described = _described(directory)
    flavour = described.get("flavors", {}).get("python_function", {})
    manifest = (flavour.get("artifacts") or {}).get(MANIFEST)
    if manifest is not None:
        return load_directory(
            directory / flavour["artifacts"]["model"]["path"],
            json.loads((directory / manifest["path"]).read_text("utf-8"))["loader"],
        )
    metadata = described.get("metadata") or {}
    labels = _listed(tags.get("ombud.labels", metadata.get("ombud.labels")), name) or fallback.labels
    if not labels:
        raise NotFound(
            f"model {name}: nothing says what its labels are",
            remedy='Set the model version tag ombud.labels to a JSON array such as ["cat", "dog"], in the '
            "order of its probability columns.",
        )
    modalities = _listed(tags.get("ombud.modalities", metadata.get("ombud.modalities")), name)
    modalities = modalities or _signature_columns(described) or fallback.modalities
    if not modalities:
        raise BadInput(
            f"model {name}: nothing says which modalities it reads; its signature has none of the columns "
            f"{list(KNOWN_MODALITIES)}",
            remedy="Log it with a signature, or set the tag ombud.modalities to a JSON array such as "
            '["text"].',
        )
    return PyfuncPredictor(
        _pyfunc(directory, name),
        labels=labels,
        modalities=tuple(Modality(m) for m in modalities),
        name=name,
    )


def _pyfunc(directory: Path, name: str) -> Pyfunc:
    # Imported here: MLflow takes 1.5 s, and models that Ombud logged are loaded without it.
    import mlflow.pyfunc

    try:
        loaded: Pyfunc = mlflow.pyfunc.load_model(str(directory))
    except Exception as error:
        raise BadInput(
            f"model {name}: MLflow cannot load it: {type(error).__name__}: {error}",
            remedy="Install what its requirements.txt names. Pickled models are refused: log it from code "
            "(python_model='model.py'), or set MLFLOW_ALLOW_PICKLE_DESERIALIZATION=true if you trust every "
            "byte of it.",
        ) from error
    return loaded


def _described(directory: Path) -> dict[str, Any]:
    try:
        described = yaml.safe_load((directory / "MLmodel").read_text("utf-8"))
    except FileNotFoundError:
        raise NotFound(
            f"{directory} is not an MLflow model: there is no file MLmodel",
            remedy="Check that the artifact root is mounted and was not cleaned up.",
        ) from None
    return dict(described)


def _listed(value: Any, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
        if not isinstance(parsed, list):
            raise ValueError("not an array")
    except ValueError as error:
        raise BadInput(
            f"model {name}: expected a JSON array of names, got {value!r} ({error})",
            remedy='Write the tag as ["cat", "dog"].',
        ) from error
    return tuple(str(item) for item in parsed)


def _signature_columns(described: Mapping[str, Any]) -> tuple[str, ...]:
    inputs = (described.get("signature") or {}).get("inputs")
    columns = [column.get("name") for column in json.loads(inputs)] if inputs else []
    return tuple(m for m in KNOWN_MODALITIES if m in columns)
