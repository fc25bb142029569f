"""Arrow's compute functions as `pc`; they are made at import, so a type checker cannot see them."""

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
