"""Labels: which ids of ATLAS, OWASP and NIST an incident gets.

In    the kind of attack, the findings, whether a language model or an agent is hit.
Out   `Labels`: ATLAS ids with their version, OWASP ids with their edition, NIST AI 100-2 ids.
Why   others search, share and count by these ids. OWASP uses LLM01 to LLM10 again for other things
      in each edition, so an id never stands without its edition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from stanch.triage.taxonomy.atlas import Matrix, packaged
from stanch.vocabulary.asset import AssetKind
from stanch.vocabulary.finding import AttackKind, Finding

K = AttackKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Ids:
    """What one kind of attack is called elsewhere."""

    atlas: tuple[str, ...]
    ml: tuple[str, ...]
    """OWASP Machine Learning Security Top 10, edition 2023."""
    llm: tuple[str, ...] = ()
    """OWASP Top 10 for LLM applications, edition 2026."""
    asi: tuple[str, ...] = ()
    """OWASP Top 10 for agentic applications, edition 2026."""
    nist: tuple[str, ...] = ()


IDS: Mapping[AttackKind, Ids] = MappingProxyType(
    {
        K.POISONING: Ids(
            atlas=("AML.T0020",),
            ml=("ML02", "ML08"),
            llm=("LLM05",),
            asi=("ASI06",),
            nist=("NISTAML.013",),
        ),
        K.BACKDOOR: Ids(
            atlas=("AML.T0018", "AML.T0018.000"),
            ml=("ML10",),
            llm=("LLM05",),
            nist=("NISTAML.051",),
        ),
        K.WEIGHT_TAMPERING: Ids(
            atlas=("AML.T0018",), ml=("ML10",), llm=("LLM05",), nist=("NISTAML.051",)
        ),
        K.SUPPLY_CHAIN: Ids(
            atlas=("AML.T0010",),
            ml=("ML06", "ML07"),
            llm=("LLM04",),
            asi=("ASI04",),
            nist=("NISTAML.05",),
        ),
        K.EXTRACTION: Ids(
            atlas=("AML.T0024.002",), ml=("ML05",), llm=("LLM06",), nist=("NISTAML.031",)
        ),
        K.EVASION: Ids(
            atlas=("AML.T0043", "AML.T0015"), ml=("ML01",), nist=("NISTAML.022", "NISTAML.025")
        ),
        K.THRESHOLD_PROBING: Ids(
            atlas=("AML.T0040", "AML.T0043"), ml=("ML01", "ML05"), nist=("NISTAML.025",)
        ),
        K.MEMBERSHIP_INFERENCE: Ids(
            atlas=("AML.T0024.000",), ml=("ML04", "ML03"), llm=("LLM02",), nist=("NISTAML.033",)
        ),
        K.ACCESS: Ids(atlas=("AML.T0012",), ml=(), asi=("ASI03",), nist=("NISTAML.039",)),
        K.DENIAL_OF_WALLET: Ids(
            atlas=("AML.T0034", "AML.T0029"),
            ml=(),
            llm=("LLM06",),
            asi=("ASI08",),
            nist=("NISTAML.01",),
        ),
        K.FAIRNESS_HARM: Ids(atlas=("AML.T0048",), ml=("ML08", "ML09"), nist=("NISTAML.027",)),
        K.PROMPT_INJECTION: Ids(
            atlas=("AML.T0051", "AML.T0051.000", "AML.T0051.001", "AML.T0054"),
            ml=(),
            llm=("LLM01",),
            asi=("ASI01",),
            nist=("NISTAML.018", "NISTAML.015"),
        ),
    }
)
"""Each kind of attack, by the names that others use."""

LLM_2025_OF_2026: Mapping[str, str] = MappingProxyType(
    {
        "LLM01": "LLM01",
        "LLM02": "LLM02",
        "LLM03": "LLM06",
        "LLM04": "LLM03",
        "LLM05": "LLM04",
        "LLM06": "LLM10",
        "LLM07": "LLM09",
        "LLM08": "LLM07",
        "LLM09": "LLM08",
        "LLM10": "LLM05",
    }
)
"""The id that each entry of the 2026 edition had in the edition of 2025."""

SPEAKS = frozenset({AssetKind.AGENT, AssetKind.PROMPT, AssetKind.TOOL})


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """The ids of an incident, each with its version or edition."""

    atlas: tuple[str, ...] = ()
    owasp: tuple[str, ...] = ()
    nist: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()


def labels_of(
    kind: AttackKind | None,
    findings: Sequence[Finding],
    *,
    asset: AssetKind,
    language: bool = False,
    matrix: Matrix | None = None,
) -> Labels:
    """The labels of an incident: those of its kind first, then what its findings name.

    What a detector of somebody else's names that this version does not have is left out.
    """
    book = matrix or packaged()
    ids = IDS[kind] if kind else Ids(atlas=(), ml=())
    named = [t for f in sorted(findings, key=lambda f: f.id) for t in f.atlas]
    techniques = dict.fromkeys(known for t in (*ids.atlas, *named) if (known := book.find(t)))
    owasp = [f"{i}:2023" for i in ids.ml]
    # What hides an order among words was read by a language model, whatever its asset is called.
    if language or asset in SPEAKS or kind is K.PROMPT_INJECTION:
        owasp += [f"{i}:2026" for i in ids.llm]
    if asset in SPEAKS:
        owasp += [f"{i}:2026" for i in ids.asi]
    tactics = dict.fromkeys(t for i in techniques for t in book.techniques[i].tactics)
    return Labels(
        atlas=tuple(book.label(t) for t in techniques),
        owasp=tuple(owasp),
        nist=ids.nist,
        tactics=tuple(tactics),
    )
