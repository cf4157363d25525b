"""Sending requests through the gateway, and labels through the API, as an application would."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from ombud.domain.modality import Modality, Payload
from ombud.domain.sample import Dataset, Sample
from ombud.errors import Unavailable

__all__ = ["Sent", "Traffic"]

_BATCH = 16
_PATIENCE = 30


@dataclass(frozen=True)
class Sent:
    """One request that was answered.

    Args:
        request_id: Its id in the inference log.
        label: The truth, which the world knows and the platform does not yet.
        version: Version that answered.
        correct: Whether the answer was right.
    """

    request_id: str
    label: str
    version: int
    correct: bool


class Traffic:
    """An application in front of the gateway.

    Args:
        url: Base address of the server.
        model: Model name.
        application_token: Token of the application.
        annotator_token: Token of whoever delivers labels.
        modalities: Modalities to send.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        application_token: str,
        annotator_token: str,
        modalities: Sequence[Modality],
    ) -> None:
        self._model = model
        self._modalities = tuple(modalities)
        self._gateway = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {application_token}"}, timeout=60
        )
        self._labels = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {annotator_token}"}, timeout=60
        )

    def send(
        self, data: Dataset, *, day: datetime | None = None, prefix: str, batch: int = _BATCH
    ) -> Iterator[list[Sent]]:
        """Send every sample as a request of its own, some at a time; yields what came back.

        Args:
            data: What to send; modalities that a sample lacks are sent as null.
            day: Spread the requests over this day (replayed traffic); None means now.
            prefix: Request ids are ``<prefix>-<sample id>``.
            batch: Requests per HTTP call.

        Raises:
            Unavailable: The gateway refused; the message holds its problem document.
        """
        for start in range(0, len(data), batch):
            rows = data.samples[start : start + batch]
            time = day + timedelta(seconds=start * 60) if day else None
            yield self._post(rows, [f"{prefix}-{s.sample_id}" for s in rows], time)

    def label(self, sent: Sequence[Sent], *, source: str) -> list[Sent]:
        """Deliver the labels of answered requests; returns those that were too early.

        Records reach the inference log after the answer, so a label can arrive before its request.
        """
        body = {"labels": [{"request_id": s.request_id, "label": s.label, "source": source} for s in sent]}
        answer = self._labels.post("/api/v1/labels", json=body)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return list(sent)
        receipt = _checked(answer).json()
        early = {p["request_id"] for p in receipt["problems"] if p["status"] == httpx.codes.NOT_FOUND}
        return [s for s in sent if s.request_id in early]

    def close(self) -> None:
        """Close the connections."""
        self._gateway.close()
        self._labels.close()

    def _post(self, rows: Sequence[Sample], ids: Sequence[str], time: datetime | None) -> list[Sent]:
        parameters: dict[str, Any] = {
            "request_ids": list(ids),
            "attributes": [dict(s.attributes) for s in rows],
        }
        if time is not None:
            parameters["event_time"] = time.isoformat()
        body = {
            "id": ids[0],
            "inputs": [
                {
                    "name": m,
                    "datatype": "BYTES",
                    "shape": [len(rows), 1],
                    "data": [_encoded(s.payloads.get(m)) for s in rows],
                }
                for m in self._modalities
            ],
            "parameters": parameters,
        }
        answer = _checked(self._insist(body)).json()
        outputs = {o["name"]: o for o in answer["outputs"]}
        predicted = outputs["prediction"]["data"]
        versions = (
            outputs["version"]["data"] if "version" in outputs else [answer["model_version"]] * len(rows)
        )
        return [
            Sent(i, s.label or "", int(v), p == s.label)
            for i, s, v, p in zip(ids, rows, versions, predicted, strict=True)
        ]

    def _insist(self, body: Mapping[str, Any]) -> httpx.Response:
        """Try again while the gateway says that it will be ready in a moment."""
        path = f"/v2/models/{self._model}/infer"
        answer = self._gateway.post(path, json=body)
        for _ in range(_PATIENCE):
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(min(float(answer.headers.get("Retry-After", "1")), 1.0))
            answer = self._gateway.post(path, json=body)
        return answer


def _encoded(payload: Payload | None) -> str | None:
    if payload is None or isinstance(payload, str):
        return payload
    return base64.b64encode(payload).decode()


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise Unavailable(
            f"{asked} answered {answer.status_code}: {answer.text[:500]}",
            remedy="Read the server's log below the home directory.",
        )
    return answer
