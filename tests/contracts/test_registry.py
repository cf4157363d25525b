"""The contract of the model registry, and what MLflow adds: other people's models, tampering, races."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts import tiny_model
from ombud.adapters.memory.registry import MemoryRegistry
from ombud.adapters.mlflow_model import Declared
from ombud.adapters.mlflow_registry import MlflowRegistry
from ombud.domain.modality import AUDIO, TEXT
from ombud.domain.model_version import Alias, Submission
from ombud.domain.ports import ModelRegistry
from ombud.errors import BadInput, Corrupted, NotFound


def submission(folder: Path, run: str = "run-1", *, weight: float = 0.5, name: str = "tiny") -> Submission:
    return Submission(
        name=name,
        trained=tiny_model.trained(folder / run, weight),
        labels=tiny_model.LABELS,
        modalities=tiny_model.MODALITIES,
        example=tiny_model.dataset("example"),
        datasets={"train": tiny_model.dataset(), "validation": tiny_model.dataset("validation")},
        run_name=f"training {run}",
        tags={"orchestrator_run_id": run, "reason": "first"},
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite store: making one takes longer than any test that uses it."""
    root = tmp_path_factory.mktemp("mlflow")
    assert list(MlflowRegistry(f"sqlite:///{root}/mlflow.db", root / "artifacts").models()) == []
    return root / "mlflow.db"


