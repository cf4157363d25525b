"""The transactional stores on SQLite (embedded) or PostgreSQL (production), one code for both.

:class:`SqlUnitOfWork` is the way in. Behind it: :mod:`tables` (what is stored), :mod:`rows`
(dataclass ↔ row), :mod:`engine` (how each database is opened and told to be durable),
:mod:`schema` and :mod:`migrations` (Alembic, run on open), and one ``sql_*`` module per store.
"""

from ombud.adapters.sql.unit_of_work import SqlUnitOfWork

__all__ = ["SqlUnitOfWork"]
