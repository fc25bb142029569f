"""An act: one attack of the demo, from the first question to the way back, and its score.

In    the demo's stage, its tempo, who wants to hear of it.
Out   what came of it in a sentence, and the score that a drill would have got for it.
Why   the demo plays on a server that lives on: what happened before, and what others do on it, is
      no part of this act. So only what was opened, seen again, asked and changed since its attack
      began is judged, by the same referee. Whoever watches answers in place of the drill's person,
      and the time that they take is theirs.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from stanch.engine.clock import monotonic
from stanch.sandbox.aftermath import evidence_of, history_of, undone
from stanch.sandbox.build import VERSION, Stage
from stanch.sandbox.drill import Gain
from stanch.sandbox.eyes import Bar, Eyes, Sight
from stanch.sandbox.moment import Moment, Part, Tell, Voice
from stanch.sandbox.outsider import bundles_of, remembered
from stanch.sandbox.people import Person
from stanch.sandbox.player import Told
from stanch.sandbox.processes import repeated
from stanch.sandbox.referee import Record, enough, score
from stanch.sandbox.score import Answered, Score
from stanch.sandbox.tenants import Service
from stanch.vocabulary.trouble import Trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Tempo:
    """How fast the demo goes, in seconds."""

    first: float = 60.0
    """Ordinary life before the attack begins by itself."""
    attack: float = 75.0
    """The longest that it goes on."""
    reads: float = 30.0
    """What whoever watches has to answer a question before the demo's own person does."""
    stays: float = 20.0
    """How long the containment can be looked at before it is taken back."""


