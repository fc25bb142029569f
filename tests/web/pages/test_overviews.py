"""Home, measures, assets and what cannot be told."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.web.pages.case import CASE

from stanch.app.parts import Parts, opened
from stanch.app.serving import console_of
from stanch.app.work import work_of
from stanch.detect.registry import detectors
from stanch.engine.watch.memory import keep_history
from stanch.settings import Settings
from stanch.triage.taxonomy.labels import IDS
from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.finding import AttackKind, Blind
from stanch.vocabulary.happening import Happening
from stanch.vocabulary.ids import (
    AssetId,
    DetectorId,
    IncidentId,
)
from stanch.vocabulary.incident import Incident, Verdict, VerdictKind
from stanch.vocabulary.kept import BlindSpot
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.words import counted
from stanch.web.pages import PAGES, home
from stanch.web.visit import Answer, Console

NOW = datetime.now(UTC)


def test_home_names_the_worst_and_needs_no_incident_of_every_severity(
    console: Console, read: Callable[..., str]
) -> None:
    said = read(console, "/")
    with console.store.look() as tx:
        case = tx.incidents.get(CASE)
    assert case.title in said
    assert re.search(rf"What needs you now .*\b\d+ {case.severity.level.name.lower()}\b", said)
    assert not re.search(r"\d+ high", said)


PLAIN = sorted(
    {p.path for p in PAGES if p.method == "GET" and "{" not in p.path}
    - {"/welcome", "/login", "/account"}
)


def test_every_page_stands_when_there_is_nothing_yet(
    tmp_path: Path, asked: Callable[..., Answer], read: Callable[..., str]
) -> None:
    admin = Caller(name="ada", scopes=ROLE_SCOPES[Role.ADMIN], role=Role.ADMIN)
    with opened(Settings(data=tmp_path)) as parts:
        bare = console_of(parts, work_of(parts))
        assert "Nothing is protected yet" in read(bare, "/", by=admin)
        for path in PLAIN:
            assert asked(bare, "GET", path, by=admin).status in {200, 303}, path


def test_a_technique_is_the_darker_the_more_incidents_used_it(
    tmp_path: Path, asked: Callable[..., Answer]
) -> None:
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            for n in range(10):
                theft = Incident(
                    id=IncidentId(f"inc-{n}"),
                    title="A copy",
                    asset=AssetId("fraud"),
                    opened=NOW,
                    first_seen=NOW,
                    updated=NOW,
                    atlas=("AML.T0024.002", *(("AML.T0040",) if n == 0 else ())),
                    verdict=Verdict(kind=VerdictKind.ATTACK, attack=AttackKind.EXTRACTION),
                )
                tx.incidents.add(theft)
        said = asked(console_of(parts, work_of(parts)), "GET", "/measures").body.decode()
    assert re.search(r'heat-2"><span class="id">AML\.T0024<', said)
    assert re.search(r'heat-1"><span class="id">AML\.T0040<', said)


def test_the_map_has_every_technique_that_a_detector_a_rule_or_a_playbook_names(
    console: Console, asked: Callable[..., Answer]
) -> None:
    page = asked(console, "GET", "/measures").body.decode()
    squares = re.findall(r'<li class="square([^"]*)"><span class="id">(.*?)<', page)
    known = {name: marks.split() for marks, name in squares}
    every = (*detectors().values(), *console.rulebook.asked())
    looked_for = {".".join(t.split(".")[:2]) for one in every for t in one.atlas}
    assert {"AML.T0053", "AML.T0025"} <= looked_for
    answered = {".".join(t.split(".")[:2]) for ids in IDS.values() for t in ids.atlas}
    assert all(known[t] for t in looked_for | answered)
    assert not known["AML.T0000"]


def test_each_version_stands_with_its_digest_and_who_signed_it(
    tmp_path: Path, read: Callable[..., str]
) -> None:
    key = Ed25519PrivateKey.generate()
    good, bad = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    told = [
        Happening(
            at=NOW + timedelta(minutes=n),
            event=f"e-{n}",
            kind=EventKind.DEPLOYMENT,
            principal="ci",
            version=version,
            what=digest,
            facts={"signature": base64.b64encode(key.sign(good.encode())).decode()},
        )
        for n, (version, digest) in enumerate((("v1", bad), ("v1", good), ("v2", bad)))
    ]
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            tx.assets.add(
                Asset(
                    id=AssetId("fraud"),
                    kind=AssetKind.MODEL,
                    name="Fraud",
                    owner="ada",
                    signers={"release-team": public},
                )
            )
            keep_history(tx, AssetId("fraud"), tuple(told))
        said = read(console_of(parts, work_of(parts)), "/assets/fraud")
    versions = said[said.index("Versions, newest first") : said.index("Baselines")]
    assert re.search(rf"v2 .* by ci not signed {bad} v1 .* signed by release-team {good}", versions)
    assert versions.count("sha256:") == 2


def test_how_an_asset_was_made_and_where_its_accesses_are_told_stand_on_its_page(
    tmp_path: Path, read: Callable[..., str]
) -> None:
    made = Asset(
        id=AssetId("fraud"),
        kind=AssetKind.MODEL,
        name="Fraud",
        owner="ada",
        hyper_parameters={"depth": 6, "loss": "<b>log"} | {f"n{n}": n for n in range(40)},
        access_log="s3://logs/fraud",
    )
    with opened(Settings(data=tmp_path)) as parts:
        with parts.store.begin() as tx:
            tx.assets.add(made)
        said = read(console_of(parts, work_of(parts)), "/assets/fraud")
    facts = said[said.index(" Facts ") :]
    assert "Made with depth 6 , loss <b>log , n0 0" in facts
    assert "and 2 more" in facts
    assert "Log of accesses s3://logs/fraud" in facts


def test_what_cannot_be_told_stands_once_for_each_reason(
    world: tuple[Parts, Console], read: Callable[..., str]
) -> None:
    parts, console = world
    with parts.store.begin() as tx:
        for name in ("fairness_gap", "score_shift"):
            blind = Blind(detector=DetectorId(name), asset=AssetId("fraud"), why="no baseline")
            tx.blinds.say(blind, at=NOW)
    assert "2 detectors are blind: fairness gap, score shift" in read(console, "/")
    assert "No baseline fairness gap, score shift" in read(console, "/assets/fraud")


def test_blind_spots_that_differ_by_their_numbers_stand_once() -> None:
    whys = ((f"{counted(n, 'earlier window')}; 72 needed", n) for n in (3, 1, 2))
    found = home.grouped(tuple(_blind(why, n) for why, n in whys))
    assert [(d.why, d.others) for d in found] == [("3 earlier windows; 72 needed", 2)]


def test_blind_spots_of_several_versions_stand_once_and_name_them() -> None:
    spot = _blind("no group attributes are told", 1)
    spots = [replace(spot, blind=replace(spot.blind, version=v)) for v in ("v2", "v1", "~deeds")]
    assert [d.versions for d in home.grouped(tuple(spots))] == [("v1", "v2")]


def _blind(why: str, minutes: int) -> BlindSpot:
    blind = Blind(detector=DetectorId("resource_abuse"), asset=AssetId("fraud"), why=why)
    return BlindSpot(blind=blind, since=NOW - timedelta(minutes=minutes), seen=NOW)
