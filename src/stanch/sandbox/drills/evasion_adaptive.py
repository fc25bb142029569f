"""Evasion, adaptive: large noise, and ordinary questions in between, so that no two look alike."""

from stanch.sandbox.drills._hiding import Hiding

DRILL = Hiding(budget=900, small=300, per_second=40, noise=0.5, covered=True).drill(
    "evasion_adaptive", "A careful client searches under cover", seconds=20
)
