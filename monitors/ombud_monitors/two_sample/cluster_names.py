"""Cluster names: what two windows must agree on before anybody can say which rows belong together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput

__all__ = ["cluster_names"]


def cluster_names(values: ArrayLike, *, window: str) -> NDArray[np.str_]:
    """Names as text, the same for the same cluster however it was stored; empty where unknown.

    A column of whole numbers becomes floating point as soon as one value is missing: 1 and 1.0 are one
    speaker, and NaN or None is no speaker at all.

    Args:
        values: ``(n,)`` texts, whole numbers or missing values.
        window: Which window it is, for the message.

    Raises:
        BadInput: A name is a number that is not whole.

    Example:
        >>> cluster_names([1.0, 2.0, float("nan")], window="reference").tolist()
        ['1', '2', '']
        >>> cluster_names(np.array(["ann", None], dtype=object), window="reference").tolist()
        ['ann', '']
    """
    given = np.asarray(values)
    if given.dtype.kind in "OV":
        return np.array([_name(value, window) for value in given.reshape(-1)], dtype=np.str_).reshape(
            given.shape
        )
    if given.dtype.kind == "f":
        known = ~np.isnan(given)
        if (given[known] != np.round(given[known])).any():
            raise _not_whole(window)
        whole = np.where(known, given, 0).astype(np.int64).astype(np.str_)
        return np.where(known, whole, "")
    return given.astype(np.str_)


def _name(value: object, window: str) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float | np.floating):
        if value != round(float(value)):
            raise _not_whole(window)
        return str(int(value))
    return str(value)


def _not_whole(window: str) -> BadInput:
    return BadInput(
        f"{window} window: clusters are named by numbers that are not whole",
        remedy="Name clusters by texts or whole numbers; leave the name empty where it is unknown.",
    )