@pytest.fixture
def mlflow_registry(prepared: Path, tmp_path: Path) -> MlflowRegistry:
    (tmp_path / "mlflow.db").write_bytes(prepared.read_bytes())
    return MlflowRegistry(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts")


@pytest.fixture(params=["memory", "mlflow"])
def registry(request: pytest.FixtureRequest) -> ModelRegistry:
    make: dict[str, Callable[[], ModelRegistry]] = {
        "memory": MemoryRegistry,
        "mlflow": lambda: request.getfixturevalue("mlflow_registry"),
    }
    return make[request.param]()


def test_an_empty_registry_answers(registry: ModelRegistry) -> None:
    assert list(registry.models()) == []
    assert list(registry.versions("tiny")) == []
    assert registry.alias("tiny", Alias.CHAMPION) is None
    registry.clear_alias("tiny", Alias.CHAMPION)
    for call in (
        lambda: registry.version("tiny", 1),
        lambda: registry.load("tiny", 1),
        lambda: registry.set_alias("tiny", Alias.CHAMPION, 1),
        lambda: registry.log_metrics("tiny", 1, {"a": 1.0}),
    ):
        with pytest.raises(NotFound):
            call()


def test_versions_count_from_one_and_load_as_they_were_trained(
    registry: ModelRegistry, tmp_path: Path
) -> None:
    first = registry.register(submission(tmp_path, "run-1", weight=0.5))
    second = registry.register(submission(tmp_path, "run-2", weight=1.0))
    assert (first.version, second.version) == (1, 2)
    assert first.model_digest.startswith("sha256:")
    assert first.model_digest != second.model_digest
    assert first.tags["reason"] == "first"
    assert first.run_id
    assert first.created_at.tzinfo is not None
    assert registry.versions("tiny") == [first, second]
    assert registry.version("tiny", 1) == first
    assert list(registry.models()) == ["tiny"]
    predictor = registry.load("tiny", 2)
    assert (predictor.labels, predictor.modalities) == (tiny_model.LABELS, tiny_model.MODALITIES)
    answer = predictor.predict([{TEXT: "two"}, {TEXT: "two", AUDIO: b"x"}])
    np.testing.assert_allclose(answer.probabilities[:, 1], [0.5, 1.0])


def test_the_same_orchestrator_run_registers_once(registry: ModelRegistry, tmp_path: Path) -> None:
    first = registry.register(submission(tmp_path, "run-1"))
    assert registry.register(submission(tmp_path, "run-1")) == first
    untracked = replace(submission(tmp_path, "run-3"), tags={})
    assert [registry.register(untracked).version for _ in range(2)] == [2, 3]


def test_aliases_point_move_and_clear(registry: ModelRegistry, tmp_path: Path) -> None:
    for run in ("run-1", "run-2"):
        registry.register(submission(tmp_path, run))
    registry.set_alias("tiny", Alias.CHAMPION, 1)
    registry.set_alias("tiny", Alias.CHALLENGER, 2)
    registry.set_alias("tiny", Alias.CHAMPION, 2)
    registry.set_alias("tiny", Alias.CHAMPION, 2)
    assert registry.alias("tiny", Alias.CHAMPION) == 2
    registry.clear_alias("tiny", Alias.CHALLENGER)
    registry.clear_alias("tiny", Alias.CHALLENGER)
    assert registry.alias("tiny", Alias.CHALLENGER) is None
    with pytest.raises(NotFound):
        registry.set_alias("tiny", Alias.CHAMPION, 9)
    assert registry.alias("tiny", Alias.CHAMPION) == 2


def test_a_changed_artifact_is_refused(registry: ModelRegistry, tmp_path: Path) -> None:
    made = registry.register(submission(tmp_path))
    if isinstance(registry, MemoryRegistry):
        registry.tamper("tiny", 1, "weights.json", b'{"weight": 0.9}')
    else:
        (weights,) = (tmp_path / "artifacts").rglob("weights.json")
        weights.write_text('{"weight": 0.9}')
    with pytest.raises(Corrupted, match=made.model_digest):
        registry.load("tiny", 1)


def test_the_run_says_everything_about_the_training(mlflow_registry: MlflowRegistry, tmp_path: Path) -> None:
    made = mlflow_registry.register(submission(tmp_path))
    mlflow_registry.log_metrics("tiny", 1, {"accuracy.fused": 0.75})
    client = mlflow_registry._session.client
    run = client.get_run(made.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"weight": "0.5", "depth": "1"}
    assert run.data.metrics == {"loss": 0.25, "seconds": 0.1, "accuracy.fused": 0.75}
    digest = tiny_model.dataset().digest
    assert {i.tags[0].value: json.loads(i.dataset.source)["digest"] for i in run.inputs.dataset_inputs} == {
        "train": digest,
        "validation": digest,
    }
    assert run.data.tags["ombud.dataset.train"] == digest
    (description,) = (tmp_path / "artifacts").rglob("MLmodel")
    folder = description.parent
    assert not [p for p in folder.rglob("*") if p.suffix in (".pkl", ".pickle")]
    assert (folder / "input_example.json").exists()
    requirements = (folder / "requirements.txt").read_text()
    assert "torch==" in requirements
    assert "ombud==" in requirements
    assert '"type": "binary", "name": "audio"' in description.read_text().replace("\n    ", " ")


def test_a_logged_model_is_also_a_plain_pyfunc(mlflow_registry: MlflowRegistry, tmp_path: Path) -> None:
    mlflow_registry.register(submission(tmp_path))
    import mlflow.pyfunc

    (description,) = (tmp_path / "artifacts").rglob("MLmodel")
    output = mlflow.pyfunc.load_model(str(description.parent)).predict(
        pd.DataFrame({"text": ["two", None], "audio": pd.Series([None, None], dtype=object)})
    )
    assert output["probabilities"].tolist() == [[0.75, 0.25], [1.0, 0.0]]
    assert output["probabilities_audio"].tolist() == [None, None]
    assert output["embedding_text"].tolist() == [[3.0, 3.0, 3.0], None]


FOREIGN = """
import mlflow, pandas as pd
class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None):
        seen = model_input.notna()
        share = seen.mean(axis=1)
        return pd.DataFrame({"probabilities": [[1 - s, s] for s in share]})
mlflow.models.set_model(Model())
"""


def foreign(registry: MlflowRegistry, tmp_path: Path, tags: dict[str, str], *, signed: bool = True) -> None:
    """Register a model as somebody who never heard of Ombud would."""
    client = registry._session.client
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("string", "text", required=False), ColSpec("binary", "audio", required=False)])
    (tmp_path / "foreign.py").write_text(FOREIGN)
    path = tmp_path / "foreign-model"
    mlflow.pyfunc.save_model(
        path,
        python_model=str(tmp_path / "foreign.py"),
        signature=ModelSignature(inputs=inputs) if signed else None,
        pip_requirements=["mlflow"],
    )
    client.create_registered_model("foreign")
    client.create_model_version("foreign", path.as_uri(), tags=tags)


