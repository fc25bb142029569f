"""Evasion: somebody who sees only classes searches for a picture that is called something else."""

from stanch.sandbox.drills._hiding import Hiding

DRILL = Hiding(pictures=3, budget=600, small=300).drill(
    "evasion", "One client searches for an input that is misread"
)
