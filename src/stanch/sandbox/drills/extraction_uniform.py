"""Extraction, blind: the thief knows no data, and asks evenly over what the features may be."""

from stanch.sandbox.attackers.extraction import Style
from stanch.sandbox.drills._copying import Copying

DRILL = Copying(style=Style.UNIFORM).drill(
    "extraction_uniform", "One client copies the model without knowing any data"
)
