"""The only place where parts are joined: store to ports, ports to engine, engine to the edges.

In    settings.
Out   the parts of one data folder, opened in their order and closed in the other; a server on them.
Why   every other room says what it needs and knows nobody; here it is given. The order is the law:
      `parts` opens the folder, `work` sets the engine on it, `chores` keeps it going, `serving`
      puts the edges before it. The end goes backwards, so that nothing is asked of a part that is
      gone.
"""

from stanch.app.leaving import leave
from stanch.app.parts import (
    Parts,
    backup_age,
    backup_made,
    opened,
    rotate_keys,
    verify_folder,
)
from stanch.app.serving import Started, serve

__all__ = [
    "Parts",
    "Started",
    "backup_age",
    "backup_made",
    "leave",
    "opened",
    "rotate_keys",
    "serve",
    "verify_folder",
]
