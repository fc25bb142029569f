"""Copying: what the drills share in which somebody copies the model.

In    who copies, how questions are chosen, how many.
Out   the drill; its gain is the copy's fidelity beside that of a thief whom nobody stopped.
Why   five drills differ in one or two words each.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stanch.sandbox.attackers.extraction import Stolen, Style, Thief, extract, fidelity
from stanch.sandbox.drill import Contained, Drill, Expected, Gain, World
from stanch.sandbox.drills._people import WIDER
from stanch.sandbox.pace import unhurried
from stanch.sandbox.scene import Scene
from stanch.sandbox.summary import WORTH_LESS
from stanch.sandbox.victims.net import Net
from stanch.sandbox.victims.table import Floats
from stanch.sandbox.wire import Answer
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import VerdictKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Copying:
    """One way to copy a model."""

    style: Style = Style.DATA_LIKE
    budget: int = 2400
    small: int = 800
    hands: tuple[str, ...] = ("thief",)
    source: str = ""
    per_second: float = 40.0

    def thief(self, scene: Scene) -> Thief:
        """Who copies, and with how many questions."""
        return Thief(
            known=scene.known,
            style=self.style,
            budget=scene.size(self.budget, self.small),
            seed=scene.seed,
        )

    def attack(self, scene: Scene) -> Stolen:
        """The copy that could be made."""
        doors = [scene.door(name, source=self.source) for name in self.hands]
        return extract(doors, self.thief(scene), scene.pace(self.per_second))

    def gain(self, scene: Scene, loot: Stolen) -> Gain:
        """How far the copy agrees with the victim, and how far an uncontained one would."""
        same = fidelity(loot.copy, scene.truth.net, scene.truth.unseen)
        free = extract([_Open(scene)], self.thief(scene), unhurried())
        whole = fidelity(free.copy, scene.truth.net, scene.truth.unseen)
        return Gain(
            says=(
                f"a copy that agrees in {same:.0%}, from {loot.answered} of {loot.asked} questions;"
                f" uncontained it would be {whole:.0%}"
            ),
            measured={
                "fidelity": round(same, 3),
                "uncontained": round(whole, 3),
                "answered": loot.answered,
                "asked": loot.asked,
            },
            worked=same > whole - WORTH_LESS,
        )

    def drill(self, name: str, title: str, *, seconds: float = 15) -> Drill:
        """The drill of this way."""
        return Drill(
            id=name,
            title=title,
            world=World(data="digits", tenants=max(8, len(self.hands))),
            expected=Expected(
                verdict=VerdictKind.ATTACK,
                attacks=(AttackKind.EXTRACTION,),
                guilty=self.hands,
                contained=Contained(denies=self.hands),
                seconds=seconds,
                hears=WIDER,
            ),
            attack=self.attack,
            gain=self.gain,
            anywhere=True,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    """The victim without anybody in front of it: only the referee may ask it."""

    scene: Scene

    def ask(self, row: Floats, groups: Mapping[str, str] | None = None) -> Answer:  # noqa: ARG002  as a door has it
        """What the model says."""
        net: Net = self.scene.truth.net
        says = self.scene.known.classes[int(net.says(row[None])[0])]
        return Answer(status=200, id="1", says=says)
