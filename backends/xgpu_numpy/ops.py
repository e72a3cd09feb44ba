"""What each op means: the reference that every other backend is compared with.

One line per op, NumPy's own function wherever NumPy follows the standard, through
array-api-compat for the standard's names. The functions below the table are the ops where NumPy
and the standard (or an as-if-eager library, which cannot raise on values) part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import array_api_compat.numpy as xp
import numpy as np

Array = Any


def cast(x: Array, dtype: Any) -> Array:
    """Convert; a complex number loses its imaginary part, which NumPy does with a warning."""
    return (np.real(x) if np.dtype(dtype).kind in "iuf" else np.asarray(x)).astype(dtype)


def floor_divide(x1: Array, x2: Array) -> Array:
    """floor(x1 / x2) also where an operand is infinite; NumPy gives NaN there."""
    if x1.dtype.kind != "f":
        return np.floor_divide(x1, x2)
    finite = np.isfinite(x1) & np.isfinite(x2)
    return np.where(finite, np.floor_divide(x1, x2), np.floor(np.divide(x1, x2)))


def pow(x1: Array, x2: Array) -> Array:
    """Powers; an integer to a negative power is truncated to an integer, where NumPy raises."""
    if x1.dtype.kind != "i":
        return np.power(x1, x2)
    odd = np.where(x2 & 1, x1, np.ones_like(x1))
    truncated = np.where(x1 == -1, odd, (x1 == 1).astype(x1.dtype))
    return np.where(x2 < 0, truncated, np.power(x1, np.maximum(x2, 0)))


def where(condition: Array, x1: Array, x2: Array) -> Array:
    """NumPy's, with a dtype that no scalar rule can change."""
    return np.where(condition, x1, x2)


def rows(function: Callable[..., Array]) -> Callable[[Array], Array]:
    """A reduction over axis 1 of a matrix that keeps the dtype of its operand."""

    def over_rows(matrix: Array) -> Array:
        return function(matrix, axis=1, dtype=matrix.dtype)

    return over_rows


TABLE: Final[dict[str, Callable[..., Array]]] = {
    # one operand
    "abs": xp.abs,
    "acos": xp.acos,
    "acosh": xp.acosh,
    "asin": xp.asin,
    "asinh": xp.asinh,
    "atan": xp.atan,
    "atanh": xp.atanh,
    "bitwise_invert": xp.bitwise_invert,
    "cast": cast,
    "ceil": xp.ceil,
    "conj": xp.conj,
    "cos": xp.cos,
    "cosh": xp.cosh,
    "exp": xp.exp,
    "expm1": xp.expm1,
    "floor": xp.floor,
    "imag": lambda x: np.array(np.imag(x)),
    "isfinite": xp.isfinite,
    "isinf": xp.isinf,
    "isnan": xp.isnan,
    "log": xp.log,
    "log10": xp.log10,
    "log1p": xp.log1p,
    "log2": xp.log2,
    "logical_not": xp.logical_not,
    "negative": xp.negative,
    "real": lambda x: np.array(np.real(x)),
    "reciprocal": lambda x: np.divide(x.dtype.type(1), x),
    "round": xp.round,
    "sign": xp.sign,
    "signbit": xp.signbit,
    "sin": xp.sin,
    "sinh": xp.sinh,
    "sqrt": xp.sqrt,
    "square": xp.square,
    "tan": xp.tan,
    "tanh": xp.tanh,
    "trunc": xp.trunc,
    # two operands
    "add": xp.add,
    "atan2": xp.atan2,
    "bitwise_and": xp.bitwise_and,
    "bitwise_left_shift": xp.bitwise_left_shift,
    "bitwise_or": xp.bitwise_or,
    "bitwise_right_shift": xp.bitwise_right_shift,
    "bitwise_xor": xp.bitwise_xor,
    "copysign": xp.copysign,
    "divide": xp.divide,
    "equal": xp.equal,
    "floor_divide": floor_divide,
    "greater": xp.greater,
    "greater_equal": xp.greater_equal,
    "hypot": xp.hypot,
    "less": xp.less,
    "less_equal": xp.less_equal,
    "logaddexp": xp.logaddexp,
    "logical_and": xp.logical_and,
    "logical_or": xp.logical_or,
    "logical_xor": xp.logical_xor,
    "maximum": xp.maximum,
    "minimum": xp.minimum,
    "multiply": xp.multiply,
    "nextafter": xp.nextafter,
    "not_equal": xp.not_equal,
    "pow": pow,
    "remainder": xp.remainder,
    "subtract": xp.subtract,
    # three operands
    "where": where,
    # reductions over axis 1 of a matrix
    "sum": rows(np.sum),
    "prod": rows(np.prod),
    "min": lambda x: np.min(x, axis=1),
    "max": lambda x: np.max(x, axis=1),
    "any": lambda x: np.any(x, axis=1),
    "all": lambda x: np.all(x, axis=1),
    "argmin": lambda x: np.argmin(x, axis=1),
    "argmax": lambda x: np.argmax(x, axis=1),
    # kernels of their own
    "matmul": xp.matmul,
}
