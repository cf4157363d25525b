"""Alembic migrations; :mod:`ombud.adapters.sql.schema` runs them when a database is opened.

A new revision is a file ``r<number>_<what>.py`` in ``versions``; HEAD in :mod:`schema` moves with it.
"""
