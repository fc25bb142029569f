"""Opening: how much has to be found before there is an incident, as an installation sets it.

In    the setting's text: `3 in 2h` for every detector, `feature_drift=3 in 2h` for one; the names
      of principals behind whom many people stand.
Out   the rules of correlation.
Why   where a model's inputs move often, one such finding is a line to look at and three are work.
      What is strong by itself opens an incident whatever is set.
"""

import re
from collections.abc import Collection, Iterator
from datetime import timedelta

from stanch.triage.decisions import Rules, Threshold
from stanch.vocabulary.ids import DetectorId, PrincipalId
from stanch.vocabulary.naming import named
from stanch.vocabulary.trouble import BadInput

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_PARTS = re.compile(r'\s*("(?:[^"]|"")*"|[^,]+)')
_PART = re.compile(r"(?:([a-z_]+)\s*=\s*)?([1-9]\d{0,3})\s+in\s+([1-9]\d{0,3})\s*([mhd])")


def rules_in(text: str, shared: str, known: Collection[str]) -> Rules:
    """The rules that these texts state, or `BadInput`."""
    stated = dict(_thresholds(text, known))
    default = stated.pop("", Threshold())
    names = (PrincipalId(name) for one in _PARTS.findall(shared) if (name := named(_unquoted(one))))
    return Rules(
        default=default,
        by_detector={DetectorId(name): one for name, one in stated.items()},
        shared_principals=frozenset(names),
    )


def _unquoted(part: str) -> str:
    """The name as it stands between commas; in quotation marks where it holds one."""
    text = part.strip()
    whole = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('""', '"') if whole else text


def _thresholds(text: str, known: Collection[str]) -> Iterator[tuple[str, Threshold]]:
    for part in filter(None, (one.strip() for one in text.split(","))):
        found = _PART.fullmatch(part)
        if found is None:
            raise BadInput(
                f"STANCH_INCIDENT_AFTER has {part[:60]!r}. Write `3 in 2h` for every detector, "
                "`feature_drift=3 in 2h` for one; several with commas."
            )
        name, count, length, unit = found.groups(default="")
        if name and name not in known:
            raise BadInput(
                f"STANCH_INCIDENT_AFTER names {name!r}, which is no detector. Their names stand in "
                "docs/reference/detectors and in every finding."
            )
        yield name, Threshold(count=int(count), within=int(length) * _UNITS[unit])
