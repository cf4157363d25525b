"""``ombud quickstart``: one honest story, told by a world that talks to running servers.

* :mod:`world` divides a data set into what the platform may see and what the world keeps.
* :mod:`project` writes the project file that fits the data.
* :mod:`people` holds who acts, with which token.
* :mod:`traffic` sends requests through the gateway and labels through the API.
* :mod:`receiver` is the loopback webhook that alerts are delivered to.
* :mod:`story` plays the steps; :mod:`expectations` checks each against the stores.
* :mod:`report` tells what happened, as a table and as JSON.
"""

from ombud_app.services.quickstart.people import CAST, People
from ombud_app.services.quickstart.project import story_project
from ombud_app.services.quickstart.receiver import Receiver
from ombud_app.services.quickstart.report import StoryReport
from ombud_app.services.quickstart.stage import Stage
from ombud_app.services.quickstart.story import Story
from ombud_app.services.quickstart.traffic import Traffic
from ombud_app.services.quickstart.world import World, divide

__all__ = [
    "CAST",
    "People",
    "Receiver",
    "Stage",
    "Story",
    "StoryReport",
    "Traffic",
    "World",
    "divide",
    "story_project",
]
