"""Alembic's entry point: runs the migrations on the connection that the caller opened and locked."""

from __future__ import annotations

from alembic import context

from ombud.adapters.sql.tables import metadata

__all__ = ["run"]


def run() -> None:
    """Run the migrations inside the caller's transaction, so that they happen as a whole or not at all."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


# Alembic executes this file under this name; an ordinary import (a test collector) must not migrate.
if __name__ == "env_py":
    run()
