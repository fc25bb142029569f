"""What changes between two policies of an asset, in the words that people are asked with.

In    the versions that the server keeps, newest first; a policy that somebody would set.
Out   lines: what becomes stricter, what becomes freer; the demands that stand.
Why   at night nobody reads two YAML files side by side.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from stanch.cli.client import Client, segment
from stanch.contain.diff import changes
from stanch.contain.written import written
from stanch.vocabulary.ids import asset_id
from stanch.vocabulary.kept import PolicyVersion
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.standing import Demand, Standing
from stanch.vocabulary.trouble import BadInput
from stanch.vocabulary.words import counted, when

MOST = 500
"""Versions that the server gives at once."""


def versions(client: Client, asset: str, *, limit: int = MOST) -> tuple[PolicyVersion, ...]:
    """The latest versions, newest first."""
    path = f"/api/v1/assets/{segment(asset)}/policy/history"
    return msgspec.convert(client.get(path, {"limit": limit}), tuple[PolicyVersion, ...])


def standing_of(kept: PolicyVersion) -> Standing:
    """What that version was made from."""
    demands = msgspec.json.decode(kept.demands, type=tuple[Demand, ...])
    return Standing(base=kept.base, demands=demands, version=kept.version)


def between(known: Sequence[PolicyVersion], since: int | None, until: int | None) -> list[str]:
    """What changed from one version to another; by itself, with the latest change."""
    last = _numbered(known, until) if until is not None else known[0]
    first = last.version - 1 if since is None else since
    before = _numbered(known, first).policy if first else Policy(asset=last.asset)
    return [f"From version {first} to {last.version}:", *told(before, last.policy)]


def ahead(found: Mapping[str, Any]) -> list[str]:
    """What would change, and whom of the last hour it would have hit."""
    lines = _lines((c["stricter"], c["says"]) for c in found["changes"])
    if found["changes"]:
        lines.append(f"Who is hit: {found['hits']}")
    lines += [f"Mind: {one}" for one in found["warns"]]
    if found["until"]:
        lines.append(f"It ends by itself {when(found['until'])}. Then:")
        lines += _lines((c["stricter"], c["says"]) for c in found["then"])
    return lines


def told(before: Policy, after: Policy) -> list[str]:
    """A line for each field that differs."""
    return _lines((one.stricter, one.says) for one in changes(before, after))


def _lines(found: Iterable[tuple[bool, str]]) -> list[str]:
    said = [f"  {'stricter' if stricter else 'freer'}: {says}" for stricter, says in found]
    return said or ["  Nothing changes."]


def standing_in(known: Sequence[PolicyVersion], asset: str, at: datetime) -> list[str]:
    """The policy as its owner would write it, and each demand with the name to take it back by."""
    if not known:
        return [written(Policy(asset=asset_id(asset))).rstrip()]
    standing = [d for d in standing_of(known[0]).demands if d.until is None or at < d.until]
    made = [written(known[0].policy).rstrip(), ""]
    if not standing:
        return [*made, "No incident demands anything of it."]
    made.append(f"{counted(len(standing), 'demand')} on top of the owner's own policy:")
    for one in standing:
        until = (
            f"until {when(one.until.isoformat())}"
            if one.until is not None
            else "until it is taken back"
        )
        made.append(f"  {one.id}  {one.action or 'by hand'}, {one.incident or one.by}, {until}")
        made.append(f"      {one.why}")
    return made


def document_of(known: Sequence[PolicyVersion], asset: str) -> dict[str, Any]:
    """The same for programs."""
    policy = known[0].policy if known else Policy(asset=asset_id(asset))
    demands = standing_of(known[0]).demands if known else ()
    document = {"policy": policy, "demands": demands, "history": tuple(known)}
    return msgspec.to_builtins(document)


def applied(answer: Mapping[str, Any]) -> str:
    """What is said once a version was put in force: the version, and what its guards showed."""
    says = [f"Version {answer['version']} of {answer['asset']} is in force."]
    if end := answer["base"].get("until"):
        says.append(f"It ends by itself {when(end)}.")
    if (effect := answer.get("effect")) is not None:
        says.append(in_effect(effect))
    return "\n".join(says)


def in_effect(effect: Mapping[str, Any]) -> str:
    """Whether guards show the newest version, and how long that took or what is missing."""
    if effect["holds"]:
        return f"{effect['says']} It took {effect['seconds']:.2g} s."
    return f"Not shown yet: {effect['says']}"


def _numbered(known: Sequence[PolicyVersion], version: int) -> PolicyVersion:
    found = next((one for one in known if one.version == version), None)
    if found is None:
        raise BadInput(f"There is no version {version} among the latest {len(known)}.")
    return found
