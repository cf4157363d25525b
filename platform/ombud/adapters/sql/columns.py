"""The few kinds of column that the tables are made of, and the metadata that names constraints."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Text

__all__ = ["Big", "document", "integer", "metadata", "position", "text", "time"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite counts only a column declared INTEGER up by itself."""


def position() -> Column[int]:
    """Order of writing; the primary key of tables whose noun has a text id."""
    return Column("position", Big, primary_key=True, autoincrement=True)


def text(name: str, *, key: bool = False) -> Column[str]:
    """Text that is always there."""
    return Column(name, Text, primary_key=key, nullable=False)


def time(name: str, *, optional: bool = False) -> Column[str]:
    """A time as UTC ISO text of fixed width."""
    return Column(name, String(27), nullable=optional)


def document(name: str) -> Column[str]:
    """Canonical JSON text."""
    return Column(name, Text, nullable=False, info={"document": True})


def integer(name: str, *, optional: bool = False) -> Column[int]:
    """A 64-bit integer."""
    return Column(name, Big, nullable=optional)
