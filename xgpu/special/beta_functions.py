"""The beta function and the incomplete one."""

from __future__ import annotations

from xgpu.array import Array
from xgpu.elementwise import exp
from xgpu.plugin import ops
from xgpu.plugin.promotion import Scalar
from xgpu.special.arguments import apply, computed, given


def betaln(a: Array | Scalar, b: Array | Scalar, /) -> Array:
    """The logarithm of the beta function's magnitude.

    Source: SciPy, `scipy.special.betaln`; DLMF 5.12.1.
    """
    return computed(ops.BETALN, "special.betaln", a, b)


def beta(a: Array | Scalar, b: Array | Scalar, /) -> Array:
    """The beta function of positive a and b; of others its magnitude.

    Source: SciPy, `scipy.special.beta`; DLMF 5.12.1.
    """
    it = given("special.beta", a, b)
    return it.result(exp(apply(ops.BETALN, *it.arrays)))


def betainc(a: Array | Scalar, b: Array | Scalar, x: Array | Scalar, /) -> Array:
    """The regularised incomplete beta function I_x(a, b), 0 <= x <= 1; NaN for others.

    Source: SciPy, `scipy.special.betainc`; DLMF 8.17.2.
    """
    return computed(ops.BETAINC, "special.betainc", a, b, x)


def betaincc(a: Array | Scalar, b: Array | Scalar, x: Array | Scalar, /) -> Array:
    """1 - I_x(a, b), with as many right digits where that is small.

    Source: SciPy, `scipy.special.betaincc`; DLMF 8.17.4.
    """
    return computed(ops.BETAINCC, "special.betaincc", a, b, x)
