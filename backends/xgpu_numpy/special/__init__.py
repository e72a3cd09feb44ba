"""The special functions in vectorised NumPy: the reference of the optional rows of the op table.

Each function computes in float64 and rounds once; written from the literature that it names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from xgpu_numpy.special import (
    bessel,
    bessel_j,
    bessel_k,
    beta,
    error,
    gamma,
    incomplete_gamma,
    inverse_gamma,
    student,
    zeta,
)

Array = Any


def _elementwise(function: Callable[..., Array]) -> Callable[..., Array]:
    """``function`` of arrays that broadcast, in float32 or float64."""

    def run(*arrays: Array) -> Array:
        dtype = arrays[0].dtype
        wide = [np.asarray(x, np.float64) for x in arrays]
        wide = [np.asarray(x, order="C") for x in np.broadcast_arrays(*wide)]
        result = function(*(x.reshape(-1) for x in wide))
        return result.reshape(wide[0].shape).astype(dtype)

    return run


TABLE: Final[dict[str, Callable[..., Array]]] = {
    name: _elementwise(getattr(module, name))
    for module, names in (
        (bessel, "i0e i1e"),
        (bessel_j, "j0 j1 y0 y1"),
        (bessel_k, "k0e k1e"),
        (beta, "betainc betaincc betaln"),
        (error, "erf erfc erfcx erfinv ndtri"),
        (gamma, "digamma gamma gammaln"),
        (incomplete_gamma, "gammainc gammaincc"),
        (inverse_gamma, "gammaincinv gammainccinv"),
        (student, "stdtr stdtrit"),
        (zeta, "riemann_zeta zeta"),
    )
    for name in names.split()
}
