"""Functions of one or two arrays, element by element.

Operands broadcast and promote; a Python scalar takes the dtype of the array that it meets, and one
operand of two at least is an array. Where the standard asks for a floating dtype, integers and
bool are computed in float64.

Every function raises TypeError for a dtype that it does not take and for an operand that is no
array; those of two operands also raise ValueError for shapes that do not
broadcast, `DeviceMismatchError` for arrays of two devices, and OverflowError for a Python int that
the array's dtype cannot hold.

Source: Array API 2025.12, "Element-wise Functions".
"""

from __future__ import annotations

from xgpu.arguments import checked
from xgpu.array import Array, binary, operand, read, unary, wrap
from xgpu.graph.node import filled
from xgpu.plugin import dtypes, ops
from xgpu.plugin.dtypes import kind_of
from xgpu.plugin.ops import Op
from xgpu.plugin.promotion import Scalar, same_kind
from xgpu.runtime import record


def abs(x: Array, /) -> Array:
    """Magnitude; real for complex elements.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.ABS, x)


def acos(x: Array, /) -> Array:
    """Inverse cosine in radians, in [0, pi]; NaN for real elements beyond [-1, 1].

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.ACOS, x)


def acosh(x: Array, /) -> Array:
    """Inverse hyperbolic cosine; NaN for real elements below 1.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.ACOSH, x)


def add(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Sum of each pair; the logical "or" of bool.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.ADD, x1, x2)


def asin(x: Array, /) -> Array:
    """Inverse sine in radians, in [-pi/2, pi/2]; NaN for real elements beyond [-1, 1].

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.ASIN, x)


def asinh(x: Array, /) -> Array:
    """Inverse hyperbolic sine.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.ASINH, x)


def atan(x: Array, /) -> Array:
    """Inverse tangent in radians, in [-pi/2, pi/2].

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.ATAN, x)


def atan2(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Angle in radians, in [-pi, pi], of the point (x2, x1) seen from the origin.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.ATAN2, x1, x2)


def atanh(x: Array, /) -> Array:
    """Inverse hyperbolic tangent; NaN for real elements beyond [-1, 1].

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.ATANH, x)


def bitwise_and(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Bits set in both operands.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.BITWISE_AND, x1, x2)


def bitwise_left_shift(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Bits of x1 moved up by x2 places, 0 <= x2 < the number of bits.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.BITWISE_LEFT_SHIFT, x1, x2)


def bitwise_invert(x: Array, /) -> Array:
    """Every bit flipped; the logical "not" of bool.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.BITWISE_INVERT, x)


def bitwise_or(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Bits set in either operand.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.BITWISE_OR, x1, x2)


def bitwise_right_shift(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Bits of x1 moved down by x2 places; signed integers keep their sign.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.BITWISE_RIGHT_SHIFT, x1, x2)


def bitwise_xor(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Bits set in one operand and not in the other.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.BITWISE_XOR, x1, x2)


def ceil(x: Array, /) -> Array:
    """The integer towards +infinity; integers are returned unchanged.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _unchanged(ops.CEIL, x, "biu")


def clip(
    x: Array,
    /,
    min: Scalar | Array | None = None,
    max: Scalar | Array | None = None,
) -> Array:
    """Each element moved into [min, max], in the dtype of x; None leaves a side open.

    Where min > max the result is max. NaN in any operand gives NaN.

    Raises:
        TypeError: complex elements, or a bound of a kind that x's dtype does not hold.

    Source: Array API 2025.12, Element-wise Functions.
    """
    if kind_of(checked(x, "clip").dtype) == "c":
        raise TypeError(f"clip() does not take dtype {x.dtype}; it takes real dtypes")
    node = read(x)
    for op, bound in ((ops.MAXIMUM, min), (ops.MINIMUM, max)):
        if bound is not None:
            limit = operand(bound, x, "clip()")
            if not same_kind(limit.dtype, x.dtype):
                raise TypeError(f"clip() cannot bound {x.dtype} by an array of {limit.dtype}")
            node = record.binary(op, node, limit)
    return wrap(record.cast(node, x.dtype))


def conj(x: Array, /) -> Array:
    """Complex conjugate; real elements unchanged.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _unchanged(ops.CONJ, x, "biuf")


def copysign(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Magnitude of x1 with the sign of x2.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.COPYSIGN, x1, x2)


def cos(x: Array, /) -> Array:
    """Cosine of an angle in radians.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.COS, x)


def cosh(x: Array, /) -> Array:
    """Hyperbolic cosine.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.COSH, x)


def divide(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Quotient of each pair; floating also for integers.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.DIVIDE, x1, x2)


def equal(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether the two elements are equal; NaN equals nothing.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.EQUAL, x1, x2)


def exp(x: Array, /) -> Array:
    """The number e to the power of each element.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.EXP, x)


def expm1(x: Array, /) -> Array:
    """exp(x) - 1, accurate near zero.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.EXPM1, x)


def floor(x: Array, /) -> Array:
    """The integer towards -infinity; integers are returned unchanged.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _unchanged(ops.FLOOR, x, "biu")


def floor_divide(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """floor(x1 / x2); an integer divided by zero gives 0.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.FLOOR_DIVIDE, x1, x2)


def greater(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether x1 > x2.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.GREATER, x1, x2)


def greater_equal(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether x1 >= x2.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.GREATER_EQUAL, x1, x2)


