"""Leaving: the end of a process that served, once all of it is closed and on disk.

In    nothing.
Out   nothing comes back: the process has ended with code 0.
Why   Python takes a server apart object by object, a second of CPU for nothing, and waits without
      end for threads that are still at work. What was registered for the end (folders that are to
      be gone, words that are to be written) is done before.
"""

import atexit
import os
import sys
from typing import NoReturn


def leave() -> NoReturn:
    """Ends this process now."""
    atexit._run_exitfuncs()  # noqa: SLF001  what else would run them is the end that is not waited for
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
