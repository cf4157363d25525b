"""Cross-modal: what lies between the modalities of one request."""

from ombud_monitors.crossmodal.conflict import conflict_rates, conflicts

__all__ = ["conflict_rates", "conflicts"]
