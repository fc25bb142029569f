"""Baselines: normal operation, written down once, judged before it counts, and signed by the shell.

In    a plan's bytes, golden summaries by hour of the week, open findings, a person's override.
Out   a `Golden` with canonical bytes to sign; or a refusal that says what to do.
Why   whoever may set the baseline decides what an attack is: one that is too small, or was recorded
      during an incident, would make the attack normal. It is never re-learnt on its own.

The algebra itself lives in `detect.summaries`; here it is anything that merges and has bytes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from typing import Protocol, Self

from stanch.vocabulary.ids import AssetId, BaselineId, Digest, FindingId, digest_of
from stanch.vocabulary.trouble import BadFile, BaselineRefused
from stanch.vocabulary.words import counted

FORMAT = "stanch:baseline:1\n"
ENOUGH = 1_000
"""Rows that a baseline needs; with them the DKW radius is 5 % at 99 % confidence."""
HOURS = 168
"""Hours of a week; hour 0 is Monday, midnight, UTC."""
WHOLE_WEEK = -1
"""The stratum of all hours."""


class Mergeable(Protocol):
    """A summary, as far as baselines need to know it."""

    @property
    def n(self) -> int:
        """How many rows."""
        ...

    def merge(self, other: Self) -> Self:
        """Both together."""
        ...

    def to_bytes(self) -> bytes:
        """Canonical bytes."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A named person's word that this baseline shall count although it was refused."""

    by: str
    why: str
    objections: tuple[str, ...] = ()
    """What was objected, filled in when it is applied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Which baseline this is."""

    asset: AssetId
    version: int
    """Grows with each baseline of the asset and condition."""
    by: str
    made: datetime
    condition: str = ""
    """What it stands for: a version, a region, a region of a version; empty for all."""
    source: str = ""
    """Where its rows came from, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Golden:
    """A baseline as it is signed and kept."""

    setting: Setting
    plan: bytes
    strata: Mapping[int, bytes]
    """Golden summaries by hour of the week; WHOLE_WEEK is always there."""
    rows: int
    habits: bytes = b""
    """The ledger of the reference: what single principals looked like."""
    customs: bytes = b""
    """The same of single windows, where the whole hides what is usual in one."""
    quiet: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """What each signal of the verdict did in windows of the reference: its table."""
    prints: tuple[bytes, ...] = ()
    """Fingerprints of rows that are to be recognised: of the training set, and canaries."""
    mix: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    """By hour of the week, how many rows were of each condition of operation."""
    override: Override | None = None

    @property
    def id(self) -> BaselineId:
        """Its name: the asset, the condition, the version."""
        condition = f"-{self.setting.condition}" if self.setting.condition else ""
        return BaselineId(f"{self.setting.asset}{condition}-{self.setting.version}")

    @property
    def digest(self) -> Digest:
        """What findings cite and the shell signs."""
        return digest_of(self.to_bytes())

    def at(self, when: datetime) -> bytes:
        """The golden summary for this moment: its hour of the week, or else the whole week."""
        return self.strata.get(hour_of_week(when), self.strata[WHOLE_WEEK])

    def to_bytes(self) -> bytes:
        """The canonical bytes; `Golden.from_bytes` gives the same baseline back."""
        setting, override = self.setting, self.override
        hours = sorted(self.strata)
        bodies = [self.plan, self.habits, *(self.strata[hour] for hour in hours), *self.prints]
        bodies += [self.customs] if self.customs else []
        head = {
            "asset": setting.asset,
            "version": setting.version,
            "by": setting.by,
            "made": setting.made.isoformat(),
            "condition": setting.condition,
            "source": setting.source,
            "rows": self.rows,
            "override": [override.by, override.why, override.objections] if override else None,
            "hours": hours,
            "sizes": [len(body) for body in bodies],
        } | ({"quiet": {k: list(v) for k, v in self.quiet.items()}} if self.quiet else {})
        head |= {"prints": len(self.prints)} if self.prints else {}
        head |= {"customs": 1} if self.customs else {}
        head |= {"mix": {str(h): dict(self.mix[h]) for h in self.mix}} if self.mix else {}
        text = json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
        return b"".join((FORMAT.encode(), len(text).to_bytes(4, "little"), text, *bodies))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Golden":
        """The baseline that these bytes hold, or `BadFile`."""
        try:
            found = _read(data)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise BadFile("baseline", f"not readable ({error})") from None
        if found.to_bytes() != data or WHOLE_WEEK not in found.strata:
            raise BadFile("baseline", "not in its canonical form")
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What somebody wants to make the baseline."""

    setting: Setting
    plan: bytes
    golden: Mapping[int, Mergeable]
    """Golden summaries by hour of the week (see `stratified`)."""
    habits: bytes = b""
    customs: bytes = b""
    quiet: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    findings: Sequence[FindingId] = ()
    """Findings on the asset in the time the rows come from."""
    prints: tuple[bytes, ...] = ()
    mix: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    canaries: int = 0
    """Its rows that are canaries."""
    enough: int = ENOUGH


