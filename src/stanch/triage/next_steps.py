"""First actions recommended: what to do in the first minutes, narrowest first.

In    the verdict, the severity, the suspects.
Out   actions by id, in order, each with why it comes now.
Why   a responder at night should see the next sensible thing, not a catalogue. The order is that of
      harm done: one principal before all, one version before the endpoint, keeping before changing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stanch.vocabulary.finding import AttackKind, Suspect
from stanch.vocabulary.ids import ActionId
from stanch.vocabulary.incident import Incident, Level, VerdictKind

K = AttackKind
SURE_SUSPECT = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommended:
    """One action, why now, and whom it would hit when it is narrow."""

    action: ActionId
    title: str = ""
    """What people call it, where that is known."""
    why: str
    principals: tuple[str, ...] = ()


FIRST: Mapping[AttackKind, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        K.POISONING: (
            ("block_principal", "stops those who send the labels or rows"),
            ("quarantine_dataset", "keeps the suspect rows out of the next training"),
            ("freeze_pipeline", "no retraining on what may be poisoned"),
            ("roll_back", "the last version from before the first odd row answers"),
        ),
        K.BACKDOOR: (
            ("isolate_version", "the version with the trigger takes no more traffic"),
            ("roll_back", "the last clean version answers"),
            ("freeze_pipeline", "no new version is made from the same data"),
        ),
        K.WEIGHT_TAMPERING: (
            ("isolate_version", "weights that nobody signed take no more traffic"),
            ("roll_back", "the last signed version answers"),
            ("freeze_pipeline", "no deployment until it is known who wrote"),
        ),
        K.SUPPLY_CHAIN: (
            ("isolate_version", "what contains the part takes no more traffic"),
            ("freeze_pipeline", "nothing more is built from the source"),
            ("roll_back", "the last version without the part answers"),
        ),
        K.EXTRACTION: (
            ("block_principal", "ends it for those who do it"),
            ("throttle", "slows down whoever else does the same"),
            ("shape_outputs", "answers give away less"),
        ),
        K.EVASION: (
            ("block_principal", "ends it for those who do it"),
            ("throttle", "searching for a way round takes many tries"),
            ("shape_outputs", "without scores the search is blind"),
        ),
        K.THRESHOLD_PROBING: (
            ("shape_outputs", "without fine scores the threshold cannot be found"),
            ("throttle", "probing takes many tries"),
            ("block_principal", "ends it for those who do it"),
        ),
        K.MEMBERSHIP_INFERENCE: (
            ("shape_outputs", "confidence is what gives membership away"),
            ("throttle", "slows down whoever else does the same"),
            ("block_principal", "ends it for those who do it"),
        ),
        K.ACCESS: (
            ("block_principal", "the credential is in wrong hands"),
            ("freeze_pipeline", "nothing is changed with it"),
        ),
        K.DENIAL_OF_WALLET: (
            ("throttle", "stops the cost, keeps the service"),
            ("block_principal", "ends it for those who do it"),
        ),
        K.FAIRNESS_HARM: (
            ("safe_mode", "the fallback decides while people are treated unequally"),
            ("roll_back", "the last version that treated groups alike answers"),
        ),
        K.PROMPT_INJECTION: (
            ("block_principal", "ends the session that carries it"),
            ("safe_mode", "no tool acts on injected words"),
        ),
    }
)
"""For each kind of attack its first actions, narrowest first."""

_KEEP = ("verbose_logging", "keeps what happens next; changes nothing for anybody")
_NARROW = "block_principal"


def first_actions(incident: Incident) -> tuple[Recommended, ...]:
    """What to do now, in order; for natural change only to watch."""
    return tuple(_steps(incident))


def _steps(incident: Incident) -> Iterator[Recommended]:
    yield Recommended(action=ActionId(_KEEP[0]), why=_KEEP[1])
    match incident.verdict.kind:
        case VerdictKind.NATURAL:
            return
        case VerdictKind.FAULT:
            yield from _fault(incident)
        case VerdictKind.UNDECIDED:
            if incident.severity.level is Level.HIGH:
                yield Recommended(
                    action=ActionId("throttle"), why="bounds the harm until it is decided"
                )
        case VerdictKind.ATTACK:
            yield from _attack(incident)


def _fault(incident: Incident) -> Iterator[Recommended]:
    yield Recommended(action=ActionId("freeze_pipeline"), why="nothing more is made from bad input")
    yield Recommended(
        action=ActionId("roll_back"), why="back to before the step, if it came at one"
    )
    if incident.severity.level is Level.HIGH:
        yield Recommended(
            action=ActionId("safe_mode"), why="answers on bad input are worse than none"
        )


def _attack(incident: Incident) -> Iterator[Recommended]:
    guilty = tuple(s.principal for s in incident.suspects if _sure(s))
    kind = incident.verdict.attack
    plan = FIRST[kind] if kind is not None else (("throttle", "bounds the harm"),)
    for action, why in plan:
        if action != _NARROW:
            yield Recommended(action=ActionId(action), why=why)
        elif guilty:
            yield Recommended(action=ActionId(action), why=why, principals=guilty)
    done = {a for a, _ in plan}
    if incident.severity.level is Level.HIGH and "safe_mode" not in done:
        yield Recommended(action=ActionId("safe_mode"), why="if the narrow steps do not hold")
    if incident.severity.level is Level.HIGH:
        yield Recommended(action=ActionId("stop_endpoint"), why="the last resort; people decide")


def _sure(suspect: Suspect) -> bool:
    return suspect.confidence >= SURE_SUSPECT