def hypot(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """sqrt(x1 ** 2 + x2 ** 2) without undue overflow.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.HYPOT, x1, x2)


def imag(x: Array, /) -> Array:
    """Imaginary component, a copy; zero for real elements.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _known(ops.IMAG, x, "biuf", 0)


def isfinite(x: Array, /) -> Array:
    """Whether an element is neither infinite nor NaN.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _known(ops.ISFINITE, x, "biu", True)


def isinf(x: Array, /) -> Array:
    """Whether an element is infinite.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _known(ops.ISINF, x, "biu", False)


def isnan(x: Array, /) -> Array:
    """Whether an element is NaN.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _known(ops.ISNAN, x, "biu", False)


def less(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether x1 < x2.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.LESS, x1, x2)


def less_equal(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether x1 <= x2.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.LESS_EQUAL, x1, x2)


def log(x: Array, /) -> Array:
    """Natural logarithm; NaN for real elements below 0, -infinity at 0.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.LOG, x)


def log1p(x: Array, /) -> Array:
    """log(1 + x), accurate near zero; NaN for real elements below -1.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.LOG1P, x)


def log2(x: Array, /) -> Array:
    """Logarithm to base 2; NaN for real elements below 0, -infinity at 0.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.LOG2, x)


def log10(x: Array, /) -> Array:
    """Logarithm to base 10; NaN for real elements below 0, -infinity at 0.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.LOG10, x)


def logaddexp(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """log(exp(x1) + exp(x2)) without undue overflow.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.LOGADDEXP, x1, x2)


def logical_and(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether both are True; bool alone.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.LOGICAL_AND, x1, x2)


def logical_not(x: Array, /) -> Array:
    """False where True and the reverse; bool alone.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.LOGICAL_NOT, x)


def logical_or(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether either is True; bool alone.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.LOGICAL_OR, x1, x2)


def logical_xor(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether one is True and the other is not; bool alone.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.LOGICAL_XOR, x1, x2)


def maximum(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """The larger of each pair; NaN where either is NaN.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.MAXIMUM, x1, x2)


def minimum(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """The smaller of each pair; NaN where either is NaN.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.MINIMUM, x1, x2)


def multiply(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Product of each pair; the logical "and" of bool.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.MULTIPLY, x1, x2)


def negative(x: Array, /) -> Array:
    """Each element with its sign changed; unsigned integers wrap.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.NEGATIVE, x)


def nextafter(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """The next representable number after x1 towards x2.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.NEXTAFTER, x1, x2)


def not_equal(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Whether the two elements differ; NaN differs from everything.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.NOT_EQUAL, x1, x2)


def positive(x: Array, /) -> Array:
    """A copy of a numeric array.

    Source: Array API 2025.12, Element-wise Functions.
    """
    if kind_of(checked(x, "positive").dtype) == "b":
        raise TypeError("positive() does not take dtype bool; it takes numeric dtypes")
    return wrap(read(x))


def pow(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """x1 to the power of x2; a negative int is no exponent for integers (ValueError).

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.POW, x1, x2)


def real(x: Array, /) -> Array:
    """Real component, a copy; real elements unchanged.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _unchanged(ops.REAL, x, "biuf")


def reciprocal(x: Array, /) -> Array:
    """One divided by each element; infinity at 0.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.RECIPROCAL, x)


def remainder(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """x1 - x2 * floor(x1 / x2), with the sign of x2; of an integer and zero, 0.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.REMAINDER, x1, x2)


def round(x: Array, /) -> Array:
    """The nearest integer, the even one of two; integers are returned unchanged.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _unchanged(ops.ROUND, x, "biu")


def sign(x: Array, /) -> Array:
    """-1, 0 or 1; x / abs(x) for complex elements, NaN for NaN.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.SIGN, x)


def signbit(x: Array, /) -> Array:
    """Whether the sign bit is set, as it is for -0.0.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.SIGNBIT, x)


def sin(x: Array, /) -> Array:
    """Sine of an angle in radians.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.SIN, x)


def sinh(x: Array, /) -> Array:
    """Hyperbolic sine.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.SINH, x)


def square(x: Array, /) -> Array:
    """Each element times itself.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.SQUARE, x)


def sqrt(x: Array, /) -> Array:
    """Square root, the principal one of complex elements; NaN for real ones below 0.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.SQRT, x)


def subtract(x1: Array | Scalar, x2: Array | Scalar, /) -> Array:
    """Difference of each pair; no bool.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return binary(ops.SUBTRACT, x1, x2)


def tan(x: Array, /) -> Array:
    """Tangent of an angle in radians.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.TAN, x)


def tanh(x: Array, /) -> Array:
    """Hyperbolic tangent.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return unary(ops.TANH, x)


def trunc(x: Array, /) -> Array:
    """The integer towards zero; integers are returned unchanged.

    Source: Array API 2025.12, Element-wise Functions.
    """
    return _unchanged(ops.TRUNC, x, "biu")


def _unchanged(op: Op, x: Array, kinds: str) -> Array:
    """``op`` of an array, or a copy where its dtype is of one of ``kinds``."""
    return wrap(read(x)) if kind_of(checked(x, op.name).dtype) in kinds else unary(op, x)


def _known(op: Op, x: Array, kinds: str, value: Scalar) -> Array:
    """``op`` of an array, or ``value`` everywhere where its dtype is of one of ``kinds``."""
    if kind_of(checked(x, op.name).dtype) not in kinds:
        return unary(op, x)
    dtype = dtypes.bool_ if isinstance(value, bool) else x.dtype
    return wrap(filled(x.shape, value, dtype, x.device))
