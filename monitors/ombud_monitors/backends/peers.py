"""Peers: alibi-detect's and Evidently's tests as their users run them, defaults and all.

These exist to be measured beside ours (:mod:`ombud_monitors.evaluate`) and judge nothing in production;
for second opinions with the pitfalls handled see :mod:`ombud_monitors.backends.alibi`. What a library
leaves to the user is set here as its documentation's first example sets it.

alibi-detect is under the Business Source License 1.1, which grants non-production use.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["PEERS", "Peer"]

_Alarm = tuple[float | None, bool]
_LEVEL = 0.05
"""alibi-detect's default ``p_val``, and ours."""


@dataclass(frozen=True)
class Peer:
    """One test of another library.

    Args:
        name: ``library:test``.
        settings: What was set and what was left at its default, in a sentence.
        run: Asks it about two ``(n, d)`` windows.
    """

    name: str
    settings: str
    run: Callable[[NDArray[Any], NDArray[Any]], _Alarm]

    def alarm(self, reference: NDArray[Any], current: NDArray[Any], seed: int) -> _Alarm:
        """Its p-value (None where it gives none) and whether it reports drift.

        Args:
            reference: ``(n, d)`` numbers.
            current: ``(m, d)`` numbers.
            seed: Both libraries draw from global generators; they are seeded, and put back afterwards.
        """
        # Lazily: torch takes seconds to import, and only peers need it here.
        import torch

        state = np.random.get_state()
        try:
            with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), np.errstate(all="ignore"):
                # Both warn about every constant column of every window; a count of alarms needs no log.
                warnings.simplefilter("ignore")
                logging.getLogger("alibi_detect").setLevel(logging.ERROR)
                torch.manual_seed(seed)
                np.random.seed(seed % 2**32)
                return self.run(reference, current)
        finally:
            np.random.set_state(state)


def _alibi_columns(name: str, reference: NDArray[Any], current: NDArray[Any]) -> _Alarm:
    from alibi_detect import cd

    found = getattr(cd, name)(_single(reference), p_val=_LEVEL).predict(_single(current))["data"]
    # Its decision is Bonferroni's: the smallest p-value of a column against the level over their number.
    return min(1.0, float(np.min(found["p_val"])) * reference.shape[1]), bool(found["is_drift"])


def _alibi_whole(name: str, reference: NDArray[Any], current: NDArray[Any]) -> _Alarm:
    from alibi_detect import cd

    made = getattr(cd, name)(_single(reference), backend="pytorch", p_val=_LEVEL, device="cpu")
    found = made.predict(_single(current))["data"]
    return float(found["p_val"]), bool(found["is_drift"])


def _alibi_classifier(reference: NDArray[Any], current: NDArray[Any]) -> _Alarm:
    from alibi_detect.cd import ClassifierDrift
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=1000)
    made = ClassifierDrift(_single(reference), model, backend="sklearn", p_val=_LEVEL)
    found = made.predict(_single(current))["data"]
    return float(found["p_val"]), bool(found["is_drift"])


def _evidently_preset(reference: NDArray[Any], current: NDArray[Any]) -> _Alarm:
    # Evidently reads this variable when it is imported; without it, it would try to phone home.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently import Dataset, Report
    from evidently.presets import DataDriftPreset

    before, after = (Dataset.from_pandas(_frame(x)) for x in (reference, current))
    snapshot = Report([DataDriftPreset()]).run(after, before)
    counted = snapshot.dict()["metrics"][0]
    return None, bool(counted["value"]["share"] >= counted["config"]["drift_share"])


def _evidently_embeddings(reference: NDArray[Any], current: NDArray[Any]) -> _Alarm:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently.legacy.metrics.data_drift.embedding_drift_methods import model

    # EmbeddingsDriftMetric's own choice of method; the t-SNE picture that it also draws is left out.
    method = model(bootstrap=len(reference) < 1000)
    return None, bool(method(_frame(current), _frame(reference))[1])


def _single(rows: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(rows, dtype=np.float32)


def _frame(rows: NDArray[Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[f"c{j}" for j in range(rows.shape[1])])


_PEERS = (
    Peer("alibi-detect:ks", "KSDrift(x_ref, p_val=.05)", partial(_alibi_columns, "KSDrift")),
    Peer("alibi-detect:cvm", "CVMDrift(x_ref, p_val=.05)", partial(_alibi_columns, "CVMDrift")),
    Peer(
        "alibi-detect:mmd",
        "MMDDrift(x_ref, backend='pytorch', p_val=.05), 100 permutations by default",
        partial(_alibi_whole, "MMDDrift"),
    ),
    Peer(
        "alibi-detect:lsdd",
        "LSDDDrift(x_ref, backend='pytorch', p_val=.05), 100 permutations by default",
        partial(_alibi_whole, "LSDDDrift"),
    ),
    Peer(
        "alibi-detect:classifier",
        "ClassifierDrift(x_ref, LogisticRegression(), backend='sklearn', p_val=.05)",
        _alibi_classifier,
    ),
    Peer(
        "evidently:preset",
        "DataDriftPreset(): drift where at least half of the columns drifted",
        _evidently_preset,
    ),
    Peer(
        "evidently:embeddings",
        "EmbeddingsDriftMetric's default method, the picture left out",
        _evidently_embeddings,
    ),
)

PEERS: Mapping[str, Peer] = MappingProxyType({peer.name: peer for peer in _PEERS})
"""Name → test."""
