"""OWASP: what each entry of its three lists is called, so that no id stands alone.

In    an id with its edition, as `labels` writes it.
Out   the entry's name and the list that it stands in; that a list has no entry, where it has none.
Why   ML06:2023 says something to those who know the list by heart. An id that does not fit says
      something wrong to everybody.
"""

from collections.abc import Mapping
from types import MappingProxyType

from stanch.triage.taxonomy.labels import IDS, LLM_2025_OF_2026
from stanch.vocabulary.finding import AttackKind
from stanch.vocabulary.words import word

_LISTS = (
    ("LLM", "OWASP for LLM applications"),
    ("ASI", "OWASP for agents"),
    ("ML", "OWASP for machine learning"),
)
_ML = (
    "Input Manipulation Attack",
    "Data Poisoning Attack",
    "Model Inversion Attack",
    "Membership Inference Attack",
    "Model Theft",
    "AI Supply Chain Attacks",
    "Transfer Learning Attack",
    "Model Skewing",
    "Output Integrity Attack",
    "Model Poisoning",
)
"""Edition of 2023."""
_LLM = (
    "Prompt Injection",
    "Sensitive Information Disclosure",
    "Supply Chain",
    "Data and Model Poisoning",
    "Improper Output Handling",
    "Excessive Agency",
    "System Prompt Leakage",
    "Vector and Embedding Weaknesses",
    "Misinformation",
    "Unbounded Consumption",
)
"""Edition of 2025; the entries of 2026 are found by what they were then."""
_RENAMED = {"LLM08": "Hidden Context Exposure"}
"""What has another name in the edition of 2026 than it had."""
_ASI = (
    "Agent Goal Hijack",
    "Tool Misuse and Exploitation",
    "Identity and Privilege Abuse",
    "Agentic Supply Chain Vulnerabilities",
    "Unexpected Code Execution (RCE)",
    "Memory and Context Poisoning",
    "Insecure Inter-Agent Communication",
    "Cascading Failures",
    "Human-Agent Trust Exploitation",
    "Rogue Agents",
)
"""Edition of 2026."""


def _numbered(start: str, names: tuple[str, ...]) -> dict[str, str]:
    return {f"{start}{number:02}": name for number, name in enumerate(names, 1)}


_THEN = _numbered("LLM", _LLM)
NAMES: Mapping[str, str] = MappingProxyType(
    _numbered("ML", _ML)
    | _numbered("ASI", _ASI)
    | {now: _THEN[then] for now, then in LLM_2025_OF_2026.items()}
    | _RENAMED
)
"""The name of each entry, by its id without the edition."""


def called(key: str) -> str:
    """The name of the entry and its list; empty for what is none of OWASP's."""
    start = key.partition(":")[0]
    of = next((name for prefix, name in _LISTS if start.startswith(prefix)), "")
    return f"{NAMES[start]} ({of})" if start in NAMES else of


def none_for(kind: AttackKind) -> str:
    """That the list for models has no entry for this kind; empty where it has one."""
    ids = IDS[kind]
    if ids.ml:
        return ""
    elsewhere = [NAMES[one] for one in ids.llm]
    says = f"OWASP's list for machine learning (2023) has no entry for {word(kind)}"
    if not elsewhere:
        return f"{says}, nor has the one for LLM applications (2026)."
    return f"{says}; the one for LLM applications (2026) has: {', '.join(elsewhere)}."
