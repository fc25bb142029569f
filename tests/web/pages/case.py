"""What the tests of pages share: one incident, who looks at it, and findings for it."""

from datetime import datetime, timedelta

from stanch.vocabulary.finding import Finding, Suspect
from stanch.vocabulary.ids import (
    AssetId,
    DetectorId,
    IncidentId,
    PrincipalId,
)
from stanch.vocabulary.people import ROLE_SCOPES, Caller, Role
from stanch.vocabulary.span import Span

CASE = IncidentId("inc-1")
VIC = Caller(name="vic", scopes=ROLE_SCOPES[Role.VIEWER], role=Role.VIEWER)


def finding(number: int, at: datetime) -> Finding:
    end = at - timedelta(minutes=number)
    return Finding(
        detector=DetectorId("query_pattern"),
        asset=AssetId("fraud"),
        window=Span(start=end - timedelta(minutes=1), end=end),
        says=f"Sight number {number}.",
        measured={},
        because=(),
        suspects=(Suspect(principal=PrincipalId("key-91"), share=1.0, confidence=0.9),),
    )
