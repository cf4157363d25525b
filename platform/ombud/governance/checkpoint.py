"""Signed checkpoints: a short text that fixes a ledger's size and root, to be kept elsewhere.

The format is C2SP's, so witnesses and tools of transparency logs can read it::

    ombud.example/ledger
    42
    <base64 of the root>

    — ombud.example/ledger <base64 of key id and Ed25519 signature>

Source: C2SP signed-note and tlog-checkpoint; RFC 8032 for Ed25519.
Limits: A checkpoint proves nothing while only its signer holds it; publish it (anchor it).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ombud.errors import BadInput, Conflict, Corrupted, NotFound

__all__ = ["Checkpoint", "SigningKey", "VerifyingKey", "load_key", "save_key", "sign", "verify"]

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True)
class Checkpoint:
    """A statement about a ledger.

    Args:
        origin: Name of the ledger, unique in the world, e.g. ``example.org/ombud``.
        size: Entries covered.
        root: Merkle root over them, hex.
    """

    origin: str
    size: int
    root: str

    @property
    def text(self) -> str:
        """What is signed.

        Example:
            >>> Checkpoint("example.org/ombud", 0, "00" * 32).text.splitlines()[:2]
            ['example.org/ombud', '0']
        """
        root = base64.b64encode(bytes.fromhex(self.root)).decode()
        return f"{self.origin}\n{self.size}\n{root}\n"


@dataclass(frozen=True)
class VerifyingKey:
    """The public half: who signed, and with what.

    Args:
        name: Name of the signer; without spaces and ``+``.
        public: 32 bytes.
    """

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """4 bytes that lead the reader of a note to the right key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def from_text(cls, text: str) -> VerifyingKey:
        """The key that ``str`` wrote: ``VerifyingKey.from_text(str(key)) == key``.

        Raises:
            BadInput: Not a verifier key of C2SP's signed-note form.
        """
        name, key_id, material = _parts(text)
        key = cls(name, material)
        if key.key_id.hex() != key_id:
            raise _bad_key(f"expected key id {key.key_id.hex()}, got {key_id}")
        return key


@dataclass(frozen=True)
class SigningKey:
    """The private half.

    Args:
        name: Name of the signer; without spaces and ``+``.
        seed: 32 secret bytes from the operating system.

    Raises:
        BadInput: The name or the length of the seed is wrong.
    """

    name: str
    seed: bytes

    def __post_init__(self) -> None:
        if not self.name or "+" in self.name or any(c.isspace() for c in self.name):
            raise _bad_key(f"expected a name without spaces and '+', got {self.name!r}")
        if len(self.seed) != 32:
            raise _bad_key(f"expected a seed of 32 bytes, got {len(self.seed)}")

    def __repr__(self) -> str:
        # The default one would print the seed into logs and tracebacks.
        return f"SigningKey({str(self.verifying)!r})"

    @property
    def verifying(self) -> VerifyingKey:
        """The public half."""
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifyingKey(self.name, private.public_key().public_bytes_raw())

    def to_text(self) -> str:
        """The secret form that :meth:`from_text` reads."""
        material = base64.b64encode(_ED25519 + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifying.key_id.hex()}+{material}"

    @classmethod
    def from_text(cls, text: str) -> SigningKey:
        """The key that :meth:`to_text` wrote.

        Raises:
            BadInput: Not a signer key of C2SP's signed-note form.
        """
        if not text.startswith(_PRIVATE):
            raise _bad_key(f"expected a text that starts with {_PRIVATE!r}")
        name, key_id, material = _parts(text.removeprefix(_PRIVATE))
        key = cls(name, material)
        if key.verifying.key_id.hex() != key_id:
            raise _bad_key("the key id does not belong to the key")
        return key


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The signed note: the checkpoint's text, an empty line, one signature line.

    Example:
        >>> key = SigningKey("example.org/ombud", bytes(32))
        >>> note = sign(Checkpoint("example.org/ombud", 3, "ab" * 32), key)
        >>> verify(note, key.verifying).size
        3
    """
    signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(checkpoint.text.encode())
    blob = base64.b64encode(key.verifying.key_id + signature).decode()
    return f"{checkpoint.text}\n— {key.name} {blob}\n"


def verify(note: str, key: VerifyingKey) -> Checkpoint:
    """The checkpoint in ``note``, if ``key`` signed it.

    Raises:
        Corrupted: Not a checkpoint note, no signature of this key, or a signature that does not fit.
    """
    text, separator, signatures = note.rpartition("\n\n")
    if not separator:
        raise _bad_note("expected a text, an empty line and signatures")
    text += "\n"
    if not any(_signed(text, line, key) for line in signatures.splitlines()):
        raise _bad_note(f"no valid signature of {key}")
    try:
        origin, size, root, *_ = text.splitlines()
        if str(int(size)) != size or int(size) < 0:
            raise ValueError(size)
        checkpoint = Checkpoint(origin, int(size), base64.b64decode(root, validate=True).hex())
    except ValueError as problem:
        raise _bad_note(f"expected origin, size and root, got {text!r}") from problem
    return checkpoint


def save_key(path: Path, key: SigningKey) -> None:
    """Write a new secret key file, readable by its owner only.

    Raises:
        Conflict: The file exists: replacing a key would orphan the checkpoints it signed.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict(
            f"signing key {path}: expected no file, got one", remedy="Use it, or move it away first."
        ) from None
    with os.fdopen(handle, "w") as file:
        file.write(key.to_text() + "\n")


def load_key(path: Path) -> SigningKey:
    """Read a key written by :func:`save_key`.

    Raises:
        NotFound: There is no such file.
        BadInput: It does not hold a key.
    """
    if not path.is_file():
        raise NotFound(f"signing key {path}: no such file", remedy="Make one, or correct the path.")
    return SigningKey.from_text(path.read_text().strip())


def _signed(text: str, line: str, key: VerifyingKey) -> bool:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.rpartition(" ")
    if mark != "—" or name != key.name:
        return False
    try:
        blob = base64.b64decode(encoded, validate=True)
        if blob[:4] != key.key_id:
            return False
        Ed25519PublicKey.from_public_bytes(key.public).verify(blob[4:], text.encode())
    except (binascii.Error, InvalidSignature):
        return False
    return True


def _parts(text: str) -> tuple[str, str, bytes]:
    try:
        name, key_id, encoded = text.split("+", 2)
        material = base64.b64decode(encoded, validate=True)
    except ValueError as problem:
        raise _bad_key("expected name+keyid+base64") from problem
    if material[:1] != _ED25519 or len(material) != 33:
        raise _bad_key(f"expected an Ed25519 key of 33 bytes, got {len(material)}")
    return name, key_id, material[1:]


def _bad_key(message: str) -> BadInput:
    return BadInput(f"checkpoint key: {message}", remedy="Give the key text exactly as it was written.")


def _bad_note(message: str) -> Corrupted:
    return Corrupted(f"checkpoint: {message}", remedy="Fetch the checkpoint again from where it is anchored.")
