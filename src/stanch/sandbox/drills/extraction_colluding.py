"""Extraction by many hands: twenty clients copy the model together, each asking little."""

from stanch.sandbox.drills._copying import Copying

DRILL = Copying(hands=tuple(f"reader-{n + 1}" for n in range(20))).drill(
    "extraction_colluding", "Twenty clients copy the model together", seconds=30
)
