"""In words: what people's words about an incident are like, and what they name.

In    the notes of an incident, a report among them.
Out   likely techniques; assets, keys, addresses and the like that stand in them; urgent words.
Why   whoever opens an incident should not have to read twenty notes to see that somebody named an
      address in the third. It is data: nothing here changes a verdict, a severity or an act.
"""

from dataclasses import dataclass, field

from stanch.engine.judging import MACHINE
from stanch.engine.ports import Transaction
from stanch.triage.context import LONGEST, Context, context_of
from stanch.triage.taxonomy.mapper import Guess, guess, packaged_model
from stanch.vocabulary.ids import IncidentId

MOST_ASSETS = 500
"""Assets whose names are looked for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InWords:
    """What people's words come to."""

    techniques: tuple[Guess, ...] = ()
    """ATLAS techniques that the words make likely; none when they are unlike every one."""
    context: Context = field(default_factory=Context)


def in_words(tx: Transaction, incident: IncidentId) -> InWords:
    """What people wrote about it, read; nothing where nobody wrote."""
    told = " ".join(note.text for note in tx.notes.of(incident) if note.by != MACHINE)[:LONGEST]
    if not told:
        return InWords()
    assets, model = tx.assets.page(limit=MOST_ASSETS).items, packaged_model()
    return InWords(
        techniques=tuple(g for g in guess(told, model) if g.score >= model.floor),
        context=context_of(told, assets),
    )