def test_a_foreign_version_is_seen_loaded_and_watched_over(
    mlflow_registry: MlflowRegistry, tmp_path: Path
) -> None:
    foreign(mlflow_registry, tmp_path, {"ombud.labels": '["none", "some"]'})
    seen = mlflow_registry.version("foreign", 1)
    assert seen.model_digest == mlflow_registry.versions("foreign")[0].model_digest != ""
    assert seen.run_id == ""
    predictor = mlflow_registry.load("foreign", 1)
    assert predictor.modalities == (TEXT, AUDIO)
    answer = predictor.predict([{TEXT: "two"}, {}, {TEXT: "two", AUDIO: b"x"}])
    np.testing.assert_allclose(answer.probabilities[:, 1], [0.5, 0.0, 1.0])
    assert (answer.unimodal, answer.embeddings) == ({}, {})
    mlflow_registry.log_metrics("foreign", 1, {"accuracy": 0.5})
    assert mlflow_registry.version("foreign", 1).tags["ombud.metric.accuracy"] == "0.5"
    (tmp_path / "foreign-model" / "foreign.py").write_text(FOREIGN + "\n")
    with pytest.raises(Corrupted):
        mlflow_registry.load("foreign", 1)


def test_the_project_file_speaks_for_a_version_that_says_nothing(
    mlflow_registry: MlflowRegistry, tmp_path: Path
) -> None:
    foreign(mlflow_registry, tmp_path, {}, signed=False)
    told = {"foreign": Declared(("none", "some"), (TEXT, AUDIO))}
    telling = MlflowRegistry(f"sqlite:///{tmp_path}/mlflow.db", tmp_path / "artifacts", declared=told)
    predictor = telling.load("foreign", 1)
    assert (predictor.labels, predictor.modalities) == (("none", "some"), (TEXT, AUDIO))
    client = telling._session.client
    client.set_model_version_tag("foreign", "1", "ombud.labels", '["some", "none"]')
    assert telling.load("foreign", 1).labels == ("some", "none"), "the version knows better"


def test_a_foreign_version_without_labels_or_columns_says_what_to_do(
    mlflow_registry: MlflowRegistry, tmp_path: Path
) -> None:
    foreign(mlflow_registry, tmp_path, {}, signed=False)
    with pytest.raises(NotFound, match="what its labels are") as missing:
        mlflow_registry.load("foreign", 1)
    assert "ombud.labels" in missing.value.remedy
    client = mlflow_registry._session.client
    client.set_model_version_tag("foreign", "1", "ombud.labels", "cat, dog")
    with pytest.raises(BadInput, match="JSON array"):
        mlflow_registry.load("foreign", 1)
    client.set_model_version_tag("foreign", "1", "ombud.labels", '["none", "some"]')
    with pytest.raises(BadInput, match="which modalities"):
        mlflow_registry.load("foreign", 1)
    client.set_model_version_tag("foreign", "1", "ombud.modalities", '["text"]')
    assert mlflow_registry.load("foreign", 1).modalities == (TEXT,)


def test_a_version_without_artifacts_is_listed_but_not_loaded(
    mlflow_registry: MlflowRegistry, tmp_path: Path
) -> None:
    foreign(mlflow_registry, tmp_path, {})
    (tmp_path / "foreign-model").rename(tmp_path / "elsewhere")
    assert [v.model_digest for v in mlflow_registry.versions("foreign")] == [""]
    with pytest.raises(NotFound, match="no files"):
        mlflow_registry.load("foreign", 1)


_OPENER = """
import sys
from pathlib import Path
from ombud.adapters.mlflow_model import Declared
from ombud.adapters.mlflow_registry import MlflowRegistry
root = Path(sys.argv[1])
print(list(MlflowRegistry(f"sqlite:///{root}/new.db", root / "artifacts").models()))
"""


def test_two_processes_make_the_store_at_once_without_a_word(tmp_path: Path) -> None:
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", _OPENER, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
        )
        for _ in range(2)
    ]
    for opener in openers:
        out, err = opener.communicate(timeout=120)
        assert (opener.returncode, out, err) == (0, b"[]\n", b"")
    assert not (tmp_path / "mlruns").exists()
