"""What runs: the use cases, the gateway, the portal and the command line, composed in one place.

:mod:`ombud_app.wiring` turns settings into ports and services; :mod:`ombud_app.services` holds one
use case a file and knows ports only; :mod:`ombud_app.gateway` is the serving edge,
:mod:`ombud_app.portal` the governance API with its pages, :mod:`ombud_app.cli` the ``ombud`` command.
"""

__all__: list[str] = []
