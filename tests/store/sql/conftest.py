"""Small nouns for the tests of the store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from stanch.vocabulary.asset import Asset, AssetKind
from stanch.vocabulary.finding import Finding
from stanch.vocabulary.ids import AssetId, DetectorId, FindingId, IncidentId
from stanch.vocabulary.incident import Incident
from stanch.vocabulary.span import Span

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def at() -> datetime:
    """Noon."""
    return AT


@pytest.fixture
def asset() -> Asset:
    """One model."""
    return Asset(id=AssetId("fraud"), kind=AssetKind.MODEL, name="Fraud scorer", owner="ada")


@pytest.fixture
def finding() -> Callable[[int], Finding]:
    """The finding of this number; each is a second later than the one before."""

    def made(n: int) -> Finding:
        start = AT + timedelta(seconds=n)
        return Finding(
            detector=DetectorId("score_shift"),
            asset=AssetId("fraud"),
            window=Span(start=start, end=start + timedelta(minutes=1)),
            says=f"sight number {n}",
            measured={"shift": n / 3},
            because=(),
        )

    return made


@pytest.fixture
def incident() -> Callable[..., Incident]:
    """An incident with this id and these findings."""

    def made(key: str, *findings: FindingId) -> Incident:
        return Incident(
            id=IncidentId(key),
            title=f"Incident {key}",
            asset=AssetId("fraud"),
            opened=AT,
            first_seen=AT,
            updated=AT,
            findings=findings,
        )

    return made
