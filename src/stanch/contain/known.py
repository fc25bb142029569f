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

    fallback: str = ""
    """The asset's own fallback answer, where its owner's policy states none."""

    fronted: frozenset[str] = frozenset()
    """The versions that guards say they can send requests to."""

    datasets: frozenset[str] = frozenset()
    """Those of the inventory, and those that a training named."""

    tools: frozenset[str] = frozenset()
    """Those of the inventory."""

    def trusted(self, version: str) -> bool:
        """Whether it may be served: known, signed (or made here) and not itself suspect."""
        return any(
            v.version == version and (v.signed or v.made) and not v.suspect for v in self.versions
        )

    def why_not(self, version: str) -> str:
        """Why the version may not be gone back to, and which may; empty where it may."""
        if self.trusted(version):
            return ""
        good = ", ".join(v.version for v in self.versions if self.trusted(v.version))
        rest = f"These may: {good}." if good else "None may: use safe_mode, or sign one."
        return f"{self._fault(version)} {rest}"

    def _fault(self, version: str) -> str:
        seen = next((v for v in self.versions if v.version == version), None)
        if seen is None:
            return f"Nothing is known of version {version!r}: it was not deployed or made here."
        if seen.suspect:
            return f"Version {version!r} is itself under suspicion."
        return (
            f"Nobody vouches for version {version!r}: it is not signed, and no training run told "
            "here made it."
        )
