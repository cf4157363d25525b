"""What the machine can say about each section, read out of evidence.

Each module has one function ``fill(source) -> dict[field key, Filled]``; what it leaves out is missing.
"""

from ombud_cards.sections.filled import Filled, SourceMaterial

__all__ = ["Filled", "SourceMaterial"]
