"""One submission as an MLflow run: parameters, metrics, data sets, and a model logged from code."""

from __future__ import annotations

import json
import math
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ombud.adapters import mlflow_table
from ombud.adapters.mlflow_model import MANIFEST
from ombud.adapters.mlflow_registry.session import Session
from ombud.adapters.model_directory import directory_digest
from ombud.domain.modality import TEXT, Modality
from ombud.domain.model_version import Submission
from ombud.domain.sample import Dataset

__all__ = ["LoggedSubmission", "log_submission"]

_ENTRY = Path(mlflow_table.__file__).with_name("mlflow_entry.py")
_EXAMPLES = 3


class LoggedSubmission:
    """What was logged: ids of run and logged model, and the digest of the artifact."""

    def __init__(self, run_id: str, model_id: str, digest: str) -> None:
        self.run_id = run_id
        self.model_id = model_id
        self.digest = digest


def log_submission(session: Session, submission: Submission) -> LoggedSubmission:
    """Log everything about a submission; a failure leaves a run marked as failed, and no version."""
    client = session.client
    experiment = _experiment(session, submission.name)
    run = client.create_run(
        experiment,
        run_name=submission.run_name,
        tags={**submission.tags, **{f"ombud.dataset.{r}": d.digest for r, d in submission.datasets.items()}},
    )
    run_id = str(run.info.run_id)
    status = "FAILED"
    try:
        _log_facts(client, run_id, submission)
        model_id, digest = _log_model(client, experiment, run_id, submission)
        status = "FINISHED"
    finally:
        client.set_terminated(run_id, status)
    return LoggedSubmission(run_id, model_id, digest)


def _experiment(session: Session, name: str) -> str:
    from mlflow.exceptions import MlflowException

    found = session.client.get_experiment_by_name(name)
    if found is None:
        location = (session.artifact_root.absolute() / name).as_uri() if session.serverless else None
        try:
            return str(session.client.create_experiment(name, artifact_location=location))
        except MlflowException:
            # Somebody else made it in between; anything worse shows on the second look.
            found = session.client.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)


def _log_facts(client: Any, run_id: str, submission: Submission) -> None:
    from mlflow.entities import Dataset as LoggedDataset
    from mlflow.entities import DatasetInput, InputTag, Metric, Param
    from mlflow.utils.time import get_current_time_millis

    now = get_current_time_millis()
    trained = submission.trained
    client.log_batch(
        run_id,
        metrics=[Metric(k, float(v), now, 0) for k, v in trained.metrics.items() if math.isfinite(v)],
        params=[Param(key, str(value)) for key, value in trained.hyperparameters.items()],
    )
    inputs = [
        DatasetInput(
            LoggedDataset(
                name=data.name,
                # MLflow has room for 36 characters; the full digest stands in source and run tags.
                digest=data.digest.removeprefix("sha256:")[:32],
                source_type="synthetic" if data.synthetic else "local",
                source=json.dumps(
                    {"digest": data.digest, "provenance": data.provenance, "licence": data.licence}
                ),
                profile=json.dumps({"num_rows": len(data)}),
            ),
            [InputTag("mlflow.data.context", role)],
        )
        for role, data in submission.datasets.items()
    ]
    if inputs:
        client.log_inputs(run_id, datasets=inputs)


def _log_model(client: Any, experiment: str, run_id: str, submission: Submission) -> tuple[str, str]:
    import mlflow.pyfunc
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    trained = submission.trained
    logged = client.create_logged_model(
        experiment,
        name=submission.name,
        source_run_id=run_id,
        tags=dict(submission.tags),
        params={key: str(value) for key, value in trained.hyperparameters.items()},
        model_type="classifier",
    )
    facts = {
        "loader": trained.loader,
        "labels": list(submission.labels),
        "modalities": list(submission.modalities),
    }
    with TemporaryDirectory(prefix="ombud-model-") as scratch:
        manifest = Path(scratch) / f"{MANIFEST}.json"
        manifest.write_text(json.dumps(facts, indent=1), "utf-8")
        target = Path(scratch) / "model"
        mlflow.pyfunc.save_model(
            target,
            mlflow_model=Model(run_id=run_id, model_id=logged.model_id),
            python_model=str(_ENTRY),
            artifacts={"model": str(trained.directory.absolute()), MANIFEST: str(manifest)},
            signature=_signature(submission),
            input_example=_example(submission.example, submission.modalities),
            pip_requirements=_requirements(trained.loader),
            metadata={
                "ombud.labels": facts["labels"],
                "ombud.modalities": facts["modalities"],
                "ombud.architecture": dict(trained.architecture),
            },
        )
        digest = directory_digest(target)
        client.log_model_artifacts(logged.model_id, str(target))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
    return str(logged.model_id), digest


def _signature(submission: Submission) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import Array

    numbers = Array(DataType.float)
    inputs = [ColSpec("string" if m == TEXT else "binary", m, required=False) for m in submission.modalities]
    optional = [f"{kind}_{m}" for kind in ("probabilities", "embedding") for m in submission.modalities]
    outputs = [ColSpec(numbers, "probabilities")] + [ColSpec(numbers, n, required=False) for n in optional]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema(outputs))


def _example(dataset: Dataset, modalities: tuple[str, ...]) -> Any:
    wanted = tuple(Modality(m) for m in modalities)
    # Complete samples first: MLflow's JSON form of an example has no null for bytes.
    complete = [s for s in dataset.samples if set(wanted) <= set(s.present)]
    chosen = (complete or list(dataset.samples))[:_EXAMPLES]
    return mlflow_table.frame_of([s.payloads for s in chosen], wanted) if chosen else None


def _requirements(loader: str) -> list[str]:
    """Pins of the distribution that holds the loader, and of what it requires directly.

    Given explicitly: MLflow's own inference starts a process that loads the model, for 6 to 10 s.
    """
    package = loader.partition(":")[0].partition(".")[0]
    owners = {"ombud": ["ombud"]} if package == "ombud" else metadata.packages_distributions()
    pins = {}
    for owner in {*owners.get(package, []), "ombud"}:
        pins[owner] = metadata.version(owner)
        for line in metadata.requires(owner) or []:
            required, _, marker = line.partition(";")
            if "extra" in marker:
                continue
            name = required.strip().split()[0].split("[")[0]
            for sign in "<>=!~":
                name = name.split(sign)[0]
            try:
                pins[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                # Not installed here (a platform marker): the model was made without it.
                continue
    return [f"{name}=={version}" for name, version in sorted(pins.items())]
