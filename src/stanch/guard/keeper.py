"""The policy a guard runs: only ever a newer and genuine one, kept on disk for a bad day.

In    bytes that claim to be the next policy, and their signature.
Out   the decision table of the last good policy; counts of what was ignored and why.
Why   an attacker who can replay last week's policy has lifted today's block. A policy is ignored
      when its signature fails, its asset is another, or its version is not newer.

A guard that is cut off keeps the last policy it had, even past its `until`: only the server knows
what comes after. Where the disk refuses, the guard runs on and says so.
"""

import base64
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock

import msgspec

from stanch.contain.policy import decoded
from stanch.guard.inspection import Inspection, Known
from stanch.guard.table import State, Table
from stanch.guard.troubles import Troubles
from stanch.vocabulary.ids import AssetId, Digest, digest_of
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.trouble import BadInput

Verify = Callable[[bytes, str], bool]
"""Whether this signature text is the server's, over these bytes."""
_REFUSED = {
    "policy_forged": "The server's keys that this guard was given did not sign it: compare them "
    "with DIR/keys/keys.json of the server, or somebody stands in between.",
    "policy_broken": "This guard cannot read it: bring its stanch up to the server's.",
    "policy_of_another_asset": "It is another asset's.",
    "policy_older": "It is older than the one in force. A server that was put back from a backup "
    "must set it again until its version is higher; or stop this guard, remove its last good file "
    "and start it.",
    "policy_conflicting": "It has the version of the one in force and says something else: two "
    "servers answer here, or one was put back from a backup. Set the policy once more.",
}


class Kept(msgspec.Struct):
    """The last good policy as it lies on disk."""

    body: bytes
    signature: str
    among: int = 1
    """Into how many parts its limits are cut where the others are not heard."""


def ed25519(public_key: bytes) -> Verify:
    """A check of the server's Ed25519 signature (base64) under its raw public key."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  loaded only where used
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  likewise
        Ed25519PublicKey,
    )

    key = Ed25519PublicKey.from_public_bytes(public_key)

    def verify(body: bytes, signature: str) -> bool:
        try:
            key.verify(base64.b64decode(signature, validate=True), body)
        except (InvalidSignature, ValueError):
            return False
        return True

    return verify


def plainly(policy: Policy) -> Inspection:
    """The inspection of a policy where no rule has a name."""
    return Inspection(policy, {})


class Keeper:
    """Holds the policy in force and decides which one may replace it."""

    def __init__(  # noqa: PLR0913  what a guard knows beside the policy
        self,
        asset: AssetId,
        *,
        verify: Verify | None = None,
        path: Path | None = None,
        inspection: Known = plainly,
        versions: Sequence[str] = (),
        usual: str = "",
        troubles: Troubles | None = None,
    ) -> None:
        self.asset = asset
        self.troubles = troubles or Troubles(asset)
        self.table: Table | None = None
        self.inspection: Inspection | None = None
        self.plain: Table | None = None
        """The table, where the policy asks nothing of bodies, in either direction."""
        self._inspection = inspection
        self._versions, self._usual = versions, usual
        self.digest: Digest | None = None
        self.counts: Counter[str] = Counter()
        self._state = State()
        self._verify = verify
        self._path = path
        self._kept: Kept | None = None
        self._unsaved: Kept | None = None
        self.among = 1
        """Among how many guards a limit is counted, as was heard last; itself is one of them."""
        self._share = 1
        """Into how many parts a limit is cut where one of them is this guard's own."""
        self._parts = 1
        self._changing = Lock()
        self._load()

    @property
    def version(self) -> int:
        """The version in force; -1 before there was any."""
        return self.table.policy.version if self.table else -1

    def accept(self, body: bytes, signature: str = "") -> bool:
        """Whether this is now the policy in force, on disk too; what is not taken is counted."""
        taken = self.take(body, signature)
        self.save()
        return taken

    def take(self, body: bytes, signature: str = "") -> bool:
        """The same, but the disk waits for `save`: it must not delay an effect."""
        if self._refused(self._take(body, signature), "A policy was refused"):
            return False
        self._kept = self._unsaved = Kept(body=body, signature=signature, among=self._share)
        return True

    def alone(self) -> None:
        """The others cannot be heard: of every limit this guard holds its part."""
        self._cut(self._share)

    def beside(self, among: int, share: int = 0) -> None:
        """The others are heard, so many with this one: each limit is whole, and counted by all.

        `share`: into how many parts a limit is cut where one is this guard's own; else so many.
        """
        self.among, before, self._share = among, self._share, share or among
        if self._share != before:
            if self._kept is not None:
                self._kept = self._unsaved = msgspec.structs.replace(self._kept, among=self._share)
            if self.table is not None and self._parts == 1:
                self.table.share = self._share
        self._cut(1)

    def _cut(self, parts: int) -> None:
        with self._changing:
            if parts != self._parts:
                self._parts = parts
                if self.table is not None:
                    self._compiled(self.table.policy)

    def save(self) -> None:
        """Write what was taken since the last time; what the disk refuses is tried again."""
        if self._unsaved is not None and self._save(self._unsaved):
            self._unsaved = None

    def _refused(self, why: str, what: str) -> bool:
        """Whether there is a reason against it; then it is counted and said."""
        if not why:
            self.troubles.ends("policy", f"Policy version {self.version} was taken.")
            return False
        self.counts[why] += 1
        stays = f"version {self.version} stays in force" if self.table else "there is none yet"
        self.troubles.begins("policy", f"{what}, {stays}. {_REFUSED[why]}")
        return True

    def _take(self, body: bytes, signature: str) -> str:
        if self._verify is not None and not self._verify(body, signature):
            return "policy_forged"
        try:
            policy = decoded(body)
        except BadInput:
            return "policy_broken"
        if policy.asset != self.asset:
            return "policy_of_another_asset"
        digest = digest_of(body)
        if policy.version < self.version:
            return "policy_older"
        if policy.version == self.version and digest != self.digest:
            return "policy_conflicting"
        if digest != self.digest:
            with self._changing:
                self._compiled(policy)
            self.digest = digest
        return ""

    def _compiled(self, policy: Policy) -> None:
        inspection = self._inspection(policy)
        table = Table(policy, self._state, self._versions, self._usual, self._parts)
        table.share = self._share if self._parts == 1 else 1
        self.plain = None
        self.table, self.inspection = table, inspection
        self.plain = table if inspection.plain else None

    def _load(self) -> None:
        if self._path is None:
            return
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=Kept)
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.counts["disk_unreadable"] += 1
            self.troubles.begins(
                "disk",
                f"The last good policy in {self._path} cannot be read ({error}): this guard "
                "starts without one.",
            )
            return
        if not self._refused(self._take(kept.body, kept.signature), f"{self._path} was not taken"):
            self._kept, self.among = kept, max(1, kept.among)
            self._share = self.among
            self.alone()

    def _save(self, kept: Kept) -> bool:
        if self._path is None:
            return True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _written(self._path, msgspec.json.encode(kept))
        except OSError as error:
            self.counts["disk_failed"] += 1
            self.troubles.begins(
                "disk",
                f"The policy cannot be kept in {self._path} ({error.strerror}): while the "
                "server is away, a restart would begin without it. Make room there.",
            )
            return False
        self.troubles.ends("disk", f"The policy is kept in {self._path} again.")
        return True


def _written(place: Path, content: bytes) -> None:
    """Put it there in one step; a disk that refuses is left as it was."""
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=place.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(place)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
