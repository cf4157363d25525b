"""Governance: what makes a record trustworthy to somebody who does not trust us.

- :mod:`canonical`: one byte sequence per document (RFC 8785), and its digest.
- :mod:`structure`: the way back, from a JSON document to the domain's dataclasses.
- :mod:`merkle`: RFC 6962 tree hashes, inclusion and consistency proofs.
- :mod:`ledger`: sealing audit events into a chain, and verifying one.
- :mod:`checkpoint`: signed statements of a ledger's size and root (C2SP notes, Ed25519).
- :mod:`approvals`: whose signatures a release needs, and whether it has them.

Everything here is pure except reading and writing a signing key. Import the modules, not this
package: it stays empty so that importing it costs nothing.
"""

__all__: list[str] = []
