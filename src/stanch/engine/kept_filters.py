"""Filters under a name: what they want whenever they are used.

In    a filter as it was kept, and the moment now.
Out   the same with `wanted` as of now: the last 24 hours are those before this moment.
Why   whoever keeps "the last day" wants to look at it again tomorrow.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from stanch.engine.query import KNOWN, parse
from stanch.engine.wanting import FIELDS, MOMENTS, ago, before, faults
from stanch.vocabulary.casework import SavedFilter
from stanch.vocabulary.choice import no_such
from stanch.vocabulary.listing import Wanted
from stanch.vocabulary.trouble import BadInput


def as_of(kept: SavedFilter, now: datetime) -> SavedFilter:
    """The filter, with what it wants at this moment; one that cannot be read any more as kept."""
    try:
        if kept.query and kept.noun in KNOWN:
            return replace(kept, wanted=parse(kept.query, kept.noun, now).wanted)
        return replace(kept, wanted=moved(kept.wanted, kept.moving, now))
    except BadInput:
        return kept


def moved(wanted: Wanted, moving: Mapping[str, str], now: datetime) -> Wanted:
    """The same, with each moment that moves where it is now."""
    found = {name: before(now, text) for name, text in moving.items() if name in MOMENTS}
    return replace(
        wanted,
        since=found.get("since", wanted.since),
        until=found.get("until", wanted.until),
        changed_since=found.get("changed_since", wanted.changed_since),
    )


def checked(kept: SavedFilter, now: datetime) -> SavedFilter:
    """The filter as of now, when its list can be asked this; `BadInput` says why it cannot."""
    if kept.noun not in FIELDS:
        raise BadInput(no_such(kept.noun, "list that has filters", FIELDS))
    for name, text in kept.moving.items():
        if name not in MOMENTS:
            raise BadInput(no_such(name, "time of a filter", MOMENTS))
        if ago(text) is None:
            raise BadInput(f"{text[:60]!r} is not how long ago. Write 30m, 24h, 7d or 2w.")
    made = replace(kept, wanted=moved(kept.wanted, kept.moving, now))
    for says in faults(made.wanted, made.noun):
        raise BadInput(says)
    return made
