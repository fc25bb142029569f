"""Outside: what an act needs of other systems, said as a Protocol, and who answers when nobody can.

In    calls that actions want, and assets whose policy changed.
Out   what was done, in a sentence; whatever was not done, for a person to do by hand.
Why   one act may be a change of policy here and a call there. Both have a clear outcome: done, to
      be done by hand because nobody here is set up for it, or tried again because who is set up
      did not answer (`Unreachable`, `Busy`).
"""

from dataclasses import dataclass
from typing import Protocol, Self

import msgspec

from stanch.contain.action import Call
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.policy import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What another system did of what was wanted."""

    done: bool
    says: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A call that is to be taken back, and the key that it was made with."""

    call: Call
    key: str
    asset: AssetId
    incident: IncidentId

    @property
    def text(self) -> str:
        """As it is owed."""
        return msgspec.json.encode(self, order="sorted").decode()

    @classmethod
    def read(cls, text: str) -> Self:
        """What is owed."""
        return msgspec.json.decode(text, type=cls)


class Outside(Protocol):
    """Who makes calls to other systems."""

    def call(self, call: Call, *, key: str) -> Said:
        """What came of the call; the same key again has no second effect. May be `Unreachable`."""
        ...

    def take_back(self, taken: Taken) -> Said:
        """What came of taking it back, which is owed until it was. May be `Unreachable`."""
        ...

    def follow(self, asset: AssetId) -> tuple[str, ...]:
        """Brings the systems that follow the asset's policy in line; a sentence for each change."""
        ...

    def would(self, before: Policy, after: Policy) -> tuple[str, ...]:
        """What the systems that follow would be asked to change, in sentences; none is asked."""
        ...

    def able(self, call: Call) -> bool:
        """Whether anybody is set up for this call."""
        ...


class NobodyOutside:
    """Where no connector is set up: a person has to do it by hand."""

    def call(self, call: Call, *, key: str) -> Said:  # noqa: ARG002  the protocol's names
        """Not done."""
        return Said(done=False)

    def take_back(self, taken: Taken) -> Said:  # noqa: ARG002  the protocol's names
        """Not done."""
        return Said(done=False)

    def follow(self, asset: AssetId) -> tuple[str, ...]:  # noqa: ARG002  the protocol's names
        """Nothing follows."""
        return ()

    def would(self, before: Policy, after: Policy) -> tuple[str, ...]:  # noqa: ARG002  the protocol's names
        """Nothing follows."""
        return ()

    def able(self, call: Call) -> bool:  # noqa: ARG002  the protocol's names
        """Nobody is."""
        return False
