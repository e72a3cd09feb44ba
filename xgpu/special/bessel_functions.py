"""Bessel functions of orders 0 and 1, and the modified ones, of the first and the second kind."""

from __future__ import annotations

from xgpu.array import Array
from xgpu.elementwise import abs, exp
from xgpu.plugin import ops
from xgpu.plugin.ops import Op
from xgpu.special.arguments import apply, computed, given


def i0(x: Array, /) -> Array:
    """The modified Bessel function of the first kind and order 0.

    Source: SciPy, `scipy.special.i0`; DLMF 10.25.2.
    """
    return _unscaled(ops.I0E, "special.i0", x)


def i0e(x: Array, /) -> Array:
    """exp(-|x|) i0(x), which does not overflow.

    Source: SciPy, `scipy.special.i0e`; DLMF 10.25.2.
    """
    return computed(ops.I0E, "special.i0e", x)


def i1(x: Array, /) -> Array:
    """The modified Bessel function of the first kind and order 1.

    Source: SciPy, `scipy.special.i1`; DLMF 10.25.2.
    """
    return _unscaled(ops.I1E, "special.i1", x)


def i1e(x: Array, /) -> Array:
    """exp(-|x|) i1(x), which does not overflow.

    Source: SciPy, `scipy.special.i1e`; DLMF 10.25.2.
    """
    return computed(ops.I1E, "special.i1e", x)


def j0(x: Array, /) -> Array:
    """The Bessel function of the first kind and order 0; NaN at infinity.

    Source: SciPy, `scipy.special.j0`; DLMF 10.2.2.
    """
    return computed(ops.J0, "special.j0", x)


def j1(x: Array, /) -> Array:
    """The Bessel function of the first kind and order 1; NaN at infinity.

    Source: SciPy, `scipy.special.j1`; DLMF 10.2.2.
    """
    return computed(ops.J1, "special.j1", x)


def y0(x: Array, /) -> Array:
    """The Bessel function of the second kind and order 0; NaN for negative x and at infinity.

    Source: SciPy, `scipy.special.y0`; DLMF 10.2.3.
    """
    return computed(ops.Y0, "special.y0", x)


def y1(x: Array, /) -> Array:
    """The Bessel function of the second kind and order 1; NaN for negative x and at infinity.

    Source: SciPy, `scipy.special.y1`; DLMF 10.2.3.
    """
    return computed(ops.Y1, "special.y1", x)


def k0(x: Array, /) -> Array:
    """The modified Bessel function of the second kind and order 0; NaN for negative x.

    Source: SciPy, `scipy.special.k0`; DLMF 10.25.3.
    """
    it = given("special.k0", x)
    (x,) = it.arrays
    return it.result(apply(ops.K0E, x) * exp(-x))


def k0e(x: Array, /) -> Array:
    """exp(x) k0(x), which does not underflow.

    Source: SciPy, `scipy.special.k0e`; DLMF 10.25.3.
    """
    return computed(ops.K0E, "special.k0e", x)


def k1(x: Array, /) -> Array:
    """The modified Bessel function of the second kind and order 1; NaN for negative x.

    Source: SciPy, `scipy.special.k1`; DLMF 10.25.3.
    """
    it = given("special.k1", x)
    (x,) = it.arrays
    return it.result(apply(ops.K1E, x) * exp(-x))


def k1e(x: Array, /) -> Array:
    """exp(x) k1(x), which does not underflow.

    Source: SciPy, `scipy.special.k1e`; DLMF 10.25.3.
    """
    return computed(ops.K1E, "special.k1e", x)


def _unscaled(op: Op, name: str, x: Array) -> Array:
    it = given(name, x)
    (x,) = it.arrays
    # In two steps: exp overflows before the function does.
    root = exp(abs(x) * 0.5)
    return it.result(apply(op, x) * root * root)
