"""A batch: what triage takes up in one commit, and how it is halved to find what is to blame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from stanch.vocabulary.finding import Finding, Report
from stanch.vocabulary.ids import FindingId


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What is triaged in one commit."""

    findings: Mapping[FindingId, Finding] = field(default_factory=dict)
    held: tuple[FindingId, ...] = ()
    """Findings that were kept before, by their ids: one of them may be what cannot be read."""
    reports: tuple[Report, ...] = ()

    @property
    def ids(self) -> tuple[FindingId, ...]:
        """Every finding of it."""
        return (*self.findings, *self.held)

    def halves(self) -> tuple["Batch", "Batch"]:
        """The reports and the findings; or, without reports, one half of the findings each."""
        if self.reports:
            return Batch(reports=self.reports), replace(self, reports=())
        middle = len(self.ids) // 2
        return self._of(self.ids[:middle]), self._of(self.ids[middle:])

    def _of(self, ids: Sequence[FindingId]) -> "Batch":
        return Batch(
            findings={i: self.findings[i] for i in ids if i in self.findings},
            held=tuple(i for i in ids if i not in self.findings),
        )
