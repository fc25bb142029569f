"""Coverage: which techniques of ATLAS somebody looks for, which are answered, which were seen.

In    the matrix; who looks for which technique, and who answers it; how often each was seen.
Out   the tactics in order, each with its techniques. A sub-technique counts for its parent.
Why   what nobody looks for is not safe but unseen; a map that shows only what is covered flatters.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stanch.triage.taxonomy.atlas import Matrix
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Square:
    """One technique under one tactic."""

    id: str
    name: str
    watched_by: tuple[str, ...] = ()
    """Who looks for it, by name."""
    answered_by: tuple[str, ...] = ()
    """What answers it, by name."""
    seen: int = 0
    """In how many incidents it was named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One tactic with its techniques."""

    id: str
    name: str
    squares: tuple[Square, ...]

    @property
    def watched(self) -> int:
        """How many of its techniques somebody looks for."""
        return sum(bool(one.watched_by) for one in self.squares)


def coverage(
    matrix: Matrix,
    watchers: Mapping[str, Iterable[str]],
    seen: Iterable[Iterable[str]],
    answers: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> tuple[Column, ...]:
    """Every tactic with its techniques, who looks for and answers them, how often each was seen."""
    watched_by, answered_by = _by(matrix, watchers), _by(matrix, answers)
    counts = Counter(
        technique
        for incident in seen
        for technique in {_top(matrix, one) for one in _known(matrix, incident)}
    )
    return tuple(
        Column(
            id=tactic,
            name=name,
            squares=tuple(
                Square(
                    id=one.id,
                    name=one.name,
                    watched_by=watched_by.get(one.id, ()),
                    answered_by=answered_by.get(one.id, ()),
                    seen=counts[one.id],
                )
                for one in matrix.techniques.values()
                if not one.parent and tactic in one.tactics
            ),
        )
        for tactic, name in matrix.tactics.items()
    )


def watched(columns: Iterable[Column]) -> tuple[int, int]:
    """How many different techniques somebody looks for, and how many there are."""
    squares = {one.id: bool(one.watched_by) for column in columns for one in column.squares}
    return sum(squares.values()), len(squares)


def answered(columns: Iterable[Column]) -> int:
    """How many different techniques something answers."""
    return len({one.id for column in columns for one in column.squares if one.answered_by})


def _by(matrix: Matrix, names: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    """Each technique, with the names that name it or a part of it."""
    made: dict[str, set[str]] = {}
    for name, techniques in names.items():
        for one in _known(matrix, techniques):
            made.setdefault(_top(matrix, one), set()).add(name)
    return {technique: tuple(sorted(all_)) for technique, all_ in made.items()}


def _known(matrix: Matrix, techniques: Iterable[str]) -> Iterable[str]:
    """These techniques by their ids in this version; what it does not know is left out."""
    for one in techniques:
        try:
            yield matrix.current(one)
        except BadInput:
            continue


def _top(matrix: Matrix, technique: str) -> str:
    return matrix.techniques[technique].parent or technique
