"""A tether: runs a stanch command that ends when whoever started it is gone.

In    the command's arguments; a stdin that the starter holds open.
Out   the command, in this process; SIGTERM to itself as soon as stdin ends.
Why   a drill that is killed leaves no server behind.
"""

import os
import runpy
import signal
import sys
import threading


def _until_alone() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_until_alone, daemon=True).start()
    sys.argv[0] = "stanch"
    runpy.run_module("stanch", run_name="__main__")
