"""Warming: compile the counting kernels before they are needed.

In    nothing.
Out   whether the compiled kernels are in use; without numba the plain ones stay, equal bit for bit.
Why   the shell calls `warm_up()` once in a background thread after the start, so that neither a
      command nor a request ever waits for a compiler (10 to 18 s of CPU the first time, 0.9 s from
      the cache).
"""

from stanch.detect import examples
from stanch.detect.summaries.count import counted
from stanch.detect.summaries.kernels import Kernels, warm


def warm_up() -> bool:
    """Rehearse on the example asset and switch to the compiled kernels; False without numba."""

    def rehearsal(quick: Kernels) -> None:
        ledger = counted(examples.reference().ready, examples.columns(10), using=quick).ledger
        quick.united((ledger.keys, ledger.cards), (ledger.keys, ledger.cards))

    return warm(rehearsal)
