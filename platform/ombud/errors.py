"""The error tree: every failure names the thing, what was expected, what was got, and the remedy.

Each class carries the HTTP status it becomes at the API and the exit code it becomes at the
command line, so that both faces agree about what kind of failure happened.
"""

from __future__ import annotations

__all__ = [
    "BadInput",
    "Conflict",
    "Corrupted",
    "Forbidden",
    "NewerSchema",
    "NotFound",
    "OmbudError",
    "PreconditionFailed",
    "Refused",
    "StaleTransition",
    "Unauthenticated",
    "Unavailable",
]


class OmbudError(Exception):
    """Root of the tree.

    Args:
        message: What happened, to which thing; what was expected and what was got.
        remedy: What the reader can do about it, as an imperative sentence.

    Example:
        >>> str(BadInput("row 3: column 'label' is empty", remedy="Fill it or drop the row."))
        "row 3: column 'label' is empty Remedy: Fill it or drop the row."
    """

    slug = "failure"
    http_status = 500
    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} Remedy: {self.remedy}" if self.remedy else self.message


class BadInput(OmbudError):
    """Something handed in is malformed; nothing was written."""

    slug, http_status, exit_code = "bad-input", 422, 2


class NotFound(OmbudError):
    """A named thing does not exist."""

    slug, http_status, exit_code = "not-found", 404, 1


class Conflict(OmbudError):
    """The request contradicts what is already there (a duplicate, a replayed key with another body)."""

    slug, http_status, exit_code = "conflict", 409, 1


class StaleTransition(Conflict):
    """A compare-and-set lost: somebody moved the rollout first."""

    slug = "stale-transition"


class PreconditionFailed(Conflict):
    """What the client read is no longer what is there (If-Match, or the digests of a signature)."""

    slug, http_status = "precondition-failed", 412


class Refused(OmbudError):
    """A policy says no: a gate check failed, an approval is missing, a self-approval was tried."""

    slug, http_status, exit_code = "refused", 409, 12


class Unauthenticated(OmbudError):
    """No valid token came with the request."""

    slug, http_status = "unauthenticated", 401


class Forbidden(OmbudError):
    """The token is valid, but its roles do not allow this."""

    slug, http_status = "forbidden", 403


class Unavailable(OmbudError):
    """A part that is needed does not answer (a dead daemon, a taken port, a missing extra)."""

    slug, http_status = "unavailable", 503


class Corrupted(OmbudError):
    """Stored bytes do not match their digest or their chain."""

    slug, http_status = "corrupted", 500


class NewerSchema(OmbudError):
    """The home directory was written by a newer release of Ombud."""

    slug, http_status = "newer-schema", 503
