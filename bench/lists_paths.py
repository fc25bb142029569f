"""What is asked of every list: each filter that it takes, alone and with others, and pages far in.

Gaps are filled once for all by whoever asks: `{deep}` is the cursor of a page far in, `{old}` and
`{day_after}` a day in the middle of all findings, `{within}` a moment in the middle of those of the
large incident, `{first}` the principal whom most of these name.
"""

from urllib.parse import quote

DEEP = "after={deep}"

_RARE = "3999"
_SEVERAL = "asked times grid"
_NOBODY = "nobody-said-this"
_PART = "frau"
_QUOTED = '"fraud"'

FINDINGS = (
    "asset=fraud-scorer",
    "asset=model-7",
    "asset=fraud-scorer&asset=cv-ranker",
    "asset=model-7&asset=model-8",
    "detector=label_flip",
    "detector=label_flip&detector=nobody",
    "detector=label_flip&asset=fraud-scorer&asset=cv-ranker",
    "attack=extraction",
    "attack=poisoning&attack=evasion&asset=cv-ranker",
    "lifecycle=inference",
    "lifecycle=training&lifecycle=deployment",
    "principal=key-91",
    "principal=nobody",
    "principal=key-91&principal=key-12",
    "principal=key-91&detector=label_flip",
    "principal=key-91&text=3999",
    "since={old}&until={day_after}",
    "since={old}&until={day_after}&asset=fraud-scorer",
    "until={old}",
    "until={old}&text=grid",
    *(f"text={quote(w)}" for w in ("asked", _RARE, _SEVERAL, _NOBODY, _PART, _QUOTED)),
    f"text={_NOBODY}&asset=fraud-scorer",
    f"text={_RARE}&detector=label_flip&lifecycle=inference",
)
"""Filters of all findings."""
WITHIN = (
    "detector=label_flip",
    "detector=score_shift",
    "attack=poisoning",
    "lifecycle=inference",
    "principal={first}",
    "principal=nobody",
    "since={within}",
    "until={within}",
    *(f"text={quote(w)}" for w in ("labels", "444", "labels from rows", _NOBODY, _QUOTED)),
    f"text={_NOBODY}&detector=label_flip",
)
"""Filters of the findings of one incident."""
INCIDENTS = (
    "closed=false&sort=worst",
    "sort=worst",
    "asset=fraud-scorer",
    "phase=detected&phase=triaged",
    "severity=3",
    "severity=3&closed=false&sort=worst",
    "verdict=attack",
    "attack=extraction",
    "attack=backdoor&sort=worst",
    "lifecycle=inference",
    "principal=key-91",
    "owner=ada",
    "exercise=true",
    "since={old}",
    "until={old}",
    "changed_since={old}",
    *(f"text={quote(w)}" for w in ("extraction", "model of keys", _NOBODY, _QUOTED)),
)
"""Filters of incidents."""
TYPED_FINDINGS = (
    "detector:label_flip",
    "asset:fraud-scorer,cv-ranker detector:label_flip since:30d",
    "principal:key-91",
    "principal:key-91,key-12 attack:extraction",
    "asked times",
    '"on a grid"',
    _NOBODY,
    f"{_NOBODY} asset:fraud-scorer",
    "attack:extraction grid OR principal:key-91",
    f"asset:model-7 OR {_NOBODY}",
)
"""What people type over all findings."""
TYPED_WITHIN = ("labels", "444", _NOBODY, '"rows; 2"', "detector:label_flip", "since:1h")
TYPED_INCIDENTS = (
    "is:open sort:worst",
    "is:open severity:high OR is:open verdict:undecided",
    "principal:key-91 since:30d",
    "commander:ada is:closed",
    "extraction",
    _NOBODY,
)


def paths(big: str) -> tuple[str, ...]:
    """Every path; `big` is the incident with more findings than any other."""
    inside = f"incident={big}"
    return (
        "/api/v1/findings?limit=50",
        f"/api/v1/findings?{DEEP}",
        f"/api/v1/findings?{inside}&limit=50",
        f"/api/v1/findings?{inside}&{DEEP}",
        *(f"/api/v1/findings?{one}" for one in FINDINGS),
        *(f"/api/v1/findings?{inside}&{one}" for one in WITHIN),
        "/api/v1/facets/findings",
        f"/api/v1/facets/findings?{inside}",
        *(f"/api/v1/facets/findings?{one}" for one in FINDINGS),
        *(f"/api/v1/facets/findings?{inside}&{one}" for one in WITHIN),
        f"/api/v1/incidents?{DEEP}",
        f"/api/v1/incidents?sort=worst&{DEEP}",
        *(f"/api/v1/incidents?{one}" for one in INCIDENTS),
        "/api/v1/facets/incidents",
        *(f"/api/v1/facets/incidents?{one}" for one in INCIDENTS if "sort" not in one),
        "/api/v1/filters",
        *(f"/findings?q={quote(one)}" for one in TYPED_FINDINGS),
        *(f"/incidents/{big}/findings?q={quote(one)}" for one in TYPED_WITHIN),
        *(f"/incidents?q={quote(one)}" for one in TYPED_INCIDENTS),
    )
