"""Use cases, one a file, in terms of ports.

Before production: :mod:`data_service`, :mod:`training`, :mod:`evaluation`, :mod:`bias_audit`,
:mod:`card_service`, :mod:`gate`, :mod:`approvals`. In production: :mod:`rollouts` with
:mod:`rollout_evidence` and :mod:`worker`, :mod:`monitoring` with :mod:`budgeting`,
:mod:`budget_periods`, :mod:`budget_records` and :mod:`budget_account`, :mod:`labels`,
:mod:`reconcile`. :mod:`quickstart` plays the whole loop as a client of running servers.
"""

__all__: list[str] = []
