"""Groups: which kinds of rows there are, and how many of each.

A change of the mix (a class that vanished, a share of foreign rows) moves no column much, but the share of
one group of similar rows. Groups are found without labels: rows are joined to their nearest neighbours, and
a random walk along these edges tells which rows belong together.

Source: Ng, Jordan & Weiss, "On spectral clustering" (2002); Coifman & Lafon, "Diffusion maps", Appl. Comput.
    Harmon. Anal. 21 (2006); for graphs as two-sample tests: Friedman & Rafsky, Annals of Statistics 7 (1979).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.aggregated.view import Reduction, Statistic, View, standardised
from ombud_monitors.two_sample.ranked_rows import RankedRows

__all__ = ["group_view"]

NODES = 2000
"""Most rows that the graph is made of, drawn at random; other rows take the place of their nearest one."""
NEIGHBOURS = 10
GROUPS = 10
"""Neighbours and groups. On handwritten digits 6 to 16 and 8 to 13 were measured to see a missing class about
equally often: groups must be small enough to differ, and large enough for their share to be known."""
FEWEST = 40
"""Rows below which no groups are sought: four for each would be left."""
_RIDGE = 1.0
"""Ridge of the whitening, as a share of the mean variance: large components, which groups make, keep a larger
say than small ones."""
_COORDINATES = 20
_STEPS = 8
"""Steps of the random walk whose distances are compared; few enough that small groups are not left."""
_ROUNDS = 2
_DEGREE = 4
_DAMPED = 0.5
"""Chebyshev polynomials of the walk damp eigenvalues from -1 to .5, which the walk has forgotten after a few
steps, and amplify those above: .7 by 9 times in a round, 1 by 41."""
_STARTS = 2
_LLOYD = 6
_BLOCK = 2048


def group_view(
    rows: RankedRows, cluster: NDArray[np.int64] | None, smaller: int, rng: np.random.Generator
) -> View | None:
    """Shares of groups, and diffusion coordinates.

    Args:
        rows: The pooled rows, ranked, in random order: the first :data:`NODES` make the graph.
        cluster: ``(n,)`` numbers of rows that belong together and are no neighbours of each other, because
            they would only find themselves; None for independent rows.
        smaller: Units in the smaller window. Where it expects less than ten of a group, the loss of half of
            them is lost in noise, and the statistic's weight is lowered in proportion.
        rng: Starts the iterations.

    Returns:
        The view; None where there are too few rows.
    """
    n = len(rows.ranks)
    if n < FEWEST:
        return None
    z = rows.whitened(_RIDGE)
    walk, degree = _random_walk(z[:NODES], None if cluster is None else cluster[:NODES])
    values, vectors = _leading(walk, degree, rng)
    labels = _k_means(_on_sphere(vectors[:, :GROUPS]), min(GROUPS, len(walk) // 20), rng)
    nearest = _nearest(z, z[:NODES])
    member = np.eye(labels.max() + 1)[labels][nearest]
    member = member[:, member.sum(axis=0) > 0]
    # The first vector only says how many neighbours each row has.
    coordinates = standardised(vectors[nearest, 1:]) * (values[1:] ** (_STEPS / 2)).astype(np.float32)
    names = [f"a group of {int(size)} similar rows" for size in member.sum(axis=0)]
    k = member.shape[1]
    weight = 3.0 * min(1.0, smaller / (10 * GROUPS))
    return View(
        np.concatenate([standardised(member), coordinates], axis=1),
        names,
        (
            Statistic("shares of groups of similar rows", Reduction.LARGEST, weight, 0, k),
            Statistic(
                "the mix of similar rows",
                Reduction.SUM,
                2.0,
                k,
                unit="squared diffusion distance",
            ),
        ),
    )


def _random_walk(
    z: NDArray[np.float32], cluster: NDArray[np.int64] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``(u, u)`` symmetrically normalised edges between nearest neighbours and ``(u,)`` degrees."""
    apart = _squared_distances(z, z)
    if cluster is not None:
        apart[cluster[:, None] == cluster] = np.inf
    np.fill_diagonal(apart, np.inf)
    k = min(NEIGHBOURS, len(z) - 1)
    reach = np.partition(apart, k - 1, axis=1)[:, k - 1]
    # Joined if either is among the other's nearest; rows of one cluster, infinitely far apart, never are.
    near = apart <= np.minimum(reach, np.finfo(np.float32).max)[:, None]
    edges = (near | near.T).astype(np.float32)
    degree = np.maximum(edges.sum(axis=1), 1)
    edges /= np.sqrt(degree)
    edges /= np.sqrt(degree)[:, None]
    return edges, degree


