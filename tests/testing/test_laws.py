"""A law that cannot be broken is none: each is broken here once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import cycle
from time import sleep
from typing import Any

import pytest

import stanch.connectors
import stanch.contain.actions
from stanch.connectors import Connector, Link
from stanch.contain.action import Action, Call, Preview, Undo
from stanch.detect.detector import Detector
from stanch.detect.registry import detectors
from stanch.detect.window import Window
from stanch.testing import Broken, action_laws, connector_laws, detector_laws
from stanch.testing import actions as of_actions
from stanch.testing import connectors as of_connectors
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import Blind, Cite, CiteKind, Finding
from stanch.vocabulary.policy import LogLevel, Policy
from stanch.vocabulary.registry import extensions
from stanch.vocabulary.trouble import Unreachable

GOOD = detectors()["training_pattern"]
BLOCK: Action[Any] = extensions(stanch.contain.actions, "ACTION", Action)["block_principal"]
HOOK = extensions(stanch.connectors, "CONNECTOR", Connector)["webhook"]


def finding_with(**otherwise: Any) -> Detector[object]:
    """The good detector, whose findings differ in this."""

    def look(window: Window, limits: object) -> Iterator[Finding | Blind]:
        for said in GOOD.look(window, limits):
            yield replace(said, **otherwise) if isinstance(said, Finding) else said

    return replace(GOOD, look=look)


def never(_: Window, __: object) -> Iterator[Finding | Blind]:
    yield from ()


def moody() -> Detector[object]:
    turns = iter(range(10))

    def look(window: Window, limits: object) -> Iterator[Finding | Blind]:
        for said in GOOD.look(window, limits):
            yield replace(said, topic=str(next(turns))) if isinstance(said, Finding) else said

    return replace(GOOD, look=look)


STRANGE = Cite(kind=CiteKind.EVENT, ref="elsewhere")
DETECTORS: Mapping[str, Detector[object]] = {
    "fires on its own example": replace(GOOD, fires_on=GOOD.quiet_on),
    "looks at its quiet example and says nothing": replace(GOOD, quiet_on=GOOD.fires_on),
    "says that it is blind where nothing was seen": replace(GOOD, look=never),
    "says the same again": moody(),
    "cites only what it saw": finding_with(because=(STRANGE,)),
    "speaks in sentences, signed with its name": finding_with(says="odd"),
    "states what it measured, in shares between 0 and 1": finding_with(measured={}),
    "finds what travels as JSON and comes back": finding_with(measured={"x": float("nan")}),
}


@pytest.mark.parametrize("law", detector_laws, ids=str)
def test_each_law_of_detectors_can_be_broken(law: Any) -> None:
    law(GOOD)
    with pytest.raises(Broken, match=rf"^training_pattern: it {law.says}\. But "):
        law(DETECTORS[law.says])


def fickle() -> Action[Any]:
    turns = cycle(LogLevel)
    return replace(BLOCK, wanted=lambda asset, _, __: Policy(asset=asset, log=next(turns)))


LOST = Call(connector="hook", verb="lose", subject="x", says="It is lost.")
ACTIONS: Mapping[str, Action[Any]] = {
    "has a preview that changes nothing and says everything": replace(
        BLOCK, wanted=lambda asset, _, __: Policy(asset=asset)
    ),
    "does twice what it does once": fickle(),
    "is undone exactly": replace(BLOCK, undo=Undo.CALL, calls=lambda _, __: (LOST,)),
    "asks two people where it cannot be undone, and only there": replace(BLOCK, undo=Undo.NEVER),
    "is proved by a probe through a guard, and not before it is done": replace(
        BLOCK, probe=lambda _, __: None
    ),
    "takes its arguments from a playbook's plain values, and no others": replace(
        BLOCK, example=replace(BLOCK.example, principals=7)
    ),
}
SHOWN = of_actions.shown


def unasked(action: Action[Any]) -> Preview:
    return replace(SHOWN(action), risk=Risk.AUTOMATIC)


def freer(_: Policy, __: Policy) -> bool:
    return False


BY_CONSTRUCTION = {
    "only ever makes stricter": ("no_freer", freer),
    "suspects nobody who was not named": ("shown", unasked),
}
"""What the algebra of policies lets no action break: broken in the law's own eyes."""


@pytest.mark.parametrize("law", action_laws, ids=str)
def test_each_law_of_actions_can_be_broken(law: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    law(BLOCK)
    if law.says in BY_CONSTRUCTION:
        monkeypatch.setattr(of_actions, *BY_CONSTRUCTION[law.says])
    with pytest.raises(Broken, match=rf"^block_principal: it {law.says}\. But "):
        law(ACTIONS.get(law.says, BLOCK))


class Leaky:
    """A connector that answers where nobody does, or tells too much."""

    def __init__(self, link: Link, tells: str) -> None:
        self.link, self.tells = link, tells

    def assets(self) -> tuple[Asset, ...]:
        if self.tells:
            raise Unreachable(self.tells or self.link.address, "no")
        return ()


def slow(link: Link) -> Leaky:
    sleep(0.1)
    return Leaky(link, "")


CONNECTORS: Mapping[str, Connector] = {
    "opens without a call": replace(HOOK, open=slow),
    "calls a refusal `Unreachable`, says whose, and keeps the secret": replace(
        HOOK, open=lambda link: Leaky(link, link.address)
    ),
    "ends a call that nobody answers within its time": replace(
        HOOK, open=lambda link: Leaky(link, "")
    ),
}


@pytest.mark.parametrize("law", connector_laws, ids=str)
def test_each_law_of_connectors_can_be_broken(law: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_connectors, "_IN_TIME", 0.1)
    with pytest.raises(Broken, match=rf"^webhook: it {law.says}\. But "):
        law(CONNECTORS[law.says])
