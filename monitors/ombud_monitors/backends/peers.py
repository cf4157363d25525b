"""Peers: tests of alibi-detect, Evidently and scipy as their users run them, defaults and all.

These exist to be measured beside ours (:mod:`ombud_monitors.evaluate`) and judge nothing in production;
for second opinions with the pitfalls handled see :mod:`ombud_monitors.backends.alibi`. What a library
leaves to the user is set here as its documentation's first example sets it.

alibi-detect is under the Business Source License 1.1, which grants non-production use.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ks_2samp

__all__ = ["PEERS", "Peer", "quietly"]

_Alarm = tuple[float | None, bool]
_LEVEL = 0.05
"""alibi-detect's default ``p_val``, and ours."""


_Ask = Callable[[NDArray[Any]], _Alarm]


@dataclass(frozen=True)
class Peer:
    """One test of another library.

    Args:
        name: ``library:test``.
        settings: What was set and what was left at its default, in a sentence.
        fit: Binds it to a reference window ``(n, d)``; what comes back is asked about current ones.
    """

    name: str
    settings: str
    fit: Callable[[NDArray[Any]], _Ask]

    def alarm(self, reference: NDArray[Any], current: NDArray[Any], seed: int) -> _Alarm:
        """Its p-value (None where it gives none) and whether it reports drift.

        Args:
            reference: ``(n, d)`` numbers.
            current: ``(m, d)`` numbers.
            seed: Both libraries draw from global generators; they are seeded, and put back afterwards.
        """
        with quietly(seed):
            return self.fit(reference)(current)


@contextmanager
def quietly(seed: int) -> Iterator[None]:
    """Global generators seeded, and put back afterwards; no warning for every constant column.

    Args:
        seed: For numpy's and torch's global generators.
    """
    # Lazily: torch takes seconds to import, and only peers need it here.
    import torch

    state = np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            logging.getLogger("alibi_detect").setLevel(logging.ERROR)
            torch.manual_seed(seed)
            np.random.seed(seed % 2**32)
            yield
    finally:
        np.random.set_state(state)


def _alibi_columns(name: str, reference: NDArray[Any]) -> _Ask:
    from alibi_detect import cd

    made = getattr(cd, name)(_single(reference), p_val=_LEVEL)

    def ask(current: NDArray[Any]) -> _Alarm:
        found = made.predict(_single(current))["data"]
        # Its decision is Bonferroni's: the smallest p-value of a column against the level over their number.
        return min(1.0, float(np.min(found["p_val"])) * current.shape[1]), bool(found["is_drift"])

    return ask


def _alibi_whole(name: str, reference: NDArray[Any]) -> _Ask:
    from alibi_detect import cd

    return _asking(getattr(cd, name)(_single(reference), backend="pytorch", p_val=_LEVEL))


def _alibi_classifier(reference: NDArray[Any]) -> _Ask:
    from alibi_detect.cd import ClassifierDrift
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=1000)
    return _asking(ClassifierDrift(_single(reference), model, backend="sklearn", p_val=_LEVEL))


def _asking(made: Any) -> _Ask:
    def ask(current: NDArray[Any]) -> _Alarm:
        found = made.predict(_single(current))["data"]
        return float(found["p_val"]), bool(found["is_drift"])

    return ask


def _evidently_preset(reference: NDArray[Any]) -> _Ask:
    # Evidently reads this variable when it is imported; without it, it would try to phone home.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently import Dataset, Report
    from evidently.presets import DataDriftPreset

    before = Dataset.from_pandas(_frame(reference))

    def ask(current: NDArray[Any]) -> _Alarm:
        snapshot = Report([DataDriftPreset()]).run(Dataset.from_pandas(_frame(current)), before)
        counted = snapshot.dict()["metrics"][0]
        return None, bool(counted["value"]["share"] >= counted["config"]["drift_share"])

    return ask


def _evidently_embeddings(reference: NDArray[Any]) -> _Ask:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    from evidently.legacy.metrics.data_drift.embedding_drift_methods import model

    # EmbeddingsDriftMetric's own choice of method; the t-SNE picture that it also draws is left out.
    method, before = model(bootstrap=len(reference) < 1000), _frame(reference)
    return lambda current: (None, bool(method(_frame(current), before)[1]))


def _scipy_columns(reference: NDArray[Any]) -> _Ask:
    def ask(current: NDArray[Any]) -> _Alarm:
        columns = range(reference.shape[1])
        smallest = min(float(ks_2samp(reference[:, j], current[:, j]).pvalue) for j in columns)
        p_value = min(1.0, smallest * reference.shape[1])
        return p_value, p_value <= _LEVEL

    return ask


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
    Peer("scipy:ks", "ks_2samp for each column, Bonferroni over columns", _scipy_columns),
)

PEERS: Mapping[str, Peer] = MappingProxyType({peer.name: peer for peer in _PEERS})
"""Name → test."""
