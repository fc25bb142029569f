"""The collector of cyclic garbage, told what a server's memory looks like.

In    nothing.
Out   nothing; the collector works less often, and not on what the start made.
Why   decoding a batch makes thousands of short-lived lists and no cycles. With Python's own
      settings each batch set off several collections over all that litestar and pyarrow hold, and
      that took a third of the intake's CPU.
"""

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 50


def settle() -> None:
    """Nothing; called once, when everything is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
