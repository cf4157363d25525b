"""The code that MLflow keeps beside every model that Ombud logs ("models from code": no pickle).

MLflow copies this file into the artifact and runs it whenever the model is loaded through
``mlflow.pyfunc``. The artifact ``ombud`` names the loader of the trainer's directory, which is the
artifact ``model``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from ombud.adapters.mlflow_table import output_of, requests_of
from ombud.adapters.model_directory import load_directory

__all__ = ["PredictorModel"]


class PredictorModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Any domain predictor behind the table contract."""

    def load_context(self, context: Any) -> None:
        """Load the trainer's directory with the loader that the manifest names."""
        manifest = json.loads(Path(context.artifacts["ombud"]).read_text("utf-8"))
        self._predictor = load_directory(Path(context.artifacts["model"]), manifest["loader"])

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ARG002
        """One row per input row; see :mod:`ombud.adapters.mlflow_table`."""
        return output_of(self._predictor.predict(requests_of(model_input)))


mlflow.models.set_model(PredictorModel())
