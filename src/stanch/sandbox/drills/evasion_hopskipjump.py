"""Evasion by HopSkipJump, as the Adversarial Robustness Toolbox has it."""

from stanch.sandbox.attackers.hopskipjump import hide_by_toolbox
from stanch.sandbox.drills._hiding import Hiding

DRILL = Hiding(search=hide_by_toolbox, budget=1500, small=600).drill(
    "evasion_hopskipjump",
    "One client searches with a well-known toolbox",
    packages=(("art", "ml"),),
)
