"""The portal: the HTTP API under ``/api/v1`` and the pages for people, one noun a file in each.

:func:`create_app` assembles them behind one door (:mod:`ombud_app.portal.access`): a table of
endpoint × roles that refuses whatever it does not name. Failures of every kind leave as RFC 9457
problem details (:mod:`ombud_app.portal.problems`).
"""

from ombud_app.portal.app import create_app

__all__ = ["create_app"]
