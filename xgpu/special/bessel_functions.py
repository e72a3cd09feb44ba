"""Modified Bessel functions of the first kind, of orders 0 and 1."""

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


def _unscaled(op: Op, name: str, x: Array) -> Array:
    it = given(name, x)
    (x,) = it.arrays
    # In two steps: exp overflows before the function does.
    root = exp(abs(x) * 0.5)
    return it.result(apply(op, x) * root * root)