class Act:
    """One attack."""

    def __init__(self, stage: Stage, tempo: Tempo, cancelled: threading.Event, tell: Tell) -> None:
        wanted = stage.drill.expected
        bar = Bar(asset=stage.asset, enough=lambda p: enough(p, wanted), clean=stage.clean)
        self._stage, self._tempo, self._cancelled = stage, tempo, cancelled
        self._eyes = Eyes(lambda: stage.server.api, bar)
        self._voice = Voice(tell, lambda: self._eyes.sight.seconds)
        self._person = Person(
            api=stage.approver, says_yes=frozenset(wanted.asks), reads=tempo.reads
        )
        self._loot: list[object] = []
        self._asked: frozenset[str] = frozenset()
        self._since = 0
        self._clean = True
        self._keys: tuple[str, ...] = ()

    def play(self) -> Told:
        """What the attacker got, whether it was taken back, and the score of it."""
        stage, eyes, tempo = self._stage, self._eyes, self._tempo
        stop = threading.Event()
        stage.scene.stop = threading.Event()
        began, before = monotonic(), _copy(stage.service)
        self._begin()
        looking = [repeated(eyes.look, 0.5, stop), repeated(self._person.look, 0.5, stop)]
        attack = threading.Thread(target=self._attack, daemon=True)
        attack.start()
        try:
            self._wait(tempo.attack, lambda: eyes.sight.contained is not None)
            stage.scene.stop.set()
            attack.join(30)
            self._wait(tempo.stays, lambda: False)
            self._clean = stage.clean()
        finally:
            stage.scene.stop.set()
            stop.set()
            for thread in looking:
                thread.join(30)
        service = _since(before, stage.service)
        pace = service.made(stage.per_second * (monotonic() - began))
        return self._back(service, pace)

    def _begin(self) -> None:
        stage, eyes = self._stage, self._eyes
        eyes.look()
        self._asked = frozenset(eyes.sight.asked)
        self._since = max((v["version"] for v in _history(stage)), default=0)
        self._keys = remembered(stage.server.api)
        eyes.news = self._voice.news
        eyes.attack_begins()
        self._voice.begins(Part.ATTACK, f"{stage.drill.title.lower()}, now.")

    def _attack(self) -> None:
        self._loot.append(self._stage.drill.attack(self._stage.scene))

    def _back(self, service: Service, pace: float) -> Told:
        stage, eyes = self._stage, self._eyes
        known = bool(self._loot) and not self._cancelled.is_set()
        gain = (
            stage.drill.gain(stage.scene, self._loot[0]) if known else Gain(says="nothing of use")
        )
        self._voice.begins(Part.PROOF, "the attack is over: the evidence is checked.")
        touched = eyes.sight.touched
        evidence = evidence_of(stage, eyes.sight) if touched else None
        bundles = bundles_of(stage.server.api, touched, stage.folder, self._keys)
        self._voice.begins(Part.BACK, f"{gain.says}. Taking all back.")
        if stage.drill.expected.good:
            # The owner's part: what was put there wrongly is taken out before service goes on.
            stage.scene.inside.registry.promote(VERSION)
        # The server may have incidents of others, too, and their runs go on.
        back = undone(stage, eyes.sight.about(stage.asset, self._since), self._since)
        eyes.look()
        how = {
            None: "There was nothing to take back.",
            True: "All is taken back: the policy is as before, and everybody is served.",
            False: "Not all could be taken back; see the policy's page.",
        }
        says = f"It is over: {gain.says}. {how[back]}"
        told = Told(moment=Moment(part=Part.OVER, says=says, seconds=eyes.sight.seconds))
        if self._cancelled.is_set():
            return told
        return replace(
            told,
            score=self._score(
                Record(
                    drill=stage.drill,
                    seed=stage.options.seed,
                    speed=stage.options.speed,
                    through=stage.options.through,
                    small=stage.options.small,
                    tenants=stage.tenants,
                    sight=self._own(),
                    service=service,
                    gain=gain,
                    evidence=evidence,
                    bundles=bundles,
                    undone=back,
                    clean=self._clean,
                    answers=tuple(self._answers()),
                    pace=pace,
                )
            ),
        )

    def _score(self, record: Record) -> Score:
        """The referee's score, with what the people who watched had to do with it."""
        said_no = sorted({a.action for a in record.answers if not a.yes})
        sight = self._eyes.sight
        calm = [
            f"{key} is closed as harmless, so nothing was done. Judge it anew to be protected."
            for key, one in sight.incidents.items()
            if key in sight.early and one["closed_at"] and one["verdict"]["kind"] == "natural"
        ]
        notes = [f"A person said no to {name}." for name in said_no if sight.contained is None]
        notes += calm if sight.contained is None else []
        return score(replace(record, notes=tuple(notes)))

    def _own(self) -> Sight:
        """What was seen of this act alone."""
        sight = self._eyes.sight
        return replace(
            sight,
            early=(),
            incidents={key: sight.incidents[key] for key in sight.touched},
            policies=[p for p in sight.policies if p["version"] > self._since],
            asked={k: a for k, a in sight.asked.items() if self._is_ours(k, a)},
        )

    def _is_ours(self, key: str, asked: Any) -> bool:
        return key not in self._asked and asked["incident"] in self._eyes.sight.touched

    def _answers(self) -> Iterator[Answered]:
        """What people said in this act, whoever they are."""
        for key, one in self._eyes.sight.asked.items():
            if self._is_ours(key, one) and one["votes"]:
                last = one["votes"][-1]
                took = datetime.fromisoformat(last["at"]) - datetime.fromisoformat(one["asked"])
                yes = all(vote["yes"] for vote in one["votes"])
                seconds = round(took.total_seconds(), 1)
                yield Answered(action=one["action"], yes=yes, seconds=seconds)

    def _wait(self, seconds: float, done: Callable[[], bool]) -> None:
        end = monotonic() + seconds
        while monotonic() < end and not done() and not self._cancelled.wait(0.1):
            continue


def _history(stage: Stage) -> list[dict[str, Any]]:
    try:
        return history_of(stage.server.api, stage.asset)
    except Trouble:
        return []


def _copy(service: Service) -> Service:
    """How the innocent were served up to now."""
    with service.alone:
        return Service(asked=service.asked.copy(), refused=service.refused.copy())


def _since(before: Service, service: Service) -> Service:
    """How they were served since then."""
    now = _copy(service)
    return Service(asked=now.asked - before.asked, refused=now.refused - before.refused)
