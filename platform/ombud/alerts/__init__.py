"""Alerts: from verdicts to one message per real problem.

- :mod:`problem` is what a rule says before anybody is told.
- :mod:`rules` turns the verdicts of one window into problems; :mod:`wording` finds the sentences.
- :mod:`desk` opens an alert per problem, adds evidence to the one that is open already, and closes it.
- :mod:`routing` promises one notification per route, in the same transaction.
- :mod:`message` is how an alert looks to people and machines, for the notifiers.

Nothing here sends anything: the outbox worker does, through the Notifier port.

Example:
    >>> from ombud.alerts import AlertDesk, problems
    >>> problems(())
    ()
"""

from ombud.alerts.desk import AlertDesk
from ombud.alerts.message import as_json, as_text
from ombud.alerts.problem import Problem, fingerprint
from ombud.alerts.routing import notifications
from ombud.alerts.rules import problems

__all__ = ["AlertDesk", "Problem", "as_json", "as_text", "fingerprint", "notifications", "problems"]
