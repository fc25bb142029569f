"""What a good colleague would ask: for each kind of belief, the questions that could overturn it.

In    an incident.
Out   a few questions, in plain words.
Why   the first story that fits is the one that people keep. Asked at once, these cost a minute.
"""

from collections.abc import Mapping
from types import MappingProxyType

from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.incident import Incident, VerdictKind

_BY_VERDICT: Mapping[VerdictKind, tuple[str, ...]] = MappingProxyType(
    {
        VerdictKind.UNDECIDED: (
            "What one fact would decide it, and who has that fact?",
            "Did anything of ours change shortly before: a deployment, a feed, a campaign?",
        ),
        VerdictKind.NATURAL: (
            "Does the change follow the calendar, the weather, a release, the news?",
            "Is it as strong without the few loudest principals?",
        ),
        VerdictKind.FAULT: (
            "Which step of the pipeline ran last before it began?",
            "Could somebody have wanted it to look like a fault?",
        ),
        VerdictKind.ATTACK: (
            "Could an honest heavy user look like this?",
            "If the named principals are stopped, where would the attacker turn next?",
        ),
    }
)
_BY_ATTACK: Mapping[AttackKind, str] = MappingProxyType(
    {
        AttackKind.POISONING: "Which models were trained since the first odd row came in?",
        AttackKind.BACKDOOR: "What do the inputs that trigger it have in common?",
        AttackKind.WEIGHT_TAMPERING: "Who could write the weights, and who signed them last?",
        AttackKind.SUPPLY_CHAIN: "What else of ours was built from the same part?",
        AttackKind.EXTRACTION: "How much of the model could be rebuilt from what was answered?",
        AttackKind.EVASION: "Which answers were wrong because of it, and who acted on them?",
        AttackKind.THRESHOLD_PROBING: "What would somebody gain who knew the threshold?",
        AttackKind.MEMBERSHIP_INFERENCE: "Whose records are in the training data?",
        AttackKind.ACCESS: "What else does the same credential open?",
        AttackKind.DENIAL_OF_WALLET: "What is the bill at this rate until morning?",
        AttackKind.FAIRNESS_HARM: "Who was decided on differently, and can it be put right?",
        AttackKind.PROMPT_INJECTION: "Which tools could the injected words reach?",
    }
)


def questions(incident: Incident) -> tuple[str, ...]:
    """The questions to ask before the next step."""
    own = _BY_VERDICT[incident.verdict.kind]
    attack = incident.verdict.attack
    return (*own, _BY_ATTACK[attack]) if attack is not None else own
