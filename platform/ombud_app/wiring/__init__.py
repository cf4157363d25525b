"""The only composition root: settings → ports → services.

``open_platform`` is called once per process, by whatever runs there: the server, a Dagster run,
a command. Nothing below this package knows which adapters were chosen.
"""

from ombud_app.wiring.opening import open_platform
from ombud_app.wiring.platform import Platform
from ombud_app.wiring.story_data import story_data, write_splits

__all__ = ["Platform", "open_platform", "story_data", "write_splits"]
