"""Ordinary inputs: what too much alike means on an asset, learnt from what it was really asked.

In    an incident; the rows of its asset from the day before now.
Out   the rule for `$alike`, and what share of whose requests it would have refused; once for each
      incident, so that what people said yes to is what is put in force.
Why   how near ordinary inputs lie to each other differs from model to model; a distance that fits
      all refuses the innocent here and nobody there. Suspects' own rows teach nothing.

The later rows are kept back from learning and show whom the rule would refuse. Where there are too
few for that, the same rows do both.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import numpy as np
import pyarrow as pa

from stanch.contain.alike import KEPT
from stanch.contain.company import FEWEST, Floats, found_of, learnt, most
from stanch.engine.ports import Store, Transaction
from stanch.vocabulary.event import EventKind
from stanch.vocabulary.ids import AssetId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.span import Span

DAY = timedelta(days=1)
MOST = 2 * KEPT
_COLUMNS = ("kind", "ts", "features", "principal")
_ANSWER = str(EventKind.INFERENCE)


class Rows(Protocol):
    """Where the rows of a span can be read."""

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:
        """The newest rows of the asset in this span."""
        ...


class NoRows:
    """Where no rows are kept."""

    def between(self, asset: AssetId, span: Span, limit: int) -> pa.Table:  # noqa: ARG002  the protocol's names
        """None."""
        return pa.table({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """A rule, and what it would have refused."""

    rule: str = ""
    """Empty where the rows do not tell."""
    found: Mapping[str, float] = field(default_factory=dict)
    """The share of each principal's requests; under no name that of all."""


_DECODER = msgspec.json.Decoder(Learnt)


def learn_once(store: Store, rows: Rows, incident: IncidentId, at: datetime) -> None:
    """Learns the incident's rule, unless that was done."""
    with store.look() as tx:
        seen = tx.incidents.get(incident)
        asset = tx.assets.find(seen.asset)
        if kept(tx, incident) is not None:
            return
    names = tuple(one.name for one in asset.features) if asset is not None else ()
    made = _learnt(rows.between(seen.asset, Span(start=at - DAY, end=at), MOST), seen, names)
    with store.begin() as tx:
        tx.settings.put(_key(incident), msgspec.json.encode(made).decode())


def kept(tx: Transaction, incident: IncidentId) -> Learnt | None:
    """What was learnt for this incident; None where nobody asked for it yet."""
    text = tx.settings.get(_key(incident))
    return _DECODER.decode(text) if text else None


def _learnt(table: pa.Table, incident: Incident, names: tuple[str, ...]) -> Learnt:
    suspects = {str(one.principal) for one in incident.suspects}
    inputs, askers = _inputs(table)
    plain = np.array([name not in suspects for name in askers], np.bool_)
    ordinary = int(plain.sum())
    cut = 0
    if ordinary >= 2 * FEWEST:
        cut = int(np.flatnonzero(plain)[ordinary // 2])
    taught = inputs[:cut][plain[:cut]] if cut else inputs[plain] if ordinary else inputs[:0]
    like = learnt(taught, names)
    if like is None:
        return Learnt()
    late = slice(max(cut, len(inputs) - most(inputs.shape[1])), None)
    return Learnt(rule=like.text, found=found_of(like, inputs[late], askers[late]))


def _inputs(table: pa.Table) -> tuple[Floats, list[str]]:
    """The inputs that have as many numbers as most, oldest first, and who asked them."""
    if not {*_COLUMNS} <= set(table.column_names):
        return np.zeros((0, 0)), []
    whole = table.select(_COLUMNS).sort_by("ts").combine_chunks()
    kinds, _, askers = (whole.column(name).to_pylist() for name in ("kind", "ts", "principal"))
    inputs = whole.column("features").combine_chunks()
    widths = [n if kind == _ANSWER else None for n, kind in zip(_sizes(inputs), kinds, strict=True)]
    counts = Counter(n for n in widths if n)
    width = max(counts, key=counts.__getitem__, default=0)
    same = pa.array([bool(width) and n == width for n in widths], pa.bool_())
    numbers = np.asarray(inputs.filter(same).flatten().to_numpy(zero_copy_only=False), np.float64)
    who = [name or "" for name, one in zip(askers, same.to_pylist(), strict=True) if one]
    return numbers.reshape(len(who), width), who


def _sizes(inputs: pa.Array) -> list[int | None]:
    sizes: list[int | None] = inputs.value_lengths().to_pylist()
    return sizes


def _key(incident: IncidentId) -> str:
    return f"alike/{incident}"
