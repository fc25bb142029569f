"""Decoded: what passes between the steps of the intake."""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from stanch.vocabulary.receipt import Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """Rows as columns, not yet checked; some rows may have failed on the way."""

    table: pa.Table
    """The columns that were sent, and those that every row needs."""
    index: np.ndarray | None = None
    """Where each row stood in what was sent; None when nothing before it was dropped."""
    rejected: tuple[Rejected, ...] = ()
    wrong: dict[int, str] = field(default_factory=dict)
    """Rows of `table` that are known to be bad already, with the reason."""

    def place(self, row: int) -> int:
        """Where a row of the table stood in what was sent."""
        return row if self.index is None else int(self.index[row])
