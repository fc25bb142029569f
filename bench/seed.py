"""A store filled with believable nouns, for screens and for measuring the console.

python -m bench.seed FOLDER [incidents] [findings] [events]
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from bench.words import words
from stanch.app import opened
from stanch.engine.clock import utc_now
from stanch.engine.evidence import Piece
from stanch.engine.ingest.schema import SCHEMA, conform
from stanch.engine.policies import Change, Policies
from stanch.engine.ports import Transaction
from stanch.settings import Settings
from stanch.store.sql.store import SqlStore
from stanch.triage.severity.factors import factors
from stanch.triage.severity.judge import severity_of
from stanch.vocabulary.approval import Approval, Risk
from stanch.vocabulary.asset import Asset, AssetKind, Criticality, Feature, Lineage
from stanch.vocabulary.casework import Note
from stanch.vocabulary.clock import Clock
from stanch.vocabulary.finding import AttackKind, Blind, Cite, CiteKind, Finding, Suspect
from stanch.vocabulary.ids import (
    ActionId,
    ApprovalId,
    AssetId,
    DetectorId,
    IncidentId,
    PlaybookId,
    PrincipalId,
    RunId,
    digest_of,
)
from stanch.vocabulary.incident import (
    Impact,
    Incident,
    Level,
    Phase,
    Reason,
    Verdict,
    VerdictKind,
)
from stanch.vocabulary.people import Role
from stanch.vocabulary.policy import Deny, Limits, Policy, Rate
from stanch.vocabulary.run import Run, RunState
from stanch.vocabulary.span import Span
from stanch.vocabulary.standing import Demand, demand_id

BATCH = 100_000
LARGE = 900_001
"""The number of the incident that has more findings than any other."""
PASSWORD = "correct horse battery"  # noqa: S105  the password of a benchmark's people
ASSETS = (
    ("fraud-scorer", AssetKind.MODEL, "Card fraud scorer", "payments", Criticality.CRITICAL),
    ("credit-limit", AssetKind.MODEL, "Credit limits", "lending", Criticality.HIGH),
    ("support-agent", AssetKind.AGENT, "Support agent", "care", Criticality.HIGH),
    ("triage-xray", AssetKind.MODEL, "X-ray triage", "clinic", Criticality.CRITICAL),
    ("cv-ranker", AssetKind.MODEL, "Applicant ranking", "people", Criticality.HIGH),
    ("price-demand", AssetKind.MODEL, "Demand forecast", "retail", Criticality.MODERATE),
    ("scorer-api", AssetKind.ENDPOINT, "Scoring endpoint", "payments", Criticality.CRITICAL),
    ("transactions", AssetKind.DATASET, "Transactions, labelled", "payments", Criticality.HIGH),
    ("nightly-train", AssetKind.PIPELINE, "Nightly training", "payments", Criticality.MODERATE),
    ("refund-tool", AssetKind.TOOL, "Refund tool", "care", Criticality.HIGH),
)
STORIES = (
    (
        AttackKind.EXTRACTION,
        "Model extraction of {} by {}",
        "query_pattern",
        "{p} asked {n} times on a grid between known answers; 1 in 40 is usual.",
    ),
    (
        AttackKind.POISONING,
        "Labels of {} flipped by {}",
        "label_flip",
        "Labels from {p} turn 'fraud' into 'fine' in {part} of 900 rows; 2 % is usual.",
    ),
    (
        AttackKind.THRESHOLD_PROBING,
        "Somebody searches the threshold of {} with {}",
        "near_edge",
        "{p} sent {n} requests within 0.01 of the threshold.",
    ),
    (
        AttackKind.EVASION,
        "Inputs made to slip past {} by {}",
        "off_manifold",
        "{n} inputs of {p} have values that do not belong together.",
    ),
    (
        AttackKind.PROMPT_INJECTION,
        "Instructions hidden in pages that {} read for {}",
        "injection",
        "A page read for {p} told the agent to send mail; {n} words match rule emergency-12.",
    ),
    (
        None,
        "Scores of {} moved; {} named",
        "score_shift",
        "'fraud' is now 9 % of {n} answers, 3 % in the baseline.",
    ),
)


def many(count: int) -> str:
    return "one key" if count == 1 else f"{count} keys"


def main() -> None:
    words(__doc__, most=4, least=1)
    folder = Path(sys.argv[1])
    incidents = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    findings = int(sys.argv[3]) if len(sys.argv) > 3 else 1200
    events = int(sys.argv[4]) if len(sys.argv) > 4 else 2000
    fill(folder, incidents, findings, events)


def fill(folder: Path, incidents: int, findings: int, events: int = 0, database: str = "") -> None:
    dice, now = random.Random(20261121), utc_now()  # noqa: S311  the same store each time
    with opened(Settings(data=folder, database=database)) as parts:
        for name, role in (
            ("ada", Role.ADMIN),
            ("ben", Role.APPROVER),
            ("cleo", Role.RESPONDER),
            ("vic", Role.VIEWER),
        ):
            parts.access.add_user(name, role, by="seed", password=PASSWORD)
        with parts.store.begin() as tx:
            for key, kind, name, owner, criticality in ASSETS:
                tx.assets.add(asset(key, kind, name, owner, criticality))
            for key, detector, why in (
                ("cv-ranker", "score_shift", "no baseline"),
                ("support-agent", "feature_drift", "12 answers; 200 needed"),
            ):
                tx.blinds.say(
                    Blind(detector=DetectorId(detector), asset=AssetId(key), why=why),
                    at=now - timedelta(hours=5),
                )
        made = list(write(parts.store, dice, now, incidents, findings))
        for one in made[-3:]:
            parts.room.take(one.id, pieces(one), by="stanch")
        policies = Policies(parts.store, utc_now)
        change = Change(by="ben", because="extraction", incident=made[-1].id)
        wanted = Policy(
            asset=made[-1].asset,
            deny=Deny(principals=frozenset({PrincipalId("key-91")})),
            limit=Limits(per_principal=Rate(count=20)),
        )
        policies.demand(
            Demand(
                id=demand_id("ben", "block_principal", b"key-91"),
                policy=wanted,
                since=now,
                by="ben",
                why="extraction",
                incident=made[-1].id,
            ),
            change,
        )
        parts.recorder.drain()
        for start in range(0, events, BATCH):
            parts.spool.append(traffic(dice, now, range(start, min(events, start + BATCH))))
            parts.lake.roll_up(now)


def large(folder: Path, findings: int, database: str = "") -> IncidentId:
    """One more open incident, with so many findings."""
    dice, now = random.Random(7), utc_now()  # noqa: S311  the same each time
    with opened(Settings(data=folder, database=database)) as parts, parts.store.begin() as tx:
        made = incident(tx, dice, now - timedelta(minutes=9), LARGE, (findings, LARGE + 1))
        return made.id


def traffic(dice: random.Random, now: datetime, numbers: range) -> pa.Table:
    """Answers of the last two days: mostly of everybody, in part of the key that is suspected."""
    rows = [
        {
            "id": f"evt-{n:09d}",
            "ts": now - timedelta(seconds=172_800 * dice.random()),
            "kind": "label" if n % 50 == 0 else "inference",
            "asset": ASSETS[n % 6][0],
            "version": "v7",
            "principal": "key-91" if n % 17 == 0 else f"key-{10 + n % 80}",
            "source": f"203.0.113.{n % 250}",
            "features": [round(dice.gauss(0, 1), 3) for _ in range(3)],
            "prediction": "fraud" if n % 23 == 0 else "fine",
            "received": now,
        }
        for n in numbers
    ]
    return conform(
        pa.Table.from_pylist(rows, schema=pa.schema([f for f in SCHEMA if f.name in rows[0]]))
    )


def asset(key: str, kind: AssetKind, name: str, owner: str, criticality: Criticality) -> Asset:
    made_from = Lineage(
        trained_on=(AssetId("transactions"),) if key in {"fraud-scorer", "credit-limit"} else (),
        served_by=(AssetId("scorer-api"),) if key == "fraud-scorer" else (),
        derived_from=(AssetId("nightly-train"),) if key == "fraud-scorer" else (),
    )
    return Asset(
        id=AssetId(key),
        kind=kind,
        name=name,
        owner=owner,
        criticality=criticality,
        version="v7",
        lineage=made_from,
        data_classes=("payment",),
        jurisdictions=("EU",),
        domain="finance",
        features=(Feature(name="amount"), Feature(name="age_days"), Feature(name="country")),
    )


def write(
    store: SqlStore, dice: random.Random, now: datetime, incidents: int, findings: int
) -> Iterator[Incident]:
    each = max(1, findings // max(1, incidents))
    for start in range(0, incidents, 50):
        with store.begin() as tx:
            for number in range(start, min(start + 50, incidents)):
                back = timedelta(minutes=float((incidents - 1 - number) ** 1.35 * 12 + 3))
                yield incident(tx, dice, now - back, number, (each, incidents))


def incident(
    tx: Transaction, dice: random.Random, at: datetime, number: int, size: tuple[int, int]
) -> Incident:
    each, incidents = size
    newest = incidents - number <= 6
    attack, title, detector, says = (
        STORIES[number % len(STORIES)] if not newest else STORIES[(incidents - number) % 5]
    )
    key, *_ = (
        ASSETS[dice.randrange(len(ASSETS))] if not newest else ASSETS[(incidents - number) % 4]
    )
    people = [PrincipalId(f"key-{dice.randrange(10, 99)}") for _ in range(dice.randrange(1, 4))]
    if number == incidents - 1:
        people[0] = PrincipalId("key-91")
    kept = tx.findings.put(
        (finding(dice, at, AssetId(key), (detector, says, attack), people, n) for n in range(each)),
        at=at,
    )
    over = not newest and dice.random() < 0.72
    level = Level.HIGH if newest and number % 2 else Level(dice.choice((1, 1, 2, 2, 3)))
    kind = (
        VerdictKind.ATTACK
        if attack
        else dice.choice((VerdictKind.NATURAL, VerdictKind.FAULT, VerdictKind.UNDECIDED))
    )
    one = Incident(
        id=IncidentId(f"inc-{number:015d}"),
        title=title.format(key, many(len(people))),
        asset=AssetId(key),
        opened=at,
        first_seen=at - timedelta(minutes=14),
        updated=at + timedelta(minutes=2),
        phase=Phase.CLOSED
        if over
        else dice.choice((Phase.DETECTED, Phase.TRIAGED, Phase.CONTAINED)),
        findings=tuple(f.id for f in kept),
        suspects=tuple(
            Suspect(principal=p, share=round(0.7 / (i + 1), 2), confidence=0.97 - 0.2 * i)
            for i, p in enumerate(dict.fromkeys(people))
        )
        if attack
        else (),
        verdict=Verdict(
            kind=kind,
            attack=attack,
            confidence=round(dice.uniform(0.6, 0.99), 2),
            reasons=reasons(attack),
        ),
        severity=replace(
            severity_of(factors(MI=int(level), SB=int(level) - 1, AU=3, BR=2, PH=3, AA=3)),
            rank=dice.randrange(20, 96),
        ),
        impact=Impact(
            assets=(AssetId(key),),
            decisions=dice.randrange(40, 9000),
            principals=len(people),
            data_classes=("payment",),
            unknown=("whether answers were acted on",),
        ),
        atlas=("AML.T0024",) if attack else (),
        commander="" if newest and number % 3 else dice.choice(("ada", "ben", "cleo")),
        closed_at=at + timedelta(hours=5) if over else None,
        contained_at=at + timedelta(minutes=21) if over else None,
        exercise=number % 17 == 5,
    )
    tx.incidents.add(one)
    if not over:
        around(tx, one, at)
    return one


POISONS = (
    "Some sent labels that contradict the answers, where those of others do not. Whoever poisons "
    "what is learnt next does that."
)
PROBES = (
    "Some asked only where the model is least sure, and others did not. Whoever maps where it "
    "changes its mind does that."
)


def reasons(attack: AttackKind | None) -> tuple[Reason, ...]:
    if attack is None:
        return (
            Reason(name="slow", says="The change came slowly.", weight=0.0),
            Reason(name="all", says="It is as strong without the loudest principals.", weight=-1.4),
        )
    return (
        Reason(
            name="who",
            says=f"{POISONS if attack is AttackKind.POISONING else PROBES} One in 4,000 windows "
            "without an attack looks like this.",
            weight=3.1,
        ),
        Reason(
            name="off",
            says="Some sent inputs whose values do not belong together, and others did not. "
            "Whoever makes up questions to copy a model does that.",
            weight=1.2,
        ),
        Reason(name="deploy", says="A deployment came 40 minutes before.", weight=-0.6),
    )


def finding(  # noqa: PLR0913, PLR0917  a story, word by word
    dice: random.Random,
    at: datetime,
    asset: AssetId,
    story: tuple[str, str, AttackKind | None],
    people: list[PrincipalId],
    n: int,
) -> Finding:
    detector, says, attack = story
    who = people[n % len(people)]
    end = at - timedelta(seconds=30 * n)
    return Finding(
        detector=DetectorId(detector),
        asset=asset,
        version="v7",
        window=Span(start=end - timedelta(minutes=10), end=end),
        says=says.format(p=who, n=dice.randrange(200, 4000), part=dice.randrange(90, 700)),
        measured={
            "times the usual": round(dice.uniform(4, 20), 2),
            "requests": float(dice.randrange(200, 4000)),
        },
        because=(
            Cite(kind=CiteKind.BASELINE, ref="bas-0123"),
            Cite(kind=CiteKind.SUMMARY, ref=digest_of(str((asset, n, at)).encode())),
        ),
        strength=round(dice.uniform(2.5, 9), 2),
        suspects=(Suspect(principal=who, share=0.7, confidence=0.97),) if attack else (),
        features=("amount",) if n % 3 == 0 else (),
        atlas=("AML.T0024",) if attack else (),
        points_to={attack: 0.8} if attack else {},
    )


def around(tx: Transaction, one: Incident, at: datetime) -> None:
    """What an open incident has beside it: a clock, a question, a run, notes."""
    number = int(one.id[4:])
    tx.notes.add(
        Note(
            id=f"note-{number}",
            incident=one.id,
            at=at + timedelta(minutes=4),
            by="cleo",
            text="Looked at the **first hundred** requests of `key-91`."
            "\n\n- all on a grid\n- none from our app"
            f"\n\n@ben please look at the block on {one.asset}.",
        )
    )
    if number % 3 == 0:
        tx.clocks.add(
            Clock(
                id=f"clk-{number}",
                incident=one.id,
                duty="Tell the supervisory authority",
                law="GDPR Art. 33",
                started=at,
                due=at + timedelta(hours=72),
            )
        )
    if number % 4 == 0:
        tx.clocks.add(
            Clock(
                id=f"clk-early-{number}",
                incident=one.id,
                duty="Early warning to the CSIRT",
                law="NIS2 Art. 23",
                started=at,
                due=at + timedelta(hours=24),
            )
        )
    if number % 2 == 0:
        shown = (
            f"Block key-91 on {one.asset}?\n"
            "Why: it asked 2,310 times on a grid between known answers.\n"
            "Who is hit: 1 principal, 0.4 % of the last hour's requests.\n"
            "If no: it goes on; every further hour gives away about 2 % of the model."
        )
        tx.approvals.add(
            Approval(
                id=ApprovalId(f"apr-{number:015d}"),
                incident=one.id,
                asset=one.asset,
                action=ActionId("block_principal"),
                risk=Risk.TWO if number % 4 else Risk.ONE,
                role=Role.APPROVER,
                shown=shown,
                digest=digest_of(shown.encode()),
                asked=at,
                expires=datetime.now(UTC) + timedelta(minutes=25 + number % 40),
                requester="stanch",
            )
        )
    tx.runs.add(
        Run(
            id=RunId(f"run-{number:015d}"),
            playbook=PlaybookId(str(one.verdict.attack or "drift")),
            incident=one.id,
            asset=one.asset,
            started=at,
            updated=at + timedelta(minutes=1),
            state=RunState.WAITING if number % 2 == 0 else RunState.DONE,
            step="ask-block",
            says="Waiting for an approver to allow the block.",
        )
    )


def pieces(one: Incident) -> list[Piece]:
    hostile = (
        f"{one.title}\n<script>alert(1)</script> \u202etxt.exe \x1b[31mred\x1b[0m zero\u200bwidth"
    )
    return [
        Piece(
            name="policy.json",
            kind="policy",
            content=b'{"asset": "fraud-scorer", "mode": "serving"}',
        ),
        Piece(name="findings.json", kind="finding", content=b"[]"),
        Piece(name="prompt \u202egpj.exe", kind="events", content=hostile.encode(), personal=True),
    ]


if __name__ == "__main__":
    main()
