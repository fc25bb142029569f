"""How many files and connections a server may have open at once.

In    the limits that this process was started with.
Out   as many as the machine allows it, and a sentence where that is too few.
Why   each connection is one, and a server that has no more of them can neither take events nor
      answer. Many systems start with a low limit that a process may raise by itself.
"""

import resource

ENOUGH = 256
"""Fifty are open before anybody asks; a guard, a browser and a person have some each."""
_WANTED = 65_536


def allowed() -> int:
    """How many may be open, after asking for as many as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _WANTED if soft == resource.RLIM_INFINITY else soft


def too_few(may: int) -> str:
    """What is to be said of so many; nothing where they are enough."""
    if may >= ENOUGH:
        return ""
    return (
        f"Only {may} files and connections may be open at once here, and whoever comes after that "
        "is not heard. Start it with more: ulimit -n 4096, or LimitNOFILE=4096 in its unit."
    )
