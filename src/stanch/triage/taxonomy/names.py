"""Names of techniques: what ATLAS and OWASP call an id, so that no id stands alone before people.

In    an id as `labels` writes it, with its version or edition, or without.
Out   its name; empty for one that nobody knows.
"""

from stanch.triage.taxonomy.atlas import packaged
from stanch.triage.taxonomy.owasp import called


def known_as(key: str) -> str:
    """What ATLAS or OWASP calls it."""
    known = packaged().techniques
    found = known.get(key.partition("@")[0])
    if found is None:
        return called(key)
    return f"{known[found.parent].name}: {found.name}" if found.parent else found.name
