"""Checkpoints: Go's own signed-note vector, and forgeries."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.errors import BadInput, Conflict, Corrupted, NotFound
from ombud.governance.checkpoint import Checkpoint, SigningKey, VerifyingKey, load_key, save_key, sign, verify

# golang.org/x/mod/sumdb/note, the example that defines the format.
SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

KEY = SigningKey("example.org/ombud", bytes(range(32)))
NOTE = sign(Checkpoint("example.org/ombud", 42, "5a" * 32), KEY)


def test_keys_of_the_reference_implementation_are_read_and_written() -> None:
    key = SigningKey.from_text(SIGNER)
    assert str(key.verifying) == VERIFIER
    assert key.to_text() == SIGNER
    assert VerifyingKey.from_text(VERIFIER) == key.verifying


def test_a_note_has_the_standard_form() -> None:
    origin, size, root, empty, signature, end = NOTE.split("\n")
    assert (origin, size, empty, end) == ("example.org/ombud", "42", "", "")
    assert root == "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo="
    assert signature.startswith("— example.org/ombud ")
    assert verify(NOTE, KEY.verifying) == Checkpoint("example.org/ombud", 42, "5a" * 32)


@given(st.data())
def test_no_edited_character_passes(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(NOTE.split("\n\n")[0]) - 1))
    other = data.draw(st.sampled_from("0aZ/\n").filter(lambda c: c != NOTE[at]))
    with pytest.raises(Corrupted):
        verify(NOTE[:at] + other + NOTE[at + 1 :], KEY.verifying)


def test_another_signer_does_not_pass_and_cosigners_do_not_disturb() -> None:
    witness = SigningKey("witness.example", bytes(32))
    with pytest.raises(Corrupted, match="no valid signature"):
        verify(NOTE, witness.verifying)
    with pytest.raises(Corrupted, match="no valid signature"):
        verify(NOTE, SigningKey(KEY.name, bytes(32)).verifying)
    cosigned = NOTE + sign(Checkpoint("example.org/ombud", 42, "5a" * 32), witness).split("\n\n")[1]
    assert verify(cosigned, KEY.verifying) == verify(cosigned, witness.verifying)


@pytest.mark.parametrize("note", ["", "no signature\n", "a\n1\n\n— example.org/ombud !!!\n"])
def test_what_is_no_note_is_corrupted(note: str) -> None:
    with pytest.raises(Corrupted):
        verify(note, KEY.verifying)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PRIVATE+KEY+a+00",
        SIGNER.replace("c74f20a3", "c74f20a4"),
        SIGNER.replace("Peter", "Paul"),
        VERIFIER,
    ],
)
def test_what_is_no_signing_key_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="checkpoint key"):
        SigningKey.from_text(text)


@pytest.mark.parametrize(
    ("name", "seed"), [("", bytes(32)), ("a b", bytes(32)), ("a+b", bytes(32)), ("a", b"")]
)
def test_bad_names_and_seeds_are_refused(name: str, seed: bytes) -> None:
    with pytest.raises(BadInput, match="checkpoint key"):
        SigningKey(name, seed)


def test_a_key_file_is_private_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "ledger.key"
    save_key(path, KEY)
    assert load_key(path) == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(Conflict, match="expected no file"):
        save_key(path, SigningKey("other", bytes(32)))
    assert load_key(path) == KEY
    with pytest.raises(NotFound):
        load_key(tmp_path / "none")


def test_the_secret_does_not_show() -> None:
    assert KEY.seed.hex() not in repr(KEY)
    assert repr(KEY.seed) not in repr(KEY)
