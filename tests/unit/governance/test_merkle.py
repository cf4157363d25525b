"""Merkle trees: known answers of Certificate Transparency, and properties over many sizes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.errors import BadInput
from ombud.governance.merkle import (
    EMPTY_ROOT,
    RunningRoot,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The reference leaves and roots of the Certificate Transparency code base (RFC 6962 hashing).
DATA = [bytes.fromhex(h) for h in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(data) for data in DATA]

# Rows of leaf, size and path.
INCLUSION = [
    (0, 8, [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]),
    (5, 8, [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
]  # fmt: skip
# Rows of old size, new size and path.
CONSISTENCY = [
    (1, 8, [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]),
    (6, 8, [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]),
    (2, 5, [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]),
]  # fmt: skip


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_known_inclusion_proofs(index: int, size: int, path: list[str]) -> None:
    assert [h.hex() for h in inclusion_proof(LEAVES[:size], index)] == path
    assert verify_inclusion(
        index, size, LEAVES[index], [bytes.fromhex(h) for h in path], bytes.fromhex(ROOTS[size])
    )


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_known_consistency_proofs(old: int, new: int, path: list[str]) -> None:
    assert [h.hex() for h in consistency_proof(LEAVES[:new], old)] == path
    roots = (bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]))
    assert verify_consistency(old, new, *roots, [bytes.fromhex(h) for h in path])


def _leaves(n: int) -> list[bytes]:
    return [leaf_hash(i.to_bytes(4, "big")) for i in range(n)]


def _by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word: an independent truth for the running root."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(_by_definition(leaves[:k]), _by_definition(leaves[k:]))


@given(st.integers(0, 200))
def test_the_running_root_is_the_one_of_the_definition(n: int) -> None:
    leaves = _leaves(n)
    tree = RunningRoot()
    for leaf in leaves:
        tree.add(leaf)
    assert tree.root() == _by_definition(leaves)
    assert tree.size == n


@given(st.data(), st.integers(1, 150))
def test_inclusion_holds_for_the_leaf_and_for_nothing_else(data: st.DataObject, n: int) -> None:
    leaves = _leaves(n)
    index, other = (data.draw(st.integers(0, n - 1)) for _ in range(2))
    proof, whole = inclusion_proof(leaves, index), root(leaves)
    assert verify_inclusion(index, n, leaves[index], proof, whole)
    assert verify_inclusion(index, n, leaves[other], proof, whole) == (index == other)
    assert not verify_inclusion(index, n, leaves[index], [*proof, whole], whole)
    assert not verify_inclusion(index, n, leaves[index], proof, leaf_hash(b"another root"))
    assert not verify_inclusion(n, n, leaves[index], proof, whole)
    if proof:
        assert not verify_inclusion(index, n, leaves[index], proof[:-1], whole)
        assert not verify_inclusion(index, n, leaves[index], [leaf_hash(b"x"), *proof[1:]], whole)


@given(st.data(), st.integers(0, 150))
def test_consistency_holds_for_a_prefix_and_for_nothing_else(data: st.DataObject, n: int) -> None:
    leaves = _leaves(n)
    old = data.draw(st.integers(0, n))
    proof = consistency_proof(leaves, old)
    old_root, new_root = root(leaves[:old]), root(leaves)
    assert verify_consistency(old, n, old_root, new_root, proof)
    assert not verify_consistency(n + 1, n, old_root, new_root, proof)
    assert not verify_consistency(old, n, old_root, new_root, [*proof, new_root])
    if old:
        rewritten = root([leaf_hash(b"rewritten"), *leaves[1:old]])
        assert not verify_consistency(old, n, rewritten, new_root, proof)
        forged = root([leaf_hash(b"rewritten"), *leaves[1:]])
        assert not verify_consistency(old, n, old_root, forged, proof)


def test_asking_beyond_the_tree_is_refused() -> None:
    with pytest.raises(BadInput, match=r"index in 0\.\.2, got 3"):
        inclusion_proof(LEAVES[:3], 3)
    with pytest.raises(BadInput, match=r"old size in 0\.\.3, got 4"):
        consistency_proof(LEAVES[:3], 4)
    assert root([]) == EMPTY_ROOT
