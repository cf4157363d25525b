"""Merkle tree hashes and proofs: why one 32-byte root can stand for a whole ledger.

The two prefixes keep a leaf from being passed off as a node (second-preimage resistance); the tree
over n leaves splits at the largest power of two below n, so old subtrees never change when the tree
grows, which is what makes consistency proofs short.

Source: RFC 6962, section 2.1; verification as in RFC 9162, sections 2.1.3.2 and 2.1.4.2.
Limits: Proofs are computed from all leaf hashes, O(n) time; the running root needs O(log n) memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ombud.errors import BadInput

__all__ = [
    "EMPTY_ROOT",
    "RunningRoot",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root",
    "verify_consistency",
    "verify_inclusion",
]

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of ``0x00 || data``, 32 bytes.

    Example:
        >>> leaf_hash(b"").hex()[:8]
        '6e340b9c'
    """
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of ``0x01 || left || right``, 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class RunningRoot:
    """The root of a growing list of leaves, one leaf at a time.

    Keeps one hash per set bit of the size: the roots of the perfect subtrees, largest first.

    Example:
        >>> tree = RunningRoot()
        >>> for data in (b"", b"\\x00"):
        ...     tree.add(leaf_hash(data))
        >>> tree.size, tree.root().hex()[:8]
        (2, 'fac54203')
    """

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        self._peaks.append(leaf)
        self.size += 1
        # Each trailing zero of the new size completes one perfect subtree.
        completed = (self.size & -self.size).bit_length() - 1
        for _ in range(completed):
            right = self._peaks.pop()
            self._peaks[-1] = node_hash(self._peaks[-1], right)

    def root(self) -> bytes:
        """Root of the leaves added so far."""
        if not self._peaks:
            return EMPTY_ROOT
        total = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            total = node_hash(peak, total)
        return total


def root(leaves: Iterable[bytes]) -> bytes:
    """Merkle tree hash of leaf hashes, 32 bytes; :data:`EMPTY_ROOT` for none."""
    tree = RunningRoot()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def _split(n: int) -> int:
    """The largest power of two smaller than ``n`` (n >= 2)."""
    return 1 << ((n - 1).bit_length() - 1)


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf ``index`` (from 0), lowest sibling first.

    Raises:
        BadInput: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise BadInput(
            f"inclusion proof: expected an index in 0..{len(leaves) - 1}, got {index}",
            remedy="Ask for an entry that is in the tree.",
        )
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether ``proof`` shows that ``leaf`` is at ``index`` of the tree of ``size`` with this root."""
    if not 0 <= index < size:
        return False
    node, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            current = node_hash(sibling, current)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and current == expected


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """What shows that the tree over ``leaves[:old_size]`` is a prefix of the tree over ``leaves``.

    Empty when the sizes are equal or ``old_size`` is 0: then the roots speak for themselves.

    Raises:
        BadInput: ``old_size`` is negative or larger than the tree.
    """
    if not 0 <= old_size <= len(leaves):
        raise BadInput(
            f"consistency proof: expected an old size in 0..{len(leaves)}, got {old_size}",
            remedy="Ask with a checkpoint of this ledger that is not newer than the ledger itself.",
        )
    if old_size in (0, len(leaves)):
        return []
    path: list[bytes] = []
    low, high, known = 0, len(leaves), True
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low, known = middle, False
    if not known:
        path.append(root(leaves[low:high]))
    return path[::-1]


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether ``proof`` shows that the old tree is a prefix of the new one."""
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    # A perfect old tree is itself a node of the new one, so its root is not repeated in the proof.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root
