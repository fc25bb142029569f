"""A receipt: what became of a batch of events."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """One row that was not taken: its place in what was sent, and why."""

    index: int
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The answer to one batch: it is on disk when this is given."""

    accepted: int
    """Rows that are new and now kept."""
    duplicate: int
    """Rows whose id was known."""
    rejected: tuple[Rejected, ...] = ()
