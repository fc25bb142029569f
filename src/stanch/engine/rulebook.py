"""The rulebook: the correlation rules in use, those that came with stanch and those people wrote.

In    YAML, ours or Sigma's, and who wrote it.
Out   rules by id, the newest edition of each; every edition that was ever in use stays.
Why   a rule decides what is seen, so a change of it is checked as a whole, numbered, and entered in
      the evidence log with its digest. The watch reads the rules with every step: a change needs no
      restart, on whichever process it was made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

import msgspec

from stanch.detect.detectors.correlation_rules import Limits
from stanch.detect.rules.load import packaged, packaged_text
from stanch.detect.rules.own import Own, own_rule
from stanch.detect.rules.rule import Rule
from stanch.engine.clock import Clock
from stanch.engine.ports import Store, Transaction
from stanch.triage.taxonomy.atlas import packaged as packaged_matrix
from stanch.vocabulary.ids import Digest, digest_of
from stanch.vocabulary.record import Deed, Entry
from stanch.vocabulary.trouble import BadFile, BadInput, NotFound, Stale

_NOW, _OLD = "own-rules/now/", "own-rules/old/"
MOST = 100
"""Rules of people's own: each is asked about every event that is counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleEdition:
    """One version of a rule that people wrote."""

    id: str
    version: int
    by: str
    at: datetime
    digest: Digest
    text: str
    """The YAML as it was written, with its comments."""
    sigma: bool = False
    """Whether it is written as Sigma rules are."""
    read_as: tuple[str, ...] = ()
    """How Sigma's words were read where they are not ours."""
    aside: bool = False
    """Whether it was put aside, so that nobody asks it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InUse:
    """A rule as people see it."""

    id: str
    title: str
    own: bool
    """Whether people wrote it; else it came with stanch."""
    asked: bool
    """Whether the watch asks it."""
    version: int
    """Which writing of people's own; 0 for one that came with stanch."""
    text: str
    by: str = ""
    replaces: bool = False
    """Whether it stands in place of one that came with stanch."""
    fault: str = ""
    """Why it cannot be asked any more, when it cannot."""


_EDITION = msgspec.json.Decoder(RuleEdition)


def own_rules(tx: Transaction) -> tuple[Rule, ...]:
    """The rules of people's own that are asked now; one that cannot be read any more is not."""
    texts = tx.settings.all(_NOW).values()
    return tuple(rule for text in texts if (rule := _asked(text)) is not None)


@lru_cache(maxsize=4 * MOST)
def _asked(kept: str) -> Rule | None:
    one = _EDITION.decode(kept)
    if one.aside:
        return None
    try:
        return replace(_read(one).rule, edition=str(one.version))
    except BadFile:
        return None


def _read(one: RuleEdition) -> Own:
    return own_rule(one.text, f"{one.id}.yaml", sigma=one.sigma)


def checked_rule(text: str, file: str, *, sigma: bool | None = None) -> Own:
    """The rule that a text states, and that can be put into use; else `BadFile`."""
    own, matrix = own_rule(text, file, sigma=sigma), packaged_matrix()
    for technique in own.rule.atlas:
        if not matrix.find(technique):
            told = f"ATLAS {matrix.version} has no technique {technique[:40]!r}. Mend the id."
            raise BadFile(own.rule.where or file, told)
    return own


