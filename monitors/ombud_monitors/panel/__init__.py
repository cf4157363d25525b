"""The default panel: what is watched when nobody says otherwise.

Per modality: is its answer worse (estimated without labels, measured with them), and did its
embeddings, its descriptors or its presence change. Over all: is the final answer worse, and do the
modalities disagree more or less than they did. Harm pages, change informs.

:func:`default_panel` builds the monitors, :func:`panel_budget` divides the error budget among them, and
every monitor judges one window at the level that the budget allows; :func:`look` lets claims of change
look back on the windows before it:

Example:
    >>> from ombud.domain.modality import AUDIO, TEXT
    >>> from ombud_monitors.multiplicity import Budget
    >>> panel = default_panel((TEXT, AUDIO))
    >>> [monitor.code for monitor in panel][:5]
    ['text.harm', 'text.measured_harm', 'text.embedding', 'text.descriptors', 'text.missing']
    >>> budget = panel_budget(panel, Budget(0.05, looks=4))
    >>> 0.003 < budget.level("audio.harm", look=1) < 0.005
    True
"""

from ombud_monitors.panel.budget import PanelBudget, Purpose, panel_budget
from ombud_monitors.panel.changed import DescriptorsChanged, EmbeddingChanged
from ombud_monitors.panel.claim import Claim, Monitor
from ombud_monitors.panel.conflict import ConflictChanged
from ombud_monitors.panel.default import default_panel, shares
from ombud_monitors.panel.harm import EstimatedHarm, MeasuredHarm
from ombud_monitors.panel.lookback import MEMORY, look, pooled
from ombud_monitors.panel.presence import PresenceChanged
from ombud_monitors.panel.question import MINIMUM_ROWS, Question

__all__ = [
    "MEMORY",
    "MINIMUM_ROWS",
    "Claim",
    "ConflictChanged",
    "DescriptorsChanged",
    "EmbeddingChanged",
    "EstimatedHarm",
    "MeasuredHarm",
    "Monitor",
    "PanelBudget",
    "PresenceChanged",
    "Purpose",
    "Question",
    "default_panel",
    "look",
    "panel_budget",
    "pooled",
    "shares",
]
