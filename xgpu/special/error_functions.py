"""The error function, its complements and inverses."""

from __future__ import annotations

from xgpu.array import Array
from xgpu.elementwise import negative
from xgpu.plugin import ops
from xgpu.special.arguments import apply, computed, given

_SQRT_HALF = 0.7071067811865476


def erf(x: Array, /) -> Array:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x.

    Source: SciPy, `scipy.special.erf`; DLMF 7.2.1.
    """
    return computed(ops.ERF, "special.erf", x)


def erfc(x: Array, /) -> Array:
    """1 - erf(x), with as many right digits where erf is near 1.

    Source: SciPy, `scipy.special.erfc`; DLMF 7.2.2.
    """
    return computed(ops.ERFC, "special.erfc", x)


def erfcx(x: Array, /) -> Array:
    """exp(x**2) erfc(x), which decreases as 1 / x does; infinite below -26.7 (float32: -9.4).

    Source: SciPy, `scipy.special.erfcx`; DLMF 7.2.3.
    """
    return computed(ops.ERFCX, "special.erfcx", x)


def erfinv(x: Array, /) -> Array:
    """The y of erf(y) = x; NaN beyond [-1, 1].

    Source: SciPy, `scipy.special.erfinv`; DLMF 7.17.1.
    """
    return computed(ops.ERFINV, "special.erfinv", x)


def erfcinv(x: Array, /) -> Array:
    """The y of erfc(y) = x; NaN beyond [0, 2].

    Source: SciPy, `scipy.special.erfcinv`; DLMF 7.17.1.
    """
    it = given("special.erfcinv", x)
    return it.result(negative(apply(ops.NDTRI, it.arrays[0] * 0.5)) * _SQRT_HALF)
