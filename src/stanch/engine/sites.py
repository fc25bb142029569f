"""Sites: edge and federated places that send signed counts, and never their rows.

In    one minute of one asset, counted on our plan, numbered and signed by its site.
Out   the minute merged into the watch as if its rows had come here.
Why   counts merge exactly, so a hospital's rows may stay in the hospital and still be watched.

A summary that is forged, replayed or stale is refused, and that somebody tried is itself a finding:
whoever can feed the watch false counts can hide an attack, or invent one. A site numbers what it
sends without gaps; the last one may come again (its answer was lost), nothing before it may.
"""

import base64
import binascii
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stanch.engine.clock import Clock
from stanch.engine.owed import HELD, owe
from stanch.engine.ports import Store, Transaction
from stanch.engine.watch.hop import MINUTE
from stanch.engine.watch.sent import Sent
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.finding import AttackKind, Cite, CiteKind, Finding, Lifecycle, Suspect
from stanch.vocabulary.ids import AssetId, DetectorId, Digest, PrincipalId, asset_id, digest_of
from stanch.vocabulary.people import Caller
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.span import Span
from stanch.vocabulary.trouble import AlreadyThere, BadFile, BadInput, NotFound, Refused

LEAD = b"stanch-site-v1\n"
"""Stands before what a site signs, so that its key signs nothing else by accident."""
STALE = timedelta(minutes=15)
AWAY, MOST_AWAY = 12, 7 * 24 * 60
"""Minutes that a site may be cut off, unless more was agreed, and at most."""
_ON_THE_WAY = timedelta(minutes=3)
"""A minute may be this much older than its site may be cut off."""
EARLY = timedelta(minutes=1)
_NAME = "site/"
_COUNTS = "counts"
DETECTOR = DetectorId("site_summaries")


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One place that may send."""

    id: str
    public: str
    """Its Ed25519 key, in base64."""
    assets: tuple[AssetId, ...]
    """What it may speak of."""
    added: datetime
    by: str
    number: int = 0
    """Of the last summary that was taken in."""
    digest: Digest | None = None
    heard: datetime | None = None
    revoked: datetime | None = None
    """Since when nothing of it is taken in any more."""
    away: int = AWAY
    """Minutes that it may be cut off: what is older is stale."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenIn:
    """What became of a summary."""

    number: int
    known: bool
    """Whether it was taken in before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a site may know of itself, so that it goes on where it is waited for."""

    number: int
    """Of the last summary that was taken in."""
    revoked: datetime | None = None
    digest: Digest | None = None
    """Of what was taken in last, so that a site knows its own."""
    away: int = AWAY
    """Minutes that it may be cut off; what is older is not sent."""


class _Why(NamedTuple):
    """Why a summary is not taken in."""

    topic: str
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refusal:
    """What was not taken in, and whose key brought it."""

    sent: Sent
    why: _Why
    by: str
    at: datetime


class Watching(Protocol):
    """Who counts."""

    def absorbing(self) -> AbstractContextManager[Callable[[Transaction, Sent], None]]:
        """What merges a site's minute, in a transaction begun inside."""
        ...


