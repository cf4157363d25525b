"""Ports: what the domain asks of the world, as protocols.

Every port has a real adapter and a memory twin in :mod:`ombud.adapters`; one contract test suite
under ``tests/contracts`` runs against both.
"""

from ombud.domain.ports.inference_log import AppendReceipt, InferenceLog, LabelReceipt, LogQuery
from ombud.domain.ports.outside import (
    ArtifactStore,
    Clock,
    DataSource,
    Ids,
    Notifier,
    Orchestrator,
    OrchestratorRun,
    RunStatus,
)
from ombud.domain.ports.registry import ModelRegistry
from ombud.domain.ports.storage import (
    AlertStore,
    ApprovalStore,
    CardStore,
    EvidenceStore,
    IdempotencyStore,
    Lease,
    LedgerStore,
    Outbox,
    RolloutStore,
    TokenStore,
    Transaction,
    UnitOfWork,
    VerdictStore,
    WindowStore,
)

__all__ = [
    "AlertStore",
    "AppendReceipt",
    "ApprovalStore",
    "ArtifactStore",
    "CardStore",
    "Clock",
    "DataSource",
    "EvidenceStore",
    "IdempotencyStore",
    "Ids",
    "InferenceLog",
    "LabelReceipt",
    "Lease",
    "LedgerStore",
    "LogQuery",
    "ModelRegistry",
    "Notifier",
    "Orchestrator",
    "OrchestratorRun",
    "Outbox",
    "RolloutStore",
    "RunStatus",
    "TokenStore",
    "Transaction",
    "UnitOfWork",
    "VerdictStore",
    "WindowStore",
]
