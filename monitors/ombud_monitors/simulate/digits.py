"""Digits: scikit-learn's 1,797 handwritten digits as a population, and shifts of it.

Rows are 64 pixels of an 8 x 8 image, whole numbers from 0 to 16. Every shift but the change of norm
writes whole numbers in that range again: otherwise a detector could win by noticing decimals, which
no camera would have produced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.simulate.null import Null, Pool
from ombud_monitors.simulate.rows import Images, Table
from ombud_monitors.simulate.shift import TABLE, Shift
from ombud_monitors.simulate.tabular import (
    blended,
    contaminated,
    kept_after_knock_out,
    noisy_rows,
    scaled,
    unchanged,
)

__all__ = ["DIGITS_NULL", "DIGITS_SHIFTS", "FULL_SCALE", "digit_images", "digits"]

FULL_SCALE = 16
_SIDE = 8
_RABANSER = 'Rabanser, Günnemann & Lipton, "Failing Loudly", NeurIPS 2019, section 4'
_Apply = Callable[[Table, float, np.random.Generator], Table]


@lru_cache(maxsize=1)
def digits() -> Table:
    """The population: ``(1797, 64)`` pixels with the digit as label; packaged, nothing is downloaded.

    Source: Alpaydin & Kaynak, "Optical recognition of handwritten digits", UCI (1998), test part.

    Example:
        >>> table = digits()
        >>> table.values.shape, float(table.values.max()), int(np.bincount(table.labels)[0])
        ((1797, 64), 16.0, 178)
    """
    # Importing scikit-learn takes a second; only who asks for digits pays for it.
    from sklearn.datasets import load_digits

    values, labels = load_digits(return_X_y=True)
    return Table(np.asarray(values, np.float64), np.asarray(labels, np.int64))


def digit_images() -> Images:
    """The same population as ``(1797, 8, 8)`` images.

    Example:
        >>> digit_images().pixels.shape
        (1797, 8, 8)
    """
    table = digits()
    return Images(table.values.reshape(-1, _SIDE, _SIDE), FULL_SCALE, table.labels)


def _turned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same images, a quarter turn anticlockwise."""
    return np.rot90(values.reshape(-1, _SIDE, _SIDE), axes=(1, 2)).reshape(values.shape)


def _on_grid(apply: _Apply) -> _Apply:
    def rounded(rows: Table, size: float, rng: np.random.Generator) -> Table:
        moved = apply(rows, size, rng)
        return replace(moved, values=np.clip(np.rint(moved.values), 0, FULL_SCALE))

    return rounded


DIGITS_NULL: Null[Table] = Null(
    "digits",
    "Handwritten digits",
    TABLE,
    "Rows of scikit-learn's load_digits (1,797 images of 8 x 8 pixels, whole numbers from 0 to 16), drawn "
    "without replacement; a detector sees the 64 pixels.",
    lambda: Pool(digits(), lambda table: table.values),
)


def _shift(
    name: str,
    title: str,
    size: float,
    unit: str,
    wording: str,
    source: str,
    transform: _Apply,
    largest: float = 1.0,
) -> Shift[Table]:
    return Shift(
        f"digits.{name}", title, TABLE, "digits", size, unit, wording, source, transform, largest=largest
    )


def _noise(name: str, amount: int) -> Shift[Table]:
    return _shift(
        name,
        f"Noise on 10% of rows, standard deviation {amount}/255 of full scale",
        0.1,
        "share of rows",
        f"Gaussian noise of standard deviation {amount}/255 of full scale ({amount / 255 * FULL_SCALE:.2f}) "
        "on all pixels of {size:.0%} of rows, rounded and clipped to the scale.",
        f"{_RABANSER}: noise of 10/255 (medium) and 100/255 (large) on a fraction of 0.1; rounding is ours. "
        "Their 1/255 (small) vanishes on a scale of 17 values.",
        _on_grid(partial(noisy_rows, deviation=amount / 255 * FULL_SCALE)),
    )


def _knock_out(name: str, title: str, size: float) -> Shift[Table]:
    wording = "{size:.0%} of the images of digit 0 are removed from the population."
    plain = _shift(name, title, size, "share of the class", wording, f"{_RABANSER}: knock-out.", unchanged)
    return replace(plain, keep=partial(kept_after_knock_out, label=0))


def _contamination(name: str, size: float) -> Shift[Table]:
    return _shift(
        name,
        f"{size:.0%} of rows from another distribution",
        size,
        "share of rows",
        "{size:.0%} of rows are replaced by the same images turned by 90 degrees.",
        "Huber (1964), contamination; a quarter turn keeps the ink of each image and its grey values.",
        partial(contaminated, foreign=_turned),
    )


def _blend(name: str, size: float) -> Shift[Table]:
    return _shift(
        name,
        f"Every row blended with another at weight {size:.0%}",
        size,
        "weight of the other row",
        "Every image is blended with another one, weight {size:.0%}, and rounded to whole numbers.",
        "Zhang et al., mixup, ICLR 2018, with a fixed weight; rounding is ours.",
        _on_grid(blended),
        # Beyond one half the other image dominates, and the population comes back to what it was.
        largest=0.5,
    )


_NORM: Shift[Table] = Shift(
    "digits.norm-10",
    "Norms of digits grow by 10%",
    TABLE,
    "digits",
    0.1,
    "share of the norm",
    "Every row is multiplied by 1 + {size:g}, without rounding and beyond the full scale.",
    "A change of gain; leaves the whole numbers, so ties alone give it away on raw pixels: see "
    "embedding.norm-10 for the change on continuous rows.",
    scaled,
)

DIGITS_SHIFTS: tuple[Shift[Table], ...] = (
    _noise("noise-10", 10),
    _noise("noise-10-large", 100),
    _knock_out("knock-out-half", "Half of one class knocked out", 0.5),
    _knock_out("knock-out-full", "One class knocked out", 1.0),
    _contamination("mixing-5", 0.05),
    _contamination("mixing-10", 0.10),
    _blend("blending-5", 0.05),
    _blend("blending-10", 0.10),
    _NORM,
)
