"""Adapters: what stands behind the ports.

The only home of SQLAlchemy, MLflow, Delta and Dagster's GraphQL. Each adapter has a twin in
:mod:`ombud.adapters.memory` that passes the same contract tests. Only ``ombud_app.wiring`` chooses
among them, so this package re-exports nothing: importing one adapter must not import the others'
dependencies.
"""

__all__: list[str] = []
