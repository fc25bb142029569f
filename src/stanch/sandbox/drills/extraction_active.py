"""Extraction, active: the thief asks only where the copy so far is least sure."""

from stanch.sandbox.attackers.extraction import Style
from stanch.sandbox.drills._copying import Copying

DRILL = Copying(style=Style.ACTIVE, budget=2000).drill(
    "extraction_active", "One client copies the model, asking only where it pays"
)
