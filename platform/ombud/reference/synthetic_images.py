"""Handwritten-looking digits with known truth: pen strokes with a writer's style.

A digit is one or two curves through control points. A writer slants, stretches, thickens and bends
them in their own way and prefers one of the digit's forms; every drawing adds its own jitter.

Limits: 28 by 28 grey, white ink on black; one digit in the middle of the picture.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["SIDE", "Hand", "draw", "encode_png"]

SIDE = 28
_Form = tuple[tuple[tuple[float, float], ...], ...]

# Curves through control points (x to the right, y downwards) in a unit box.
_FORMS: tuple[tuple[_Form, ...], ...] = (
    ((((0.55, 0.0), (0.12, 0.25), (0.1, 0.72), (0.5, 1.0), (0.9, 0.72), (0.88, 0.25), (0.5, 0.0)),),),
    ((((0.5, 0.0), (0.5, 0.5), (0.5, 1.0)),), (((0.25, 0.22), (0.52, 0.0), (0.5, 0.5), (0.5, 1.0)),)),
    (
        (
            ((0.12, 0.25), (0.45, 0.0), (0.85, 0.25), (0.55, 0.62), (0.1, 1.0)),
            ((0.1, 1.0), (0.5, 0.98), (0.92, 1.0)),
        ),
        (((0.12, 0.2), (0.5, 0.0), (0.82, 0.3), (0.4, 0.8), (0.12, 0.92), (0.35, 0.82), (0.92, 1.0)),),
    ),
    (
        (
            ((0.15, 0.1), (0.55, 0.0), (0.82, 0.22), (0.45, 0.46)),
            ((0.45, 0.46), (0.9, 0.72), (0.5, 1.0), (0.1, 0.88)),
        ),
    ),
    (
        (((0.3, 0.0), (0.12, 0.55), (0.9, 0.55)), ((0.7, 0.15), (0.66, 0.6), (0.64, 1.0))),
        (((0.65, 0.0), (0.35, 0.35), (0.08, 0.66), (0.92, 0.66)), ((0.66, 0.0), (0.66, 0.5), (0.66, 1.0))),
    ),
    (
        (
            ((0.85, 0.0), (0.5, 0.02), (0.25, 0.02)),
            ((0.25, 0.02), (0.2, 0.42), (0.6, 0.4), (0.85, 0.7), (0.5, 1.0), (0.1, 0.88)),
        ),
    ),
    (
        (((0.7, 0.0), (0.3, 0.3), (0.12, 0.7), (0.45, 1.0), (0.85, 0.76), (0.5, 0.54), (0.16, 0.75)),),
        (((0.5, 0.0), (0.2, 0.5), (0.2, 0.85), (0.55, 1.0), (0.82, 0.75), (0.5, 0.58), (0.22, 0.75)),),
    ),
    (
        (((0.1, 0.05), (0.5, 0.03), (0.9, 0.0)), ((0.9, 0.0), (0.6, 0.45), (0.4, 1.0))),
        (
            ((0.1, 0.05), (0.5, 0.03), (0.9, 0.0)),
            ((0.9, 0.0), (0.6, 0.45), (0.4, 1.0)),
            ((0.3, 0.5), (0.55, 0.48), (0.8, 0.47)),
        ),
    ),
    (
        (
            ((0.8, 0.15), (0.45, 0.0), (0.18, 0.22), (0.5, 0.47), (0.88, 0.76), (0.5, 1.0)),
            ((0.5, 1.0), (0.12, 0.76), (0.5, 0.47), (0.84, 0.24), (0.78, 0.12)),
        ),
        (
            ((0.5, 0.0), (0.18, 0.24), (0.5, 0.47), (0.82, 0.24), (0.5, 0.0)),
            ((0.5, 0.47), (0.1, 0.75), (0.5, 1.0), (0.9, 0.75), (0.5, 0.47)),
        ),
    ),
    (
        (
            ((0.82, 0.2), (0.5, 0.0), (0.16, 0.26), (0.45, 0.5), (0.8, 0.25)),
            ((0.82, 0.2), (0.78, 0.6), (0.6, 1.0)),
        ),
        (
            ((0.82, 0.2), (0.5, 0.0), (0.16, 0.26), (0.45, 0.5), (0.8, 0.25)),
            ((0.82, 0.2), (0.85, 0.7), (0.55, 1.0), (0.2, 0.9)),
        ),
    ),
)


@dataclass(frozen=True)
class Hand:
    """A writer's style.

    Args:
        slant: Horizontal shift per unit of height.
        width: Half of the stroke's width in pixels.
        height: Height of the digit in pixels.
        aspect: Width of the digit as a share of its height.
        bend: ``(10, 7, 2)`` lasting displacement of the control points.
        forms: ``(10,)`` which form of each digit is preferred, as a number in [0, 1).
        jitter: Displacement of the control points from drawing to drawing.
    """

    slant: float
    width: float
    height: float
    aspect: float
    bend: NDArray[np.float64]
    forms: NDArray[np.float64]
    jitter: float

    @classmethod
    def draw(cls, group: str, rng: np.random.Generator) -> Hand:
        """A writer of a group; ``"student"`` hands vary a little more than ``"adult"`` ones."""
        student = group == "student"
        return cls(
            slant=float(rng.normal(0.12, 0.16)),
            width=float(rng.uniform(0.8, 1.6)),
            height=float(rng.uniform(16, 21)),
            aspect=float(rng.uniform(0.55, 0.85)),
            bend=rng.normal(0, 0.055, (10, 7, 2)),
            forms=rng.uniform(0, 1, 10),
            jitter=0.085 if student else 0.065,
        )


def draw(digit: int, hand: Hand, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One drawing of a digit, ``(28, 28)`` uint8.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> picture = draw(3, Hand.draw("adult", rng), rng)
        >>> picture.shape, bool(20 < picture.mean() < 80)
        ((28, 28), True)
    """
    forms = _FORMS[digit]
    form = forms[int(hand.forms[digit] * len(forms))]
    height = hand.height * rng.normal(1, 0.04)
    scale = np.array([height * hand.aspect * rng.normal(1, 0.05), height])
    points = []
    for stroke in form:
        control = np.array(stroke) + hand.bend[digit, : len(stroke)]
        curve = _curve(control + rng.normal(0, hand.jitter, control.shape))
        points.append((curve - 0.5) * scale)
    x, y = np.concatenate(points).T
    x = x - (hand.slant + rng.normal(0, 0.04)) * y
    grid = np.arange(SIDE) + 0.5
    centre = SIDE / 2 + rng.normal(0, 0.5, 2)
    distance2 = (grid[None, :, None] - x - centre[0]) ** 2 + (grid[:, None, None] - y - centre[1]) ** 2
    distance = np.sqrt(distance2.min(axis=2))
    ink = np.clip(hand.width * rng.normal(1, 0.08) + 0.5 - distance, 0, 1) * rng.uniform(215, 255)
    return np.asarray(np.clip(ink + rng.normal(0, 4, ink.shape), 0, 255), dtype=np.uint8)


def encode_png(picture: NDArray[np.uint8]) -> bytes:
    """PNG bytes of a ``(h, w)`` uint8 picture."""
    buffer = io.BytesIO()
    Image.fromarray(picture, mode="L").save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _curve(control: NDArray[np.float64], per_span: int = 9) -> NDArray[np.float64]:
    """Catmull-Rom spline through ``(c, 2)`` control points, ``(m, 2)``."""
    padded = np.concatenate([2 * control[:1] - control[1:2], control, 2 * control[-1:] - control[-2:-1]])
    t = np.linspace(0, 1, per_span)[None, :, None]
    a, b, c, d = (padded[i : len(padded) - 3 + i, None, :] for i in range(4))
    spans = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.asarray(spans.reshape(-1, 2))
