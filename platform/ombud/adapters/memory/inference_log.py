"""The inference log in two dictionaries."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from ombud.domain.inference import Inference, Label, LabelledInference, Variant
from ombud.domain.modality import Modality
from ombud.domain.ports.inference_log import AppendReceipt, LabelReceipt, LogQuery
from ombud.errors import BadInput

__all__ = ["MemoryInferenceLog"]


class MemoryInferenceLog:
    """Twin of :class:`ombud.adapters.inference_log.SpooledInferenceLog`.

    Example:
        >>> from ombud.domain.ports import LogQuery
        >>> MemoryInferenceLog().count(LogQuery("digits"))
        0
    """

    def __init__(self) -> None:
        self._records: dict[tuple[str, Variant], Inference] = {}
        self._labels: dict[str, Label] = {}
        self._contradictions: list[Label] = []
        self._unsealed = 0
        self._lock = threading.Lock()

    def append(self, records: Sequence[Inference]) -> AppendReceipt:
        """Keep records; known ``(request_id, variant)`` pairs are refused. Raises BadInput."""
        for row, record in enumerate(records):
            if not record.request_id or record.time.tzinfo is None:
                raise BadInput(
                    f"inference record {row} ({record.request_id!r}): expected a request id and a time "
                    f"with a zone, got {record.time.isoformat()}",
                    remedy="Give every record a request id and an aware UTC time.",
                )
        duplicates = []
        with self._lock:
            before = len(self._records)
            for record in records:
                key = (record.request_id, record.variant)
                if self._records.setdefault(key, record) is not record:
                    duplicates.append(record.request_id)
            accepted = len(self._records) - before
            self._unsealed += accepted
        return AppendReceipt(accepted, tuple(duplicates))

    def known(self, requests: Mapping[str, Mapping[Modality, str]]) -> Mapping[str, bool]:
        """Which requests are on record: id → whether with the same payloads."""
        with self._lock:
            kept = {request_id: r.payload_digests for (request_id, _), r in self._records.items()}
        return {i: dict(kept[i]) == dict(digests) for i, digests in requests.items() if i in kept}

    def label(self, labels: Sequence[Label]) -> LabelReceipt:
        """Keep first labels; record later ones that differ; refuse unknown requests."""
        accepted, unknown, contradictions, repeated = 0, [], [], []
        with self._lock:
            known = {request_id for request_id, _ in self._records}
            for label in labels:
                first = self._labels.get(label.request_id)
                if first is not None and first.label == label.label:
                    repeated.append(label.request_id)
                elif first is not None:
                    self._contradictions.append(label)
                    contradictions.append(label.request_id)
                elif label.request_id in known:
                    self._labels[label.request_id] = label
                    accepted += 1
                else:
                    unknown.append(label.request_id)
        return LabelReceipt(accepted, tuple(unknown), tuple(contradictions), tuple(repeated))

    def contradictions(self) -> Sequence[Label]:
        """Later labels that differ from the first of their request."""
        return sorted(self._contradictions, key=lambda label: (label.request_id, label.time))

    def count(self, query: LogQuery) -> int:
        """How many records the query matches."""
        return len(self.read(query))

    def read(self, query: LogQuery) -> Sequence[LabelledInference]:
        """Records joined with their first labels, by time, then request id, then variant."""
        with self._lock:
            found = sorted(
                (r for r in self._records.values() if _matches(r, query)),
                key=lambda r: (r.time, r.request_id, r.variant.value),
            )
            limited = found if query.limit is None else found[: max(query.limit, 0)]
            return [LabelledInference(r, self._labels.get(r.request_id)) for r in limited]

    def seal(self) -> int:
        """Nothing to move; says what would have been."""
        with self._lock:
            moved, self._unsealed = self._unsealed, 0
        return moved


def _matches(record: Inference, query: LogQuery) -> bool:
    return (
        record.model == query.model
        and (query.version is None or record.version == query.version)
        and (query.variants is None or record.variant in query.variants)
        and (query.start is None or record.time >= query.start)
        and (query.end is None or record.time < query.end)
    )