def golden_of(proposal: Proposal, override: Override | None = None) -> Golden:
    """The baseline, or `BaselineRefused` unless a person overrides with a reason."""
    whole = proposal.golden[WHOLE_WEEK]
    objections = tuple(objections_to(whole.n, proposal))
    if objections and (override is None or not override.why.strip()):
        raise BaselineRefused("; ".join(objections))
    kept = None
    if objections and override is not None:
        kept = Override(by=override.by, why=override.why, objections=objections)
    return Golden(
        setting=proposal.setting,
        plan=proposal.plan,
        strata={hour: one.to_bytes() for hour, one in sorted(proposal.golden.items())},
        rows=whole.n,
        habits=proposal.habits,
        customs=proposal.customs,
        quiet=proposal.quiet,
        prints=proposal.prints,
        mix=proposal.mix,
        override=kept,
    )


def refused_early(rows: int, findings: Sequence[FindingId], enough: int = ENOUGH) -> None:
    """Refuses what no count could mend: nobody waits for what is learnt of it."""
    if objections := tuple(_plain_objections(rows, findings, enough)):
        raise BaselineRefused("; ".join(objections))


def objections_to(rows: int, proposal: Proposal) -> Iterable[str]:
    """Why this should not be a baseline."""
    yield from _plain_objections(rows, proposal.findings, proposal.enough)
    if proposal.canaries:
        yield f"{proposal.canaries} of its rows are canaries, which nobody should ask about"


def _plain_objections(rows: int, findings: Sequence[FindingId], enough: int) -> Iterable[str]:
    if rows < enough:
        yield f"it has {counted(rows, 'row')}, {enough} are needed"
    if findings:
        named = ", ".join(findings[:3])
        yield f"its time holds {counted(len(findings), 'finding')} ({named})"


def stratified(
    pieces: Iterable[tuple[datetime, Mergeable]], *, enough: int = ENOUGH
) -> dict[int, Mergeable]:
    """The pieces merged by hour of the week where that gives enough rows, and the whole week."""
    found: dict[int, list[Mergeable]] = {}
    for at, piece in pieces:
        found.setdefault(hour_of_week(at), []).append(piece)
    hours = {hour: reduce(_merged, several) for hour, several in sorted(found.items())}
    if not hours:
        raise BaselineRefused("it has no rows")
    strata: dict[int, Mergeable] = {WHOLE_WEEK: reduce(_merged, hours.values())}
    if len(hours) > 1:
        strata |= {hour: one for hour, one in hours.items() if one.n >= enough}
    return strata


def hour_of_week(at: datetime) -> int:
    """0 for Monday midnight UTC, 167 for Sunday 23 h."""
    utc = at.astimezone(UTC)
    return utc.weekday() * 24 + utc.hour


def _merged(one: Mergeable, other: Mergeable) -> Mergeable:
    return one.merge(other)


def _read(data: bytes) -> Golden:
    lead = FORMAT.encode()
    if not data.startswith(lead):
        raise ValueError("not a baseline")
    at = len(lead) + 4
    size = int.from_bytes(data[at - 4 : at], "little")
    head = json.loads(data[at : at + size])
    at += size
    bodies: list[bytes] = []
    for length in head["sizes"]:
        bodies.append(data[at : at + length])
        at += length
    customs = bodies.pop() if head.get("customs") else b""
    prints = len(bodies) - int(head.get("prints", 0))
    if at != len(data) or prints != len(head["hours"]) + 2:
        raise ValueError("its parts do not add up")
    override = head["override"]
    return Golden(
        setting=Setting(
            asset=AssetId(head["asset"]),
            version=int(head["version"]),
            by=head["by"],
            made=datetime.fromisoformat(head["made"]),
            condition=head["condition"],
            source=head["source"],
        ),
        plan=bodies[0],
        habits=bodies[1],
        customs=customs,
        strata=dict(zip(head["hours"], bodies[2:prints], strict=True)),
        prints=tuple(bodies[prints:]),
        rows=int(head["rows"]),
        quiet={str(k): tuple(map(float, v)) for k, v in head.get("quiet", {}).items()},
        mix={
            int(hour): {str(k): int(n) for k, n in counts.items()}
            for hour, counts in head.get("mix", {}).items()
        },
        override=Override(by=override[0], why=override[1], objections=tuple(override[2]))
        if override
        else None,
    )
