"""The types of arrays that the algebra is made of."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Shorts = NDArray[np.int16]
Octets = NDArray[np.uint8]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
