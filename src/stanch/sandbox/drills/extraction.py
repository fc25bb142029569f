"""Extraction: one paying customer copies the model, with questions near its data."""

from stanch.sandbox.drills._copying import Copying

DRILL = Copying().drill("extraction", "One client copies the model")
