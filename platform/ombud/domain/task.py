"""What a model is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ombud.errors import BadInput

__all__ = ["Task", "TaskType"]


class TaskType(StrEnum):
    """Kinds of task; the kind says which output column a model must return."""

    CLASSIFICATION = "classification"
    RETRIEVAL = "retrieval"
    GENERATION = "generation"


@dataclass(frozen=True)
class Task:
    """A task with its label space.

    Args:
        type: The kind of task.
        labels: Class names in the order of the model's probability columns; empty unless
            ``type`` is classification.

    Example:
        >>> Task(TaskType.CLASSIFICATION, ("cat", "dog")).index("dog")
        1
    """

    type: TaskType
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.type is TaskType.CLASSIFICATION and len(set(self.labels)) < 2:
            raise BadInput(
                f"task: classification needs at least 2 distinct labels, got {list(self.labels)}",
                remedy="List every class name under task.labels.",
            )

    def index(self, label: str) -> int:
        """Position of ``label`` among the probability columns.

        Raises:
            BadInput: ``label`` is not one of the task's labels.
        """
        try:
            return self.labels.index(label)
        except ValueError:
            raise BadInput(
                f"unknown label {label!r}: expected one of {list(self.labels)}",
                remedy="Correct the label, or add it to task.labels and retrain.",
            ) from None
