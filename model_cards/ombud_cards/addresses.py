"""Where a card's links lead: verdicts in the API, the rest in the portal as people read it; all escaped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

__all__ = ["Addresses"]


@dataclass(frozen=True)
class Addresses:
    """Builds links below one root.

    Args:
        root: Address of the installation without a trailing slash; empty for links that stay on it.
    """

    root: str = ""

    def evidence(self, citation: Mapping[str, Any]) -> str:
        """The document of a citation, with its JSON pointer as the fragment.

        Source: RFC 6901, section 6 (URI fragment identifier representation).

        Example:
            >>> Addresses().evidence({"digest": "sha256:ab", "pointer": "/metrics/accuracy.fused"})
            '/evidence/sha256:ab#/metrics/accuracy.fused'
        """
        fragment = quote(str(citation["pointer"]), safe="/~!$&'()*+,;=:@?.-_")
        return f"{self.document(str(citation['digest']))}#{fragment}"

    def document(self, digest: str) -> str:
        """A whole evidence document; the API has the same digest below ``/api/v1/evidence/``."""
        return f"{self.root}/evidence/{quote(digest, safe=':')}"

    def verdicts(self, model: str, window_id: str) -> str:
        """The verdicts about one window."""
        name, window = quote(model, safe=""), quote(window_id, safe="")
        return f"{self.root}/api/v1/models/{name}/verdicts?window_id={window}"

    def alert(self, alert_id: str) -> str:
        """One alert, as people read it."""
        return f"{self.root}/alerts/{quote(alert_id, safe='')}"

    def rollout(self, rollout_id: str) -> str:
        """One rollout, as people read it."""
        return f"{self.root}/rollouts/{quote(rollout_id, safe='')}"

    def ledger(self, seq: int) -> str:
        """The ledger with one entry at the top."""
        return f"{self.root}/ledger?before={seq + 1}"
