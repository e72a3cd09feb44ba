"""Unsigned integers of 16, 32 and 64 bits in torch, which stores these and computes little of them.

Their bits are looked at as signed integers of the same width. Sums, products and what only moves
elements have the same bits there; order is that of the signed integers once the highest bit is
turned; what is left is written out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from xgpu.plugin import library

torch = library("torch", "pip install 'xgpu-array[torch]'")
Array = Any
Function = Callable[..., Any]

SIGNED: Final = {
    torch.uint16: torch.int16,
    torch.uint32: torch.int32,
    torch.uint64: torch.int64,
}
SAME_BITS: Final = frozenset(
    {
        *("add", "subtract", "multiply", "square", "negative", "where"),
        *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert", "bitwise_left_shift"),
        *("equal", "not_equal", "sum", "prod", "cumulative_sum", "cumulative_prod"),
        *("matmul", "gather", "scatter"),
    }
)
ORDER: Final = frozenset({"less", "less_equal", "greater", "greater_equal", "searchsorted"})
ORDER_OF_ONE: Final = frozenset({"argmin", "argmax", "argsort"})
CHOICE: Final = frozenset({"minimum", "maximum", "min", "max", "sort"})


def adapted(name: str, function: Function) -> Function:
    """The op ``name``, which ``function`` computes for all dtypes but the unsigned ones."""
    if name in SAME_BITS:
        return lambda *arrays, **given: _as_signed(function, arrays, given)
    if name in ORDER | ORDER_OF_ONE:
        return lambda *arrays, **given: function(*map(turned, arrays), **given)
    if name in CHOICE:
        return lambda *arrays, **given: _chosen(function, arrays, given)
    if name in WRITTEN_OUT:
        other = WRITTEN_OUT[name]
        return lambda *arrays: (other if arrays[0].dtype in SIGNED else function)(*arrays)
    return function


def signed(x: Array) -> Array:
    """The same bits as signed integers."""
    return x.view(SIGNED[x.dtype]) if x.dtype in SIGNED else x


def turned(x: Array) -> Array:
    """Signed integers in the order of the unsigned ones."""
    return signed(x) ^ torch.iinfo(SIGNED[x.dtype]).min if x.dtype in SIGNED else x


def _as_signed(function: Function, arrays: tuple[Array, ...], given: dict[str, Any]) -> Array:
    made = function(*map(signed, arrays), **given)
    # The last operand has the dtype of the others, or stands where positions have another one.
    dtype = arrays[0].dtype if len(arrays) < 3 else arrays[-1].dtype
    return made.view(dtype) if dtype in SIGNED and made.dtype != torch.bool else made


def _chosen(function: Function, arrays: tuple[Array, ...], given: dict[str, Any]) -> Array:
    dtype = arrays[0].dtype
    made = function(*map(turned, arrays), **given)
    return (made ^ torch.iinfo(SIGNED[dtype]).min).view(dtype) if dtype in SIGNED else made


def right_shift(x1: Array, x2: Array) -> Array:
    """Zeros come in from the left: after the first step the numbers are not negative."""
    bits, steps = signed(x1), signed(x2)
    halved = (bits >> 1) & torch.iinfo(bits.dtype).max
    made = torch.where(steps == 0, bits, halved >> (steps - 1).clamp(min=0))
    far = (steps < 0) | (steps >= 8 * bits.itemsize)
    return torch.where(far, 0, made).view(x1.dtype)


def floor_divide(x1: Array, x2: Array) -> Array:
    """The quotient; 0 where the divisor is."""
    return _divided(x1, x2)[0]


def remainder(x1: Array, x2: Array) -> Array:
    """What the division leaves; 0 where the divisor is 0."""
    return _divided(x1, x2)[1]


def _divided(x1: Array, x2: Array) -> tuple[Array, Array]:
    # Of half the dividend by a divisor that is not negative: twice that is the quotient, or one
    # less than it. A divisor with the highest bit goes into the dividend once or not at all.
    bits, by = signed(x1), signed(x2)
    halved = (bits >> 1) & torch.iinfo(bits.dtype).max
    small = by.clamp(min=1)
    quotient = (halved // small) << 1
    left = (bits - quotient * small).view(x1.dtype)
    quotient = quotient + (turned(left) >= turned(x2))
    quotient = torch.where(by < 0, (turned(x1) >= turned(x2)).to(by.dtype), quotient)
    quotient = torch.where(by == 0, 0, quotient)
    left = torch.where(by == 0, 0, bits - quotient * by)
    return quotient.view(x1.dtype), left.view(x1.dtype)


def power(x1: Array, x2: Array) -> Array:
    """The square of the power to half the exponent, which is not negative, and once more if odd."""
    base, exponent = signed(x1), signed(x2)
    root = torch.pow(base, (exponent >> 1) & torch.iinfo(base.dtype).max)
    return (root * root * torch.where(exponent & 1 == 1, base, 1)).view(x1.dtype)


WRITTEN_OUT: Final[dict[str, Function]] = {
    "abs": lambda x: x,
    "sign": lambda x: (x != 0).to(x.dtype),
    "bitwise_right_shift": right_shift,
    "floor_divide": floor_divide,
    "pow": power,
    "remainder": remainder,
}
