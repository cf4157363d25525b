"""The only composition root: settings → ports → services.

``open_platform`` is called once per process, by whatever runs there: the server, a Dagster run,
a command. Nothing below this package knows which adapters were chosen.
"""

from ombud_app.wiring.opening import open_platform
from ombud_app.wiring.platform import Platform

__all__ = ["Platform", "open_platform"]
