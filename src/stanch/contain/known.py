"""Known: what is known of an asset beside how it stands: versions, family, last moves."""

from dataclasses import dataclass, field
from datetime import datetime

from stanch.vocabulary.ids import AssetId


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What is known of one version of an asset."""

    version: str
    signed: bool = False
    suspect: bool = False
    good_since: datetime | None = None
    """Since when it served without a finding; None when it never did."""
    made: bool = False
    """Whether its digest came out of a recorded training run; counts where nobody signs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What is known beside the standing."""

    versions: tuple[Version, ...] = ()
    siblings: tuple[AssetId, ...] = ()
    """Assets that share a dataset, a parent or an endpoint with this one."""
    moved: datetime | None = None
    """When the policy last changed which version answers."""
    rollout: datetime | None = None
    """When somebody who is no suspect last deployed a version that is not suspect."""
    classes: tuple[str, ...] = ()
    """The asset's classes, in the order of its scores."""
    mark_key: str = field(default="", repr=False)
    """The secret key that marks answers for this incident; empty before one was made."""

    def trusted(self, version: str) -> bool:
        """Whether it may be served: known, signed (or made here) and not itself suspect."""
        return any(
            v.version == version and (v.signed or v.made) and not v.suspect for v in self.versions
        )