def _leading(
    walk: NDArray[np.float32], degree: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Leading eigenvalues ``(q,)``, clipped at 0, and eigenvectors ``(u, q)``, by subspace iteration.

    Source: Zhou & Saad, "A Chebyshev-Davidson algorithm", SIAM J. Matrix Anal. Appl. 29 (2007).
    """
    shape = (len(walk), min(_COORDINATES, len(walk) - 1))
    basis = rng.standard_normal(shape, dtype=np.float32)
    basis[:, 0] = np.sqrt(degree)
    middle, half = np.float32((_DAMPED - 1) / 2), np.float32((_DAMPED + 1) / 2)
    for _ in range(_ROUNDS):
        before, basis = basis, (walk @ basis - middle * basis) / half
        for _ in range(_DEGREE - 1):
            before, basis = basis, 2 * (walk @ basis - middle * basis) / half - before
        basis, _ = np.linalg.qr(basis)
    values, vectors = np.linalg.eigh((basis.T @ (walk @ basis)).astype(np.float64))
    return np.maximum(values[::-1], 0.0), basis @ vectors[:, ::-1].astype(np.float32)


def _on_sphere(x: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
    return np.asarray(x / np.where(length > 0, length, 1), dtype=np.float32)


def _k_means(x: NDArray[np.float32], k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """``(u,)`` group of each row of length 1: the best of a few starts.

    Source: Arthur & Vassilvitskii, "k-means++" (2007), for the starts.
    """
    best, labels = np.inf, np.zeros(len(x), dtype=np.int64)
    for _ in range(_STARTS):
        centres = x[[rng.integers(len(x))]]
        distance = _from_centres(x, centres)[:, 0]
        while len(centres) < k:
            mass = np.cumsum(distance, dtype=np.float64)
            drawn = min(int(np.searchsorted(mass, rng.random() * mass[-1])), len(x) - 1)
            centres = np.concatenate([centres, x[[drawn]]])
            distance = np.minimum(distance, _from_centres(x, x[[drawn]])[:, 0])
        for _ in range(_LLOYD):
            member = np.eye(k, dtype=np.float32)[_from_centres(x, centres).argmin(axis=1)]
            size = member.sum(axis=0)[:, None]
            centres = np.where(size > 0, member.T @ x / np.maximum(size, 1), centres)
        distances = _from_centres(x, centres)
        if (cost := float(distances.min(axis=1).sum())) < best:
            best, labels = cost, distances.argmin(axis=1)
    return labels


def _from_centres(x: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(u, k)`` squared distances of rows of length 1 from centres."""
    squared = (1 + np.einsum("ij,ij->i", centres, centres)) - 2 * (x @ centres.T)
    return np.asarray(np.maximum(squared, 0, out=squared))


def _nearest(rows: NDArray[np.float32], nodes: NDArray[np.float32]) -> NDArray[np.int64]:
    """``(n,)`` number of the node nearest to each row; the first rows are the nodes themselves."""
    found = np.arange(len(rows))
    for start in range(len(nodes), len(rows), _BLOCK):
        block = slice(start, start + _BLOCK)
        found[block] = _squared_distances(rows[block], nodes).argmin(axis=1)
    return found


def _squared_distances(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    # Norms as two more columns: one matrix product and no further pass over the distances but the last.
    left = np.column_stack([-2 * a, np.einsum("ij,ij->i", a, a), np.ones(len(a), np.float32)])
    right = np.column_stack([b, np.ones(len(b), np.float32), np.einsum("ij,ij->i", b, b)])
    squared = left @ right.T
    return np.asarray(np.maximum(squared, 0, out=squared))
