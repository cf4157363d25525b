"""Somebody's training script: fits two softmax regressions with numpy and logs them with plain MLflow.

Usage: ``python pets_register.py TRACKING_URI DATA.parquet ROWS [needs-text]``. Prints the version.
"""

import json
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from pets_model import pixels, words

LABELS = ["cat", "dog", "bird"]


def softmax_regression(x, y, rounds=300, rate=0.5, decay=3e-3):
    x = np.hstack([x, np.ones((len(x), 1))])
    weights = np.zeros((x.shape[1], len(LABELS)))
    for _ in range(rounds):
        odds = np.exp(x @ weights)
        error = odds / odds.sum(axis=1, keepdims=True) - np.eye(len(LABELS))[y]
        weights -= rate * (x.T @ error / len(x) + decay * weights)
    return weights


def main(tracking_uri, data, rows, *flags):
    table = pd.read_parquet(data).head(int(rows))
    truth = table["label"].map(LABELS.index).to_numpy()
    known = sorted({w for text in table["text"] for w in text.lower().split() if w.isalpha()})
    fitted = {
        "known": known,
        "text": softmax_regression(np.array([words(t, known) for t in table["text"]]), truth).tolist(),
        "image": softmax_regression(np.array([pixels(i) for i in table["image"]]), truth).tolist(),
    }
    Path("fitted.json").write_text(json.dumps(fitted))
    mlflow.set_tracking_uri(tracking_uri)
    logged = mlflow.pyfunc.log_model(
        name="pets",
        python_model=str(Path(__file__).with_name("pets_model.py")),
        artifacts={"fitted": "fitted.json"},
        model_config={"needs_text": "needs-text" in flags},
        signature=ModelSignature(inputs=Schema([ColSpec("string", "text"), ColSpec("binary", "image")])),
        pip_requirements=["mlflow", "numpy", "pandas", "pillow"],
        registered_model_name="pets",
    )
    print(logged.registered_model_version)


if __name__ == "__main__":
    main(*sys.argv[1:])