class Sites:
    """The places that send, and the door that their summaries come through."""

    def __init__(self, store: Store, watching: Watching, clock: Clock) -> None:
        self._store = store
        self._watching = watching
        self._clock = clock

    def add(
        self, name: str, public: str, assets: tuple[str, ...], caller: Caller, away: int = AWAY
    ) -> Site:
        """A new site, that may speak of these assets, and be cut off for so many minutes."""
        key(public)
        _bounded(away)
        if not assets:
            raise BadInput("A site needs an asset that it may speak of.")
        site = Site(
            id=asset_id(name, "a site"),
            public=public,
            assets=tuple(asset_id(a) for a in assets),
            added=self._clock(),
            by=caller.name,
            away=away,
        )
        with self._store.begin() as tx:
            for asset in site.assets:
                tx.assets.get(asset)
            text = tx.settings.get(_NAME + site.id)
            if text is not None and _read(text).revoked is None:
                raise AlreadyThere("site", site.id)
            _keep(tx, site)
            _enter(tx, site, caller, "site added")
        return site

    def revoke(self, name: str, caller: Caller) -> Site:
        """The site, of which nothing is taken in any more; what was taken in stays counted."""
        with self._store.begin() as tx:
            site = _site(tx, name)
            if site.revoked is None:
                site = replace(site, revoked=self._clock())
                _keep(tx, site)
                _enter(tx, site, caller, "site revoked")
        return site

    def let_away(self, name: str, away: int, caller: Caller) -> Site:
        """The site, which may be cut off for so many minutes from now on."""
        _bounded(away)
        with self._store.begin() as tx:
            site = replace(_site(tx, name), away=away)
            _keep(tx, site)
            _enter(tx, site, caller, f"site may be cut off for {away} minutes", at=self._clock())
        return site

    def all(self) -> tuple[Site, ...]:
        """Every site that was ever added, by name."""
        with self._store.look() as tx:
            kept = tx.settings.all(_NAME)
        return tuple(sorted((_read(text) for text in kept.values()), key=lambda one: one.id))

    def asset_of(self, name: str, asset: str) -> Asset:
        """An asset that this site may speak of, so that it counts on the same definition."""
        with self._store.look() as tx:
            if asset not in _site(tx, name).assets:
                raise NotFound("asset", asset[:64], "asset list")
            return tx.assets.get(asset_id(asset))

    def get(self, name: str) -> Site:
        """The site with this name, or `NotFound`."""
        with self._store.look() as tx:
            return _site(tx, name)

    def told(self, name: str) -> Told:
        """How far the site has come here."""
        site = self.get(name)
        return Told(number=site.number, revoked=site.revoked, digest=site.digest, away=site.away)

    def take(self, name: str, content: bytes, signature: str, by: str = "") -> TakenIn:
        """The number of the summary once it is merged; else `Refused`, and a finding.

        `by` is whose key brought it.
        """
        at = self._clock()
        with self._watching.absorbing() as absorb, self._store.begin() as tx:
            site = _site(tx, name)
            sent, why = _judged(site, content, signature, at)
            known = why is None and digest_of(content) == site.digest
            if why is None and not known:
                why = _unlike_counts(absorb, tx, sent)
            if why is not None:
                _found(tx, site, _Refusal(sent=sent, why=why, by=by, at=at))
            elif not known:
                _keep(tx, _after(site, sent, content, at))
        if why is not None:
            said = f"The summary was not taken in: {why.says}."
            raise BadInput(said) if why.topic == _COUNTS else Refused(said)
        return TakenIn(number=sent.number, known=known)


def _unlike_counts(
    absorb: Callable[[Transaction, Sent], None], tx: Transaction, sent: Sent
) -> _Why | None:
    """Why what it holds can be no counts; None once they are merged."""
    try:
        absorb(tx, sent)
    except BadFile as broken:
        return _Why(_COUNTS, f"its counts cannot be ({broken})")
    return None


def _found(tx: Transaction, site: Site, refusal: _Refusal) -> None:
    """Enters what was refused as a finding."""
    sent, at = refusal.sent, refusal.at
    asset = AssetId(sent.asset) if sent.asset in site.assets else site.assets[0]
    what = f"A summary in the name of the site {site.id} was refused: {refusal.why.says}."
    brought = f" It came with {refusal.by}." if refusal.by else ""
    start = at.replace(second=0, microsecond=0)
    finding = Finding(
        detector=DETECTOR,
        asset=asset,
        window=Span(start=start, end=start + MINUTE),
        says=what + brought,
        measured={"number": float(sent.number)},
        topic=refusal.why.topic,
        because=(Cite(kind=CiteKind.ASSET, ref=asset),),
        lifecycle=Lifecycle.INFERENCE,
        strength=6.0,
        suspects=(Suspect(principal=PrincipalId(f"site:{site.id}"), share=1.0, confidence=0.5),),
        atlas=("AML.T0031",),
        points_to={AttackKind.ACCESS: 0.6},
    )
    new = tx.findings.put([finding], at=at)
    owe(tx, HELD, [f.id for f in new])
    for one in new:
        tx.announce("finding", one.id)


