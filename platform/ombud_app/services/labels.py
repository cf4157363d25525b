"""Taking labels that arrive late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ombud.domain.events import AuditEvent
from ombud.domain.identity import Actor
from ombud.domain.inference import Label
from ombud.domain.ports import Clock, InferenceLog, LabelReceipt, UnitOfWork
from ombud.domain.task import Task, TaskType
from ombud.errors import NotFound
from ombud.project import Project

__all__ = ["LabelService"]


@dataclass(frozen=True)
class LabelService:
    """Checks labels against the task and hands them to the inference log.

    Args:
        log: Where requests are kept.
        uow: For the ledger entry.
        clock: Where time comes from.
        project: Knows the label space.
    """

    log: InferenceLog
    uow: UnitOfWork
    clock: Clock
    project: Project

    def take(self, labels: Sequence[Label], *, actor: Actor) -> LabelReceipt:
        """Write labels: the first of a request wins, contradictions are recorded, never judged.

        Raises:
            BadInput: A label is not in the project's label space; nothing of the batch was written.
            NotFound: None of the requests is in the log; nothing was written.
        """
        task = Task(TaskType(self.project.task.type), self.project.task.labels)
        for label in labels:
            task.index(label.label)
        receipt = self.log.label(labels)
        if labels and len(receipt.unknown) == len(labels):
            named = ", ".join(repr(r) for r in receipt.unknown[:5])
            raise NotFound(
                f"none of these requests is in the inference log: {named}"
                + (f" and {len(labels) - 5} more" if len(labels) > 5 else ""),
                remedy="Correct the request ids; a request that was answered a moment ago is there within a "
                "second, so send its label again.",
            )
        with self.uow.begin() as tx:
            tx.ledger.append(
                AuditEvent(
                    actor=actor.identity,
                    role=",".join(sorted(r.value for r in actor.roles)),
                    action="labels.received",
                    subject=f"model:{self.project.name}",
                    reason=f"{receipt.accepted} of {len(labels)} labels were new",
                    at=self.clock.now(),
                    details={
                        "accepted": str(receipt.accepted),
                        "unknown": str(len(receipt.unknown)),
                        "contradictions": str(len(receipt.contradictions)),
                    },
                )
            )
            tx.commit()
        return receipt
