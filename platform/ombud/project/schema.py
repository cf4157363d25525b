"""The shape of ``ombud.yaml``: monitoring as code.

Unknown keys are refused with the nearest known key. Everything but ``name``, ``task`` and ``data``
has a default that suits a first day.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Budget",
    "Data",
    "Gate",
    "Governance",
    "Monitor",
    "Notification",
    "Project",
    "Ramp",
    "RolloutPolicy",
    "TaskSpec",
]

Share = Annotated[float, Field(gt=0, lt=1)]
Scalar = str | int | float | bool
SecondOpinion = Literal["alibi-detect:ks", "alibi-detect:mmd", "alibi-detect:lsdd"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskSpec(_Part):
    """What the model is asked to do."""

    type: Literal["classification"] = "classification"
    labels: tuple[str, ...] = Field(min_length=2)


class Data(_Part):
    """Where labelled data comes from; paths are relative to the project file."""

    training: str = Field(description="Parquet file with the columns id, split, label, text, image, audio")
    labelled: str | None = Field(None, description="Folder of Parquet files with newly labelled samples")
    reference_splits: tuple[str, ...] = Field(
        ("val", "test"), min_length=1, description="Splits that the monitors compare production with"
    )
    synthetic: bool = False
    provenance: str = ""
    licence: str = ""


class Budget(_Part):
    """The false-alarm budget of one model."""

    probability: Share = Field(0.05, description="Chance of any false alarm about one version in one period")
    noticing_share: Share = Field(
        0.2, description="Part of it for monitors of change, which never page; those of harm have the rest"
    )
    period_days: int = Field(
        30, gt=0, description="How long a period lasts, unless a promotion or a person opens the next one"
    )
    looks: int = Field(30, gt=0, description="Planned looks per period; one look is one day")
    open_ended: bool = Field(
        False, description="Looks beyond the planned ones get a level too, paid for by half of theirs"
    )


class Monitor(_Part):
    """How one modality (or what lies between) is watched."""

    share: float = Field(1.0, gt=0, description="Weight of this modality in the budget")
    second_opinion: SecondOpinion | None = Field(None, description="advisory, costs no budget; inputs only")
    minimum_rows: int = Field(50, gt=0)


class Ramp(_Part):
    """One step of the ramp."""

    weight: Share
    min_requests: int = Field(50, ge=0)


class RolloutPolicy(_Part):
    """How a candidate becomes champion."""

    alpha: Share = 0.05
    delta: Share = 0.02
    shadow_requests: int = Field(200, gt=0)
    ramp: tuple[Ramp, ...] = (Ramp(weight=0.1), Ramp(weight=0.5))
    bake_seconds: float = Field(60, ge=0)
    bake_requests: int = Field(0, ge=0)
    hold_seconds: float = Field(3600, gt=0)
    stage_seconds: float = Field(86400, gt=0)
    promotion_approval: bool = False


class Gate(_Part):
    """What a version must show before people are asked to sign."""

    min_accuracy: float = Field(0.5, ge=0, le=1, description="Fused accuracy on the test split")
    max_calibration_error: float = Field(0.2, gt=0, le=1)
    max_disparity: float = Field(0.2, gt=0, le=1, description="Largest accuracy difference between groups")
    min_unimodal_accuracy: float = Field(0.0, ge=0, le=1, description="Advisory: warns, does not block")
    min_completeness: float = Field(0.0, ge=0, le=1, description="Filled share of the card's fields")
    release_roles: tuple[str, ...] = ("model_owner", "compliance_officer")
    release_signatures: int = Field(2, ge=1)


class Notification(_Part):
    """One route for alerts."""

    type: Literal["console", "file", "webhook", "apprise"]
    target: str = Field("", description="Path, URL or Apprise URL; empty for the console")


class Governance(_Part):
    """What people must say; missing fields are named on the card, never padded."""

    owners: tuple[str, ...] = ()
    escalation: tuple[str, ...] = ()
    intended_use: str = ""
    out_of_scope_use: str = ""
    users: str = ""
    limitations: str = ""
    oversight: str = ""
    risk_class: Literal["", "minimal", "limited", "high"] = ""
    regulations: tuple[str, ...] = ()
    licence: str = ""
    citation: str = ""
    contact: str = ""
    card: dict[str, str] = Field(
        default_factory=dict, description="further fields of the model card: key → what a person states"
    )


class Project(_Part):
    """One watched model."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")
    environment: Literal["demo", "development", "production"] = "development"
    acknowledge_alibi_detect_licence: bool = False
    task: TaskSpec
    modalities: tuple[str, ...] = Field(("text", "image", "audio"), min_length=1)
    data: Data
    clusters: dict[str, str] = Field(default_factory=dict, description="modality → attribute that repeats")
    presence: dict[str, float] = Field(
        default_factory=dict,
        description="expected traffic: modalities joined by '+' → weight; empty: all are always there",
    )
    protected: tuple[str, ...] = ()
    intersections: tuple[tuple[str, ...], ...] = ()
    trainer: str | None = Field(
        None, description="Entry point module:function; None brings your own versions"
    )
    hyperparameters: dict[str, Scalar] = Field(default_factory=dict)
    seed: int = 0
    budget: Budget = Budget()
    monitors: dict[str, Monitor] = Field(default_factory=dict)
    single_modality_share: float = Field(
        0.25,
        ge=0,
        le=1,
        description="Share of requests on which a model without outputs per modality is asked again, "
        "one input at a time",
    )
    evidently_reports: bool = True
    gate: Gate = Gate()
    rollout: RolloutPolicy = RolloutPolicy()
    retrain_on: tuple[Literal["estimated_harm", "measured_harm"], ...] = ("estimated_harm", "measured_harm")
    notifications: tuple[Notification, ...] = (Notification(type="console"),)
    governance: Governance = Governance()
    retention_days: int = Field(
        180,
        gt=0,
        description="how long inference records are to be kept; stated on the card, carried out by people",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Project:
        known = set(self.modalities) | {"cross_modal", "fused"}
        for key, names in (("clusters", self.clusters), ("monitors", self.monitors)):
            for name in names:
                if name not in known:
                    raise ValueError(f"{key}.{name}: not one of the declared modalities {sorted(known)}")
        for pattern, weight in self.presence.items():
            if not set(pattern.split("+")) <= set(self.modalities) or weight <= 0:
                raise ValueError(
                    f"presence.{pattern}: expected declared modalities joined by '+' and a weight above 0"
                )
        asked = [name for name, monitor in self.monitors.items() if monitor.second_opinion]
        if between := sorted(set(asked) - set(self.modalities)):
            raise ValueError(
                f"monitors.{between[0]}.second_opinion: expected under an input, "
                f"one of {list(self.modalities)}"
            )
        if (
            self.environment == "production"
            and asked  # every detector on offer is alibi-detect's
            and not self.acknowledge_alibi_detect_licence
        ):
            raise ValueError(
                "monitors: alibi-detect is under the Business Source License 1.1, which grants no general "
                "production use; set acknowledge_alibi_detect_licence: true once you hold a licence, or "
                "leave the second opinion out"
            )
        return self
