"""Lanes: what is counted, compared and told by itself.

A lane is an asset and a version of it; where the asset works under several conditions, each of
these is a lane of its own beside the one of all of them.
"""

from typing import NamedTuple

from stanch.detect.window import Window
from stanch.vocabulary.ids import AssetId


class Lane(NamedTuple):
    """One lane."""

    asset: AssetId
    version: str
    condition: str = ""
    """Empty for all conditions together."""

    @property
    def name(self) -> str:
        """Under what its memory is kept. No asset's id holds a #, no condition's name a slash."""
        return f"{self.asset}{f'#{self.condition}' if self.condition else ''}/{self.version}"


def lane_of(window: Window) -> Lane:
    """The lane that this window is on."""
    return Lane(window.asset.id, window.version, window.condition)