class Rulebook:
    """The rules in use, and how they are changed."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def in_use(self) -> tuple[InUse, ...]:
        """Every rule, by id; one that came with stanch is hidden by people's own of its id."""
        with self._store.look() as tx:
            kept = [_EDITION.decode(t) for t in tx.settings.all(_NOW).values()]
        ours = {one.id: one for one in shipped_rules()}
        own = {e.id: _shown(e, replaces=e.id in ours) for e in kept if not e.aside}
        return tuple(one for _, one in sorted({**ours, **own}.items()))

    def asked(self) -> tuple[Rule, ...]:
        """The rules that the watch asks; one of people's own stands in place of ours of its id."""
        off = Limits().off
        with self._store.look() as tx:
            every = {rule.id: rule for rule in (*packaged(), *own_rules(tx))}
        return tuple(rule for key, rule in every.items() if key not in off)

    def __contains__(self, key: object) -> bool:
        """Whether a rule of this id is in use."""
        return any(one.id == key for one in self.in_use())

    def text(self, key: str) -> str:
        """The YAML of the rule in use, as its author wrote it."""
        found = next((one.text for one in self.in_use() if one.id == key), None)
        if found is None:
            raise NotFound("rule", key[:64], "rule list")
        return found

    def version(self, key: str) -> int:
        """The number of the newest version; 0 when people wrote none of this id."""
        with self._store.look() as tx:
            now = _now(tx, key)
        return now.version if now is not None else 0

    def editions(self, key: str) -> tuple[RuleEdition, ...]:
        """Every version that people wrote of this one, newest first."""
        with self._store.look() as tx:
            kept = [_EDITION.decode(t) for t in tx.settings.all(f"{_OLD}{key}/").values()]
        return tuple(sorted(kept, key=lambda e: -e.version))

    def check(self, text: str, file: str = "rule.yaml") -> Own:
        """The rule that this text states, or `BadFile` with the line of its first mistake."""
        return checked_rule(text, file)

    def put(self, text: str, *, by: str, seen: int | None = None) -> RuleEdition:
        """The new version, asked from the next step on; `Stale` when one came since `seen`."""
        own = self.check(text)
        key = str(own.rule.id)
        with self._store.begin() as tx:
            now = _now(tx, key)
            before = now.version if now is not None else 0
            if seen is not None and seen != before:
                raise Stale("rule", seen, before)
            if (now is None or now.aside) and _count(tx) >= MOST:
                raise BadInput(f"There are {MOST} rules of your own. Drop one first.")
            made = RuleEdition(
                id=key,
                version=before + 1,
                by=by,
                at=self._clock(),
                digest=digest_of(text.encode()),
                text=text,
                sigma=own.sigma,
                read_as=own.read_as,
            )
            return _kept(tx, made)

    def put_aside(self, key: str, *, by: str) -> RuleEdition:
        """The version that is asked no more; one that came with stanch is asked again."""
        with self._store.begin() as tx:
            now = _now(tx, key)
            if now is None or now.aside:
                raise NotFound("rule written here", key[:64], "rule list")
            gone = replace(now, version=now.version + 1, by=by, at=self._clock(), aside=True)
            return _kept(tx, gone)


def shipped_rules() -> Iterator[InUse]:
    """The rules that came with stanch."""
    off = Limits().off
    for rule in packaged():
        yield InUse(
            id=rule.id,
            title=rule.title,
            own=False,
            asked=rule.id not in off,
            version=0,
            text=packaged_text(rule.id),
        )


def _shown(one: RuleEdition, *, replaces: bool) -> InUse:
    title, fault = one.id, ""
    try:
        title = _read(one).rule.title
    except BadFile as trouble:
        fault = str(trouble)
    return InUse(
        id=one.id,
        title=title,
        own=True,
        asked=not fault,
        version=one.version,
        text=one.text,
        by=one.by,
        replaces=replaces,
        fault=fault,
    )


def _now(tx: Transaction, key: str) -> RuleEdition | None:
    text = tx.settings.get(_NOW + key)
    return _EDITION.decode(text) if text is not None else None


def _count(tx: Transaction) -> int:
    return sum(not _EDITION.decode(t).aside for t in tx.settings.all(_NOW).values())


def _kept(tx: Transaction, made: RuleEdition) -> RuleEdition:
    kept = msgspec.json.encode(made).decode()
    tx.settings.put(_NOW + made.id, kept)
    tx.settings.put(f"{_OLD}{made.id}/{made.version}", kept)
    tx.record(
        Entry(
            at=made.at,
            deed=Deed.RULE_CHANGED,
            actor=made.by,
            about=made.id,
            digest=made.digest,
            facts={"version": made.version, "aside": made.aside},
        )
    )
    tx.announce("rule", made.id)
    return made
