"""Modified Bessel functions times exp(-|x|); DLMF 10.25.

Chebyshev series on [0, 8] and, of the function times sqrt(x), in 16/x - 1 beyond (DLMF 10.40.1).
"""

from __future__ import annotations

import numpy as np

from xgpu_numpy.special import bessel_tables as tables
from xgpu_numpy.special.common import Array, chebyshev, in_parts


def i0e(x: Array) -> Array:
    """exp(-|x|) I0(x)."""
    size = np.abs(x)
    return in_parts(
        (size,),
        (size <= 8, lambda s: chebyshev(tables.I0, s / 4 - 1)),
        (size > 8, lambda s: chebyshev(tables.I0_FAR, 16 / s - 1) / np.sqrt(s)),
    )


def i1e(x: Array) -> Array:
    """exp(-|x|) I1(x)."""
    size = np.abs(x)
    value = in_parts(
        (size,),
        (size <= 8, lambda s: s * chebyshev(tables.I1, s / 4 - 1)),
        (size > 8, lambda s: chebyshev(tables.I1_FAR, 16 / s - 1) / np.sqrt(s)),
    )
    return np.copysign(value, x)