def key(public: str) -> Ed25519PublicKey:
    """The public key that this base64 text is, or `BadInput`."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"This is no Ed25519 public key in base64: {error}.") from error


def _judged(site: Site, content: bytes, signature: str, at: datetime) -> tuple[Sent, _Why | None]:
    """What was sent, as far as it can be believed, and why it is refused, if it is."""
    nothing = Sent(site=site.id, number=0, asset="", version="", minute=at, body=b"")
    if not _signed(site, content, signature):
        return nothing, _Why("signature", "its signature is not the site's")
    if site.revoked is not None:
        since = f"{site.revoked:%Y-%m-%d %H:%M}Z"
        return nothing, _Why("revoked", f"the site was revoked on {since}")
    try:
        sent = msgspec.msgpack.decode(content, type=Sent)
    except msgspec.MsgspecError as error:
        return nothing, _Why("unreadable", f"it cannot be read ({error})")
    minute = sent.minute.replace(tzinfo=sent.minute.tzinfo or UTC)
    sent = msgspec.structs.replace(sent, minute=minute)
    again = digest_of(content) == site.digest
    return sent, _objection(site, sent, at, again=again)


def _objection(site: Site, sent: Sent, at: datetime, *, again: bool) -> _Why | None:
    """Why a signed summary is refused all the same; `again` is the last one come once more."""
    foreign = sent.site != site.id or sent.asset not in site.assets
    number, minute = sent.number, sent.minute
    oldest = at - timedelta(minutes=site.away) - _ON_THE_WAY
    objections = (
        (foreign, "foreign", "it is not this site's to say"),
        (not again and number <= site.number, "replay", f"{number} is a replay"),
        (number > site.number + 1, "gap", f"{number} does not follow {site.number}"),
        (not again and minute < oldest, "stale", f"it is stale, of {minute.isoformat()}"),
        (minute > at + EARLY, "future", f"it is of the future, {minute.isoformat()}"),
    )
    return next((_Why(topic, says) for is_so, topic, says in objections if is_so), None)


def _signed(site: Site, content: bytes, signature: str) -> bool:
    try:
        key(site.public).verify(base64.b64decode(signature, validate=True), LEAD + content)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _after(site: Site, sent: Sent, content: bytes, at: datetime) -> Site:
    return replace(site, number=sent.number, digest=digest_of(content), heard=at)


def _site(tx: Transaction, name: str) -> Site:
    text = tx.settings.get(_NAME + name)
    if text is None:
        raise NotFound("site", name[:64], "site list")
    return _read(text)


def _read(text: str) -> Site:
    return msgspec.json.decode(text, type=Site)


def _bounded(away: int) -> None:
    if not AWAY <= away <= MOST_AWAY:
        raise BadInput(
            f"A site may be cut off for {AWAY} minutes to {MOST_AWAY // 1440} days, not for {away} "
            "minutes: what comes later than that is refused as stale."
        )


def _enter(
    tx: Transaction, site: Site, caller: Caller, what: str, at: datetime | None = None
) -> None:
    tx.record(
        Entry(
            at=at or site.revoked or site.added,
            deed=Deed.ACCESS_CHANGED,
            actor=caller.name,
            about=site.id,
            digest=digest_of(site.public.encode()),
            facts={"what": what, "assets": ", ".join(site.assets)[:200]},
        )
    )


def _keep(tx: Transaction, site: Site) -> None:
    tx.settings.put(_NAME + site.id, msgspec.json.encode(site).decode())
